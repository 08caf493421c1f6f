import { callText } from '../../../src-shared/chain-text.ts'
import type { QueryOutput } from '../../../src-shared/contract.ts'
import type { SyncState } from '../../../src-shared/sync.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import type { Observation } from '../../engines/alerts/decide.ts'
import type { Fund } from '../../engines/rewards/fund.ts'
import type { StoredCall } from '../../store/chain-calls.ts'
import type { StoredRun } from '../../store/runs.ts'
import type { StoredMark } from '../../store/treasury-watch.ts'
import type { MintLine } from '../mint-lines.ts'
import { markName } from '../treasury/watchfulness.ts'

/* What is watched besides nodes: mints, votes, payouts, the treasury, the sync. */

/** A farm's mints that somebody can claim or trigger. */
export function observeMints(lines: readonly MintLine[], network: string, nowTs: number): Observation[] {
  const open = lines.filter(({ stage }) => stage === 'claimable' || stage === 'failed')
  return [...Map.groupBy(open, ({ farmId }) => farmId)].map(([farmId, mints]) => ({
    ...{ kind: 'mint-claimable', network, subject: `farm ${farmId}`, href: '/mints', asOfTs: nowTs, sinceTs: null, episode: null },
    value: mints.length,
    title: `${mints.length} ${mints.length === 1 ? 'mint' : 'mints'} of farm ${farmId} (${cleanName(mints[0]!.farmName)}) can be claimed`,
    reason: 'Their periods are over, and nobody has claimed or triggered them.',
    wayOut: 'Look at them on the page Mints, and claim them there.',
  }))
}

/** Nothing where the fund never had anything: then there is no treasury here. */
export function observeFund({ fundUnits, paidUnits }: Fund, token: string, nowTs: number): Observation[] {
  if (fundUnits === 0n && paidUnits === 0n) return []
  return [
    {
      ...{ kind: 'fund-low', network: '', subject: 'ubo-fund', href: '/rewards', asOfTs: nowTs, sinceTs: null, episode: null },
      value: Number((fundUnits * 10_000n) / (fundUnits + paidUnits)) / 100,
      title: `The UBO fund has ${formatAmount(fundUnits)} ${token} left`,
      reason: 'Rewards for knowledge are paid out of it; what it does not have is not paid.',
      wayOut: 'An administrator can top it up on the page Rewards.',
    },
  ]
}

/** Marks that nobody decided about. */
export function observeMarks(marks: readonly StoredMark[], nowTs: number): Observation[] {
  return marks.map(({ number, finding }) => ({
    ...{ kind: 'payment-suspicious', network: '', subject: markName(number), href: '/jobs', asOfTs: nowTs, sinceTs: null },
    ...{ value: true, episode: markName(number), title: `Payments were marked: ${markName(number)}`, reason: cleanName(finding) },
    wayOut: 'Look at the payments that show it on the page Jobs, and decide.',
  }))
}

/** Whether the sync is to fetch anything now: not where nobody wants it, or the user paused it. */
export function isAsked({ config, phase }: Pick<SyncState, 'config' | 'phase'>): boolean {
  return config !== null && phase !== 'off' && phase !== 'paused'
}

/**
 * `progressTs`: when something new came last, also before this program began; `hasHadTime`: it had the time to get going since it was started,
 * unpaused, or the machine woke. Nothing where nothing is followed.
 */
export function observeSync(state: SyncState, progressTs: number, hasHadTime: boolean, nowTs: number): Observation[] {
  const { config, phase, halt } = state
  if (config === null) return []
  const isHalted = phase === 'halted'
  const stillMin = Math.max(0, Math.floor((nowTs - progressTs) / 60))
  return [
    {
      ...{ kind: 'sync-stalled', network: config.network, subject: 'sync', href: '/sync', asOfTs: nowTs, sinceTs: null, episode: null },
      value: isHalted || (!isAsked(state) ? 0 : hasHadTime ? stillMin : null),
      title: isHalted ? `The sync of ${config.network} has halted` : `Nothing comes from the chain ${config.network}`,
      reason: isHalted ? (halt?.message ?? '') : `Nothing new since ${formatUtc(progressTs)}. Until it goes on, nothing is known of nodes.`,
      wayOut:
        phase === 'offline'
          ? 'No endpoint answers. Check the connection, or add an endpoint on the page Sync.'
          : 'See on the page Sync what holds it up.',
    },
  ]
}

