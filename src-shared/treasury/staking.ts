/** A stake with a fixed term; `unstaking` is one that waits until it can be claimed. */
export const fixedStakeStates = ['active', 'unstaking', 'completed'] as const
export type FixedStakeState = (typeof fixedStakeStates)[number]

export const poolStakeStates = ['active', 'completed'] as const
export type PoolStakeState = (typeof poolStakeStates)[number]

/** What is staked with a fixed term, and rewarded in. */
export const STAKING_TOKEN = 'AZR'
/** What pools are rewarded in: minted. */
export const POOL_REWARD_TOKEN = 'BTA-REWARD'
