import { createHash } from 'node:crypto'
import { sumUnits, tftExact } from '../../src-shared/money.ts'
import { formatUtc, PERIOD_SEC } from '../../src-shared/time.ts'
import { type Basis, singleWord } from '../../src-shared/verify.ts'
import { isVotable, type VoteChoice, type VoteSubject } from '../../src-shared/votes-contract.ts'
import { votes as takesVotes } from '../engines/minting/mint-config.ts'
import { payoutLines, retryLines } from '../engines/minting/outputs.ts'
import { undecided } from '../engines/minting/triggers.ts'
import { basisOf } from '../jobs/basis.ts'
import { subjectKey } from '../signing/votes/statement.ts'
import { listPeriods, loadSummaries, type Store } from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { nodeMint } from '../store/node-mints.ts'
import type { StoredPeriod } from '../store/periods.ts'
import { loadNodeRows } from '../store/results.ts'
import { loadExecutions } from '../store/votes.ts'
import type { MintView } from './mint-view.ts'
import { retriesOf } from './vote-retries.ts'

/** What is worked out here about a subject; without it `why` says why not. */
export type Own = { choice: VoteChoice } | { choice: null; why: string }

/** What there is to vote on, and what this machine's own data says about it. */
export interface VoteSubjects {
  own(network: string, subject: VoteSubject): Own
  /** the lines of payouts.csv that `own` is the plan of; null where nothing is worked out, and for mints */
  payouts(network: string, period: number): string | null
  /** what `own` rests on; of the fixed periods that a mint touches, the one that rests on least */
  basis(subject: VoteSubject): Basis | null
  /** how it was decided or paid, in words; empty: its votes still count */
  executed(network: string, subject: VoteSubject): string
  /** the same for whoever asks about many: what they share is read once */
  endings(network: string): (subject: VoteSubject) => string
  /** everything that can be voted on now, newest first */
  open(network: string): VoteSubject[]
}

/** Reads the store that is shown; decisions and executions are in the books. */
export function createVoteSubjects(books: Store, mints: MintView): VoteSubjects {
  /** a plan's hash takes reading every node of its period: kept as long as its figures stay */
  const plans = new Map<string, VoteChoice | null>()
  const facts = (): Store => mints.active().store

  function ownPeriod(network: string, index: number): Own & { payouts?: () => string } {
    const store = facts()
    const periods = listPeriods(store)
    const period = periods.find(found => found.index === index)
    const none = (why: string): Own => ({ choice: null, why })
    if (!period) return none(`Period ${index} is not in the data here.`)
    if (period.provisional)
      return none(`Period ${index} and the 27 h after it are not all known here yet, so its figures may still change.`)
    if (period.scope !== null) return none('Only some farms or nodes are followed here, so what the whole period pays is not known.')
    const summaries = loadSummaries(store)
    const found = summaries.find(({ summary }) => summary.index === index)
    if (!found || found.stale) return none(`Period ${index} is being worked out. Wait a moment.`)
    const retried = retriesOf(books, store, network, period, { periods, summaries })
    if ('why' in retried) return none(retried.why)
    const payouts = () => payoutLines(loadNodeRows(store, index)) + retryLines(retried.retries)
    const { resources, mintedTs } = found.summary
    const key = `${store.dataDir} ${index} ${period.digest} ${resources} ${mintedTs} ${retried.key}`
    let choice = plans.get(key)
    if (choice === undefined) {
      const rows = loadNodeRows(store, index).map(row => ({ ...row, address: row.payoutAddress }))
      const amountUnits = sumUnits([...rows, ...retried.retries].map(row => ({ amountUnits: row.address === '' ? 0n : row.rewardUnits })))
      const planHash = createHash('sha256').update(payouts()).digest('hex')
      choice = isVotable(amountUnits) ? { options: { rules: 'v3', resources }, planHash, amountUnits } : null
      if (plans.size > 100) plans.clear()
      plans.set(key, choice)
    }
    return choice ? { choice, payouts } : none(`Period ${index} pays nothing, so there is nothing to vote on.`)
  }

  function ownMint(network: string, { nodeId, start }: VoteSubject & { rules: 'node-period' }): Own {
    const mint = nodeMint(facts(), nodeId, start)
    if (!mint) return { choice: null, why: `Node ${nodeId} has no period of its own here that began at ${formatUtc(start)} and is over.` }
    if (!isVotable(mint.rewardUnits)) return { choice: null, why: 'This mint pays nothing, so there is nothing to vote on.' }
    const { carbon, firstNodePeriod } = loadMintConfig(books, network)
    return {
      choice: {
        options: { rules: 'node-period', carbon: carbon.on, firstNodePeriod },
        planHash: mint.hash,
        amountUnits: mint.rewardUnits,
      },
    }
  }

  function periodsOf(subject: VoteSubject): StoredPeriod[] {
    const all = listPeriods(facts())
    if (subject.rules === 'v3') return all.filter(({ index }) => index === subject.period)
    return all.filter(({ start, end }) => start < subject.start + PERIOD_SEC && end > subject.start)
  }

  function endings(network: string): (subject: VoteSubject) => string {
    const executions = loadExecutions(books, network)
    const decisions = mints.decisions()
    return subject => {
      const done = executions.get(subjectKey(subject))
      if (done) return `${tftExact(done.amountUnits)} TFT, ${formatUtc(done.ts)}: ${done.how}`
      if (subject.rules === 'v3') return ''
      const stored = decisions.get(subject.nodeId)?.find(({ startTs }) => startTs === subject.start)
      const { decided, payments } = stored?.decision ?? undecided
      const paid = payments.find(({ result }) => result === 'paid')
      if (paid) return `${tftExact(paid.decided.amountUnits)} TFT were paid, ${formatUtc(paid.ts)}.`
      if (subject.attempt <= payments.length) return `Attempt ${subject.attempt} failed and is over.`
      return decided?.attempt === subject.attempt
        ? `${tftExact(decided.amountUnits)} TFT were decided, ${formatUtc(decided.ts)}, and wait for their payment.`
        : ''
    }
  }

  return {
    own: (network, subject) => (subject.rules === 'v3' ? ownPeriod(network, subject.period) : ownMint(network, subject)),
    payouts: (network, period) => ownPeriod(network, period).payouts?.() ?? null,
    basis(subject) {
      const bases = periodsOf(subject).map(period => basisOf(facts(), period))
      return bases.find(basis => singleWord(basis) !== null) ?? bases.at(-1) ?? null
    },
    executed: (network, subject) => endings(network)(subject),
    endings,
    open(network) {
      const config = loadMintConfig(books, network)
      const before = config.rules === 'v3' ? Number.POSITIVE_INFINITY : (config.firstNodePeriod ?? 0)
      const periods = listPeriods(facts())
        .filter(({ index, provisional, scope }) => index < before && !provisional && scope === null)
        .map(({ index }): VoteSubject => ({ rules: 'v3', period: index }))
        .reverse()
      if (config.rules === 'v3' || !takesVotes(config)) return periods
      const nodes = mints
        .lines()
        .filter(({ stage }) => stage === 'claimable' || stage === 'failed')
        .map(({ nodeId, startTs, decision }): VoteSubject => {
          const attempt = (decision?.decision.payments.length ?? 0) + 1
          return { rules: 'node-period', nodeId, start: startTs, attempt }
        })
      return [...nodes, ...periods]
    },
  }
}