type VoteRow = QueryOutput<'votes.list'>['rows'][number]

/** Subjects that a key of the vault here has not voted on: periods each by itself, mints together. */
export function observeVotes(rows: readonly VoteRow[], network: string, nowTs: number): Observation[] {
  const wanted = rows.filter(({ state, waitingFor }) => state === 'open' && waitingFor.length > 0)
  const common = { kind: 'vote-wanted' as const, network, href: '/votes', asOfTs: nowTs, sinceTs: null, episode: null }
  const wayOut = 'Look at what your own data says on the page Votes, and vote there.'
  const mints = wanted.filter(({ subject }) => subject.rules === 'node-period')
  const periods = wanted.flatMap(({ subject, votes, waitingFor }): Observation[] => {
    if (subject.rules !== 'v3') return []
    const reason = `${votes} of the other signers' votes are here; ${waitingFor.map(cleanName).join(', ')} can vote with a key of this vault.`
    return [
      {
        ...common,
        subject: `period ${subject.period}`,
        value: votes,
        title: `Period ${subject.period} waits for your vote`,
        reason,
        wayOut,
      },
    ]
  })
  const reason = 'Others have voted on them, and a key of this vault has not.'
  const most = Math.max(0, ...mints.map(({ votes }) => votes))
  return mints.length === 0
    ? periods
    : [...periods, { ...common, subject: 'mints', value: most, title: 'Mints wait for your vote', reason, wayOut }]
}

/** Calls to the chain that are signed and have not ended. What stands in a block, or never can any more, is known only once it was looked for. */
export function observeCalls(calls: readonly StoredCall[], nowTs: number): Observation[] {
  return calls.map(({ requestId, network, call, stage, createdTs, sentTs }) => ({
    ...{ kind: 'run-stuck', network, subject: `call ${requestId.slice(0, 16)}`, href: '/keys', asOfTs: nowTs, sinceTs: null },
    ...{ value: Math.floor((nowTs - (sentTs ?? createdTs)) / 3_600), episode: String(sentTs ?? createdTs) },
    title: `A call to the chain ${network} is stuck: ${callText(call)}`,
    reason:
      stage === 'sent'
        ? `It was sent ${formatUtc(sentTs ?? createdTs)}, and whether it stands in a block is not known. The account’s next call waits for it.`
        : `It was signed after ${formatUtc(createdTs)} and is not sent. The account’s next call waits for it.`,
    wayOut:
      stage === 'sent'
        ? 'See on the page Keys what holds it up: it is looked for as long as an endpoint answers.'
        : 'Send it, or take it out of the list, on the page Keys.',
  }))
}

/** `progressTs`: when something of the run changed last. */
export function observeRuns(runs: readonly { run: StoredRun; progressTs: number }[], nowTs: number): Observation[] {
  return runs.map(({ run: { runId, network, subject, stage }, progressTs }) => ({
    ...{ kind: 'run-stuck', network, subject: `run ${runId.slice(0, 16)}`, href: `/payouts/${runId}`, asOfTs: nowTs },
    ...{ value: Math.floor((nowTs - progressTs) / 3_600), sinceTs: progressTs, episode: String(progressTs) },
    title: `The payout of ${subject} on ${network} is stuck`,
    reason: `It is ${stage === 'running' ? 'running' : stage === 'open' ? 'not sent' : stage}, and nothing of it has changed since ${formatUtc(progressTs)}.`,
    wayOut: 'Its page says what comes next, and who has to do it.',
  }))
}
