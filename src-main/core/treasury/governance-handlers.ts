import { z } from 'zod'
import { MAX_UNITS } from '../../../src-shared/money.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { GOVERNANCE_TOKEN } from '../../../src-shared/treasury/governance.ts'
import type { governanceRows, ProposalShown, VotableParameter } from '../../../src-shared/treasury/governance-table.ts'
import { isParameter, type ParameterName, parameters } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { WHOLE_BPS } from '../../../src-shared/treasury/shares.ts'
import { stateOf, votableParameters } from '../../engines/governance/proposal.ts'
import { isApproved, isQuorate } from '../../engines/governance/tally.ts'
import type { Store } from '../../store/index.ts'
import { findProposal, findVote, listProposals, listVotes, type StoredProposal } from '../../store/treasury-governance.ts'
import { settingTexts } from './configuration.ts'
import { entityName, listedEntity } from './entities.ts'
import { circulatingNow, executeStored, proposalName, proposeStored, snapshotOf, voteStored, votingPower } from './governance.ts'
import { actingEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { numberIn } from './ids.ts'
import { trustInHundredths } from './trust.ts'

type Subject = keyof typeof governanceRows
type GovernanceQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, Subject>>
type GovernanceCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, Subject>>

/** Governance. Proposals and how they stand are everybody's to see; of single votes a token of the REST door sees its own only. */
export function governanceHandlers(books: Store): { queries: GovernanceQueries; commands: GovernanceCommands } {
  const queries: GovernanceQueries = {
    'governance.terms': (_input, { config }) => {
      const texts = settingTexts(books)
      return {
        ...{ token: GOVERNANCE_TOKEN, proposalMin: config['governance.proposalMin'], circulating: circulatingNow(books) },
        ...{ quorumPercent: config['governance.quorumPercent'], thresholdPercent: config['governance.thresholdPercent'] },
        voteDays: config['governance.voteDays'],
        parameters: votableParameters().map(name => votable(name, texts.get(name)!)),
      }
    },
    'governance.list': ({ open = null, offset, limit }, context) => {
      const { rows, total } = listProposals(books, open, context.nowTs, { offset, limit })
      const once = { texts: settingTexts(books), trustNow: ownTrust(context) }
      return { rows: rows.map(stored => shown(stored, context, once)), total }
    },
    'governance.get': ({ id }, context) => shown(foundProposal(id), context),
    'governance.votes': ({ id, voterId, offset, limit }, context) => {
      const { rows, total } = listVotes(books, foundProposal(id).number, listedEntity(context, voterId, true), { offset, limit })
      return {
        rows: rows.map(({ voterId: voter, vote, castTs }) => ({
          ...{ voterId: voter, voterName: entityName(books, voter), vote: vote.choice, power: vote.powerUnits, castTs },
          ...{ trust: vote.trustHundredths / 100, weight: vote.weightUnits },
        })),
        total,
      }
    },
    'governance.power': ({ id }, context) => votingPower(context, foundProposal(id), actingEntity(context)),
  }

  const commands: GovernanceCommands = {
    'governance.create': (input, context) => {
      const number = proposeStored(context, actingEntity(context), input)
      return shown(findProposal(books, number)!, context)
    },
    'governance.vote': ({ id, vote }, context) => {
      voteStored(context, numberIn('prop', id), actingEntity(context), vote)
      return shown(foundProposal(id), context)
    },
    'governance.execute': ({ id }, context) => {
      executeStored(context, numberIn('prop', id))
      return shown(foundProposal(id), context)
    },
  }

  /** Throws AppError governance.unknown. */
  function foundProposal(id: string): StoredProposal {
    const number = numberIn('prop', id)
    const stored = number === null ? null : findProposal(books, number)
    if (stored === null) throw refuse('governance.unknown')
    return stored
  }

  /** As it stands at the context's time, for whoever asks. */
  function shown(
    stored: StoredProposal,
    context: TreasuryContext,
    { texts, trustNow } = { texts: settingTexts(books), trustNow: ownTrust(context) },
  ): ProposalShown {
    const { number, title, description, proposerId, createdTs, proposal, tally } = stored
    const { type, quorumBps, thresholdBps, startTs, endTs, executedTs } = proposal
    const { circulatingUnits: circulating } = snapshotOf(context, stored)
    return {
      ...{ id: proposalName(number), type, title, description, proposerId, proposerName: entityName(books, proposerId), createdTs },
      ...{ startTs, endTs, state: stateOf(proposal, tally, circulating, context.nowTs), change: changeOf(stored, texts) },
      ...{ quorumPercent: quorumBps / 100, thresholdPercent: thresholdBps / 100, circulating },
      ...{ needed: (BigInt(quorumBps) * circulating + WHOLE_BPS - 1n) / WHOLE_BPS, turnout: tally.turnoutUnits },
      ...{ yes: tally.yesWeightUnits, no: tally.noWeightUnits, abstain: tally.abstainWeightUnits, votes: stored.votes },
      ...{ isQuorate: isQuorate(tally, quorumBps, circulating), isApproved: isApproved(tally, thresholdBps), executedTs },
      mine: mineOf(stored, context, trustNow),
    }
  }

  function mineOf(stored: StoredProposal, context: TreasuryContext, trustNow: () => number): ProposalShown['mine'] {
    const { entityId, nowTs } = context
    if (entityId === null) return null
    const isOver = nowTs > stored.proposal.endTs
    return isOver && findVote(books, stored.number, entityId) === null ? null : votingPower(context, stored, entityId, trustNow)
  }

  return { queries, commands }
}

/** The trust of whoever acts, in hundredths, counted when it is asked for first. */
function ownTrust(context: TreasuryContext): () => number {
  let trust: number | null = null
  return () => {
    trust ??= trustInHundredths(context, actingEntity(context))
    return trust
  }
}

function changeOf({ proposal: { change }, valueBefore }: StoredProposal, texts: Map<ParameterName, string>): ProposalShown['change'] {
  if (change === null) return null
  const { name } = change
  // one that an older Granary knew
  const { about, unit } = isParameter(name) ? parameters[name] : { about: '', unit: '' }
  return { name, about, unit, value: JSON.stringify(change.value), present: texts.get(name) ?? '', before: valueBefore }
}

/** A setting that a vote can change: whole numbers between bounds, and amounts. */
function votable(name: ParameterName, value: string): VotableParameter {
  const { about, unit, schema, normal } = parameters[name]
  const isNumber = schema instanceof z.ZodNumber
  const least = isNumber ? String(schema.minValue) : schema.safeParse('0').success ? '0' : formatAmount(1n)
  const most = isNumber ? String(schema.maxValue) : formatAmount(MAX_UNITS)
  return { name, about, unit, kind: isNumber ? 'integer' : 'amount', least, most, value, normal: JSON.stringify(normal) }
}
