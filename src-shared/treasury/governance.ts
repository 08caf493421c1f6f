export const proposalTypes = ['POLICY_CHANGE', 'PARAMETER_UPDATE', 'FUND_ALLOCATION', 'TOKENOMICS_CHANGE'] as const
export type ProposalType = (typeof proposalTypes)[number]

export const voteChoices = ['YES', 'NO', 'ABSTAIN'] as const
export type VoteChoice = (typeof voteChoices)[number]

/** PENDING before the vote, ACTIVE in it; PASSED or REJECTED after it; EXECUTED once an administrator did what it says. */
export const proposalStates = ['PENDING', 'ACTIVE', 'PASSED', 'REJECTED', 'EXECUTED'] as const
export type ProposalState = (typeof proposalStates)[number]

/** What proposing takes, and voting weighs by. */
export const GOVERNANCE_TOKEN = 'BTA-GOV'
