import { z } from 'zod'
import { none, paged, treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { proposalStates, proposalTypes, voteChoices } from './governance.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { tokenTs } from './tokens-table.ts'

const id = z.string().trim().min(1).max(40)
const ts = z.number()

/** Longest title and text of a proposal, in characters. */
export const PROPOSAL_TITLE_LENGTH = 120
export const PROPOSAL_TEXT_LENGTH = 5_000

const powerSchema = z.object({
  /** BTA-GOV held at the start of the vote, locked or not; before that: what is held now */
  power: amountText,
  /** 0 to 100; of now, or of when it was cast */
  trust: z.number(),
  /** `power * trust / 100`, rounded down: what a yes or no counts */
  weight: amountText,
  /** null: not voted yet */
  vote: z.enum(voteChoices).nullable(),
})
export type VotingPower = z.output<typeof powerSchema>

export const proposalSchema = z.object({
  /** `prop-…` */
  id: z.string(),
  type: z.enum(proposalTypes),
  title: z.string(),
  description: z.string(),
  proposerId: z.string(),
  proposerName: z.string(),
  createdTs: ts,
  /** the vote: both seconds belong to it */
  startTs: ts,
  endTs: ts,
  state: z.enum(proposalStates),
  /** what changes if it passes: with a PARAMETER_UPDATE only */
  change: z
    .object({
      name: z.string(),
      about: z.string(),
      unit: z.string(),
      /** JSON, amounts as decimal text, as all values of settings */
      value: z.string(),
      /** what the setting is now */
      present: z.string(),
      /** what it was before this proposal was carried out; null: it was not yet */
      before: z.string().nullable(),
    })
    .nullable(),
  /** of the circulating supply that has to vote, abstentions included; those of the day of proposing, with 2 decimals at most */
  quorumPercent: z.number(),
  /** of the weight of yes and no that yes needs */
  thresholdPercent: z.number(),
  /** BTA-GOV that circulated at the start of the vote; before that: that circulates now */
  circulating: amountText,
  /** the least power that makes the quorum, and what has voted, by power */
  needed: amountText,
  turnout: amountText,
  /** weights; approval is yes out of yes and no */
  yes: amountText,
  no: amountText,
  abstain: amountText,
  votes: z.number(),
  isQuorate: z.boolean(),
  isApproved: z.boolean(),
  executedTs: ts.nullable(),
  /** of whoever is unlocked; null: nobody is, or the vote is over and they did not vote */
  mine: powerSchema.nullable(),
})
export type ProposalShown = z.output<typeof proposalSchema>

export const voteSchema = z.object({
  voterId: z.string(),
  voterName: z.string(),
  vote: z.enum(voteChoices),
  power: amountText,
  /** when it was cast, 0 to 100 */
  trust: z.number(),
  weight: amountText,
  castTs: ts,
})

export const votableParameterSchema = z.object({
  name: z.string(),
  about: z.string(),
  unit: z.string(),
  /** `integer`: a whole number. `amount`: decimal text in tokens */
  kind: z.enum(['integer', 'amount']),
  /** both inclusive, as text */
  least: z.string(),
  most: z.string(),
  /** what it is now, as JSON */
  value: z.string(),
  normal: z.string(),
})
export type VotableParameter = z.output<typeof votableParameterSchema>

/** Governance: proposals of BTA-GOV's holders, and votes on them. */
export const governanceRows = {
  'governance.terms': treasuryQuery({
    about:
      'what proposing takes, the usual quorum, threshold and length of a vote, and the settings that a vote can change, with their bounds',
    in: none,
    out: z.object({
      token: z.string(),
      /** what whoever proposes has to hold, locked or not */
      proposalMin: amountText,
      quorumPercent: z.number(),
      thresholdPercent: z.number(),
      voteDays: z.number(),
      circulating: amountText,
      parameters: z.array(votableParameterSchema),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'governance terms' },
  }),
  'governance.create': treasuryCommand({
    about: 'propose something to the holders of BTA-GOV; a PARAMETER_UPDATE names a setting and fixes the value that it is to have',
    in: z.object({
      type: z.enum(proposalTypes),
      title: z.string().trim().min(1).max(PROPOSAL_TITLE_LENGTH),
      description: z.string().trim().max(PROPOSAL_TEXT_LENGTH).default(''),
      parameter: z.string().trim().min(1).max(60).optional().describe('the setting that a PARAMETER_UPDATE changes, e.g. payments.feeBps'),
      value: z.string().trim().min(1).max(100).optional().describe('what it is to be, e.g. 12'),
      startTs: tokenTs.optional().describe('when the vote starts, seconds since the epoch; absent: now'),
      endTs: tokenTs.optional().describe('its last second; absent: as many days later as the settings say'),
      quorumPercent: z.number().optional().describe('of the circulating supply that has to vote; absent: that of the settings'),
      thresholdPercent: z.number().optional().describe('of the weight of yes and no that yes needs; absent: that of the settings'),
    }),
    out: proposalSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/governance/proposals', scope: 'governance:write' },
    cli: { words: 'governance propose', args: ['type', 'title', 'parameter', 'value'] },
  }),
  'governance.list': treasuryQuery({
    about: 'the proposals, newest first, with how their votes stand',
    in: z.object({
      /** true: those whose vote is not over; absent: all */
      open: z.boolean().optional().describe('those whose vote is not over, or (false) is over; absent: all'),
      ...treasuryPage,
    }),
    out: paged(proposalSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/governance/proposals', scope: 'governance:read' },
    cli: { words: 'governance list' },
  }),
  'governance.get': treasuryQuery({
    about: 'one proposal with how its vote stands',
    in: z.object({ id }),
    out: proposalSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/governance/proposals/:id', scope: 'governance:read' },
    cli: { words: 'governance get', args: ['id'] },
  }),
  'governance.votes': treasuryQuery({
    about: 'who voted what on a proposal, newest first',
    in: z.object({ id, voterId: entityRef.optional(), ...treasuryPage }),
    out: paged(voteSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/governance/proposals/:id/votes', scope: 'governance:read' },
    cli: { words: 'governance votes', args: ['id'] },
  }),
  'governance.power': treasuryQuery({
    about: 'what your own vote on a proposal would count, or counts',
    in: z.object({ id }),
    out: powerSchema,
    who: 'entity',
    rest: { method: 'GET', path: '/governance/proposals/:id/power', scope: 'governance:read' },
    cli: { words: 'governance power', args: ['id'] },
  }),
  'governance.vote': treasuryCommand({
    about: 'vote on a proposal, once: YES, NO or ABSTAIN; it counts by what you held when the vote started, and by your trust now',
    in: z.object({ id, vote: z.string().trim().max(40).describe('YES, NO or ABSTAIN') }),
    out: proposalSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/governance/proposals/:id/vote', scope: 'governance:write' },
    cli: { words: 'governance vote', args: ['id', 'vote'] },
  }),
  'governance.execute': treasuryCommand({
    about: 'carry out a proposal that has passed, once: a PARAMETER_UPDATE sets the setting that it names to its value',
    in: z.object({ id }),
    out: proposalSchema,
    who: 'administrator',
    refusal: 'governance.permissions',
    rest: { method: 'POST', path: '/governance/proposals/:id/execute', scope: 'governance:write' },
    cli: { words: 'governance execute', args: ['id'] },
  }),
}
