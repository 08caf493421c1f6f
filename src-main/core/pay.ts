import type { z } from 'zod'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { csv } from '../../src-shared/csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { PayableKind, PayoutPlan, RowStage } from '../../src-shared/pay.ts'
import type { PayRow, payQueries, RunDetail, RunRow } from '../../src-shared/pay-contract.ts'
import { rowStageHints, rowStageWords } from '../../src-shared/pay-text.ts'
import { paymentCountsText } from '../../src-shared/payment.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { LEDGER_SEC } from '../engines/payout-plan/plan.ts'
import { channelHeads, secondsLeft } from '../engines/payout-plan/run.ts'
import { loadNodeRows, loadSummaries } from '../store/index.ts'
import { countSignatures, countStages, type ListedRow, listRows, openSpan, sendingFees, sumRows } from '../store/pay-lists.ts'
import { type LeftOutEntry, loadLeftOut, reportOfRun, reportOfSubject } from '../store/pay-reports.ts'
import { loadPaymentCheck } from '../store/payment-checks.ts'
import { awaitsReconciling, unknownRunsUntil } from '../store/restored.ts'
import { listRuns, loadApprovals, loadAttempts, loadEnvelopes, loadRows, loadRun, type StoredRun, subjectOf } from '../store/runs.ts'
import { sumMints } from './mint-lines.ts'
import { arrivalOf, notedPayment } from './pay-arrivals.ts'
import { payConfigOf, payProblems } from './pay-config.ts'
import { abilities, nextOf } from './pay-next.ts'
import { type PayRoom, payNetwork, planOf } from './pay-room.ts'
import { votesOnRun } from './pay-votes.ts'

type PayQuery = keyof typeof payQueries
type Input<N extends PayQuery> = z.output<(typeof payQueries)[N]['in']>
export type PayAnswers = { [N in PayQuery]: (input: Input<N>) => QueryOutput<N> | Promise<QueryOutput<N>> }

/** Answers the contract's queries about payouts; only pay.accounts asks Stellar. */
export function createPayAnswers(room: PayRoom): PayAnswers {
  const { books, mints } = room
  const farmNames = createFarmNames(room)

  function withNames(entries: readonly LeftOutEntry[]) {
    const names = farmNames()
    return entries.map(entry => ({ ...entry, farmName: names.get(entry.farmId) ?? '' }))
  }

  function payRows(plan: PayoutPlan, rows: readonly ListedRow[]): PayRow[] {
    const names = farmNames()
    return rows.map(row => payRow(plan, row, names))
  }

  function payRow(plan: PayoutPlan, row: ListedRow, names: ReadonlyMap<number, string> = farmNames()): PayRow {
    const { place, nodeId, farmId, payee, amountUnits, receipt, stage, tx, paidTs } = row
    const kind = plan.rows[place]?.kind ?? 'receipt'
    const why = row.conflict === '' ? rowStageHints[stage] : `${rowStageHints[stage]} ${row.conflict}.`
    return { place, kind, nodeId, farmId, farmName: names.get(farmId) ?? '', payee, amountUnits, receipt, stage, why, tx, paidTs }
  }

  return {
    'pay.config': async () => {
      const network = payNetwork(room)
      const { config, isKept } = payConfigOf(room, network)
      return { network, config, isKept, problems: await payProblems(config) }
    },
    'pay.checkConfig': ({ config }) => payProblems(config),
    'pay.accounts': async ({ runId }) => (await import('./pay-accounts.ts')).readAccounts(room, runId),
    'pay.subjects': () => subjects(room),
    'pay.runs': async () => {
      const network = payNetwork(room)
      const configured = (await payProblems(payConfigOf(room, network).config)).length === 0
      const runs = network === null ? [] : listRuns(books, network)
      return { network, configured, runs: await Promise.all(runs.map(async run => headOf(await runDetail(room, run)))) }
    },
    'pay.get': ({ runId }) => runDetail(room, loadRun(books, runId)),
    'pay.rows': ({ runId, ...ask }) => {
      const run = loadRun(books, runId)
      const { rows, total } = listRows(books, run.runId, ask)
      return { rows: payRows(planOf(room, run), rows), total }
    },
    'pay.row': ({ runId, place }) => {
      const run = loadRun(books, runId)
      const plan = planOf(room, run)
      const planned = plan.rows[place]
      const [listed] = planned ? listRows(books, run.runId, { offset: place, limit: 1 }).rows : []
      if (!planned || !listed) throw new AppError('not-found', `Run ${run.runId.slice(0, 16)} has no row ${place}. Look at its list again.`)
      const attempts = loadAttempts(books, run.runId, place)
      const envelopes = (loadEnvelopes(books, run.runId)[place] ?? []).map(({ hash, kind, stage, minTs, maxTs, feeStroops }) => ({
        hash,
        kind,
        stage,
        minTs,
        maxTs,
        feeStroops,
        attempts: attempts.filter(attempt => attempt.hash === hash).map(({ sentTs, outcome, note }) => ({ sentTs, outcome, note })),
      }))
      const { channel, sequence, retryFor } = planned
      return { row: payRow(plan, listed), channel, sequence, retryFor, envelopes }
    },
    'pay.csv': ({ runId, ...ask }) => {
      const run = loadRun(books, runId)
      const lines = payRows(planOf(room, run), listRows(books, run.runId, ask).rows)
      return { fileName: `payout-${fileName(run)}.csv`, text: rowsCsv(lines) }
    },
    'pay.leftOut': ({ runId, period, offset, limit }) => {
      const network = payNetwork(room) ?? ''
      const kept =
        runId === undefined
          ? reportOfSubject(books, network, subjectOf({ period: period ?? null }))
          : reportOfRun(books, loadRun(books, runId).runId)
      if (!kept) return { rows: [], total: 0 }
      return { rows: withNames(loadLeftOut(books, kept.id, offset, limit)), total: kept.leftOut }
    },
    'pay.export': async ({ runId }) => {
      const { exportRun } = await import('../jobs/pay/exchange.ts')
      const run = loadRun(books, runId)
      const { manifest, envelopes } = await exportRun(books, run.runId)
      const name = fileName(run)
      return { manifest: { fileName: `run-${name}.json`, text: manifest }, envelopes: { fileName: `run-${name}.txt`, text: envelopes } }
    },
    'pay.verified': ({ period }) => {
      const check = loadPaymentCheck(books, payNetwork(room) ?? '', subjectOf({ period }))
      return check ? { ...check, text: paymentCountsText(check.counts) } : null
    },
    'pay.strays': async () => (await import('./pay-strays.ts')).keptStrays(room),
    'pay.payments': ({ receipts }) => {
      const network = payNetwork(room) ?? ''
      const decisions = new Map([...mints.decisions().values()].flat().map(decided => [decided.mintId, decided]))
      return receipts.map(receipt => {
        const found = arrivalOf(books, network, receipt)
        if (found.state === 'paid') return found
        const decided = decisions.get(receipt)
        const noted = decided && notedPayment(decided)
        return noted ? { receipt, state: 'paid', tx: noted.tx, paidTs: noted.ts, why: '' } : found
      })
    },
  }
}

/** `test-period-102-1a2b3c4d`. */
function fileName({ network, subject, runId }: StoredRun): string {
  return `${network}-${subject.replaceAll(' ', '-')}-${runId.slice(0, 8)}`
}

const kindWords: Record<PayableKind, string> = { receipt: 'receipt', retry: 'retry', mint: 'mint' }

function rowsCsv(rows: readonly PayRow[]): string {
  return csv(
    ['row', 'kind', 'node', 'farm', 'farm name', 'address', 'amount', 'receipt', 'state', 'transaction', 'paid'],
    rows.map(({ place, kind, nodeId, farmId, farmName, payee, amountUnits, receipt, stage, tx, paidTs }) => [
      place,
      kindWords[kind],
      nodeId,
      farmId,
      farmName,
      payee,
      tftExact(amountUnits),
      receipt,
      rowStageWords[stage],
      tx,
      paidTs === null ? null : formatUtc(paidTs),
    ]),
  )
}

/** Farms by id as the newest computed period has them; kept as long as that one is. */
function createFarmNames({ mints }: PayRoom): () => ReadonlyMap<number, string> {
  let held: { key: string; names: Map<number, string> } | null = null
  return () => {
    const { store } = mints.active()
    const latest = loadSummaries(store).at(-1)?.summary
    const key = `${store.dataDir} ${latest?.index} ${latest?.mintedTs}`
    if (held?.key !== key)
      held = { key, names: new Map(latest ? loadNodeRows(store, latest.index).map(({ farmId, farmName }) => [farmId, farmName]) : []) }
    return held.names
  }
}

/** Everything that is said of a run. */
export async function runDetail(room: PayRoom, run: StoredRun): Promise<RunDetail> {
  const { books } = room
  const { runId } = run
  const plan = planOf(room, run)
  const counts = Object.fromEntries(countStages(books, runId)) as Partial<Record<RowStage, number>>
  const { open, bumps, firstMaxTs, lastMaxTs } = openSpan(books, runId)
  const isStopped = run.stage === 'stopped'
  const toSign = isStopped ? bumps : open
  const fees = sendingFees(books, runId, isStopped)
  const sums = sumRows(books, runId)
  const kept = reportOfRun(books, runId)
  const account = kept?.report.account ?? null
  const signatures = countSignatures(books, runId, isStopped)
  const approvals = new Set(loadApprovals(books, runId).map(({ signer }) => signer))
  const vault = (await room.keys.list()).keys.filter(({ kind }) => kind === 'stellar')
  const nameOf = (address: string) => vault.find(key => key.address === address)?.name ?? null
  const weights = new Map(account?.signers.map(({ key, weight }) => [key, weight]))
  const signers = [...new Set([...weights.keys(), ...signatures.keys(), ...approvals])].sort().map(address => ({
    address,
    name: nameOf(address),
    weight: account ? (weights.get(address) ?? 0) : null,
    signed: signatures.get(address) ?? 0,
    approved: approvals.has(address),
  }))
  const mayKnow = new Set([...weights.keys(), ...(account?.channelKeys ?? [])])
  const keys = vault
    .filter(({ origin, confirmed, address }) => origin !== 'watch' && confirmed && (account === null || mayKnow.has(address)))
    .map(({ keyId, name, address, unlocked }) => ({ keyId, name, address, unlocked, signs: toSign - (signatures.get(address) ?? 0) }))
  const isOver = run.stage === 'done' || run.stage === 'dead' || run.stage === 'withdrawn'
  const rows = isOver ? [] : loadRows(books, runId)
  const heads = isOver ? [] : channelHeads(plan, rows)
  const job = room.jobOf(runId)
  const votes = isOver ? null : votesOnRun(room, run)
  const input = {
    stage: run.stage,
    period: plan.period,
    rows: sums.rows,
    counts,
    open,
    toSign,
    feeRefused: fees.refused,
    isSendable: heads.some(({ send }) => send && (!isStopped || send.kind === 'bump')),
    lastMaxTs,
    nowTs: books.now(),
    signedHere: run.signedHere,
    isRestored: awaitsReconciling(books, runId),
    maker: plan.maker,
    signers,
    needsWeight: account?.needsWeight ?? null,
    keys,
    obstacles: new Set(heads.flatMap(({ why }) => why ?? [])),
    votes,
    job,
  }
  const can = abilities(input)
  const { network, stage, madeHere, signedHere, addedTs, changedTs } = run
  const { rules, period, assetCode, payer, issuer, maker, channels, feeStroops } = plan
  return {
    runId,
    network,
    rules,
    period,
    stage,
    assetCode,
    ...sums,
    paid: counts.paid ?? 0,
    addedTs,
    changedTs,
    next: nextOf(input, can),
    madeHere,
    signedHere,
    payer,
    issuer,
    maker,
    channels: channels.length,
    feeStroops,
    counts: allStages(counts),
    expectedSec: Math.ceil(sums.rows / channels.length) * LEDGER_SEC,
    secondsLeft: isOver ? 0 : secondsLeft(plan, rows),
    open,
    firstMaxTs,
    lastMaxTs,
    toSign,
    signers,
    needsWeight: account?.needsWeight ?? null,
    keys,
    fees: fees.rows === 0 ? null : fees,
    shortages: kept?.report.shortages ?? [],
    warnings: kept?.report.warnings ?? [],
    leftOut: kept?.leftOut ?? 0,
    leftOutUnits: kept ? loadLeftOut(books, kept.id).reduce((sum, { amountUnits }) => sum + amountUnits, 0n) : 0n,
    alreadyPaid: kept?.report.alreadyPaid ?? 0,
    blocked: heads.flatMap(({ channel, place, why }) => (why && why !== 'signatures' ? [{ channel, place, why: blockedWords[why] }] : [])),
    job: job ?? null,
    votes,
    can,
  }
}

const blockedWords = {
  expired: 'Its time bounds passed.',
  'paid-elsewhere': 'Somebody else paid this receipt.',
  conflict: 'The ledger contradicts this row.',
}

function allStages(counts: Partial<Record<RowStage, number>>): Record<RowStage, number> {
  return Object.fromEntries(Object.keys(rowStageWords).map(stage => [stage, counts[stage as RowStage] ?? 0])) as Record<RowStage, number>
}

function headOf(detail: RunDetail): RunRow {
  const { runId, network, rules, period, stage, assetCode, rows, paid, totalUnits, paidUnits, addedTs, changedTs, next } = detail
  return { runId, network, rules, period, stage, assetCode, rows, paid, totalUnits, paidUnits, addedTs, changedTs, next }
}

function subjects(room: PayRoom): QueryOutput<'pay.subjects'> {
  const { mints, books } = room
  const network = payNetwork(room)
  const { rules, firstNodePeriod } = mints.config()
  const live = new Map(
    (network === null ? [] : listRuns(books, network))
      .filter(({ stage }) => stage !== 'dead' && stage !== 'withdrawn')
      .map(({ subject, runId, stage }) => [subject, { runId, stage }]),
  )
  const untilTs = unknownRunsUntil(books)
  const waits = books.now() <= untilTs ? `It waits until ${formatUtc(untilTs)}, after a restore. Settings, Backup says why.` : ''
  const whyRun = (period: number | null) => {
    const run = live.get(subjectOf({ period }))
    // of mints another run may follow one that is done
    if (!run || (period === null && run.stage === 'done')) return waits
    return `Run ${run.runId.slice(0, 16)} is for it.`
  }
  const summaries = loadSummaries(mints.active().store)
  const periods = summaries.map(({ summary, stale }) => {
    const { index, running, provisional, paidNodes, rewardUnits } = summary
    const byNode = rules === 'node-period' && (firstNodePeriod === null || index >= firstNodePeriod)
    const why = byNode
      ? "It is paid by its nodes' own periods, as decided mints."
      : stale
        ? 'It is not computed from its data yet.'
        : running
          ? 'It still runs.'
          : provisional
            ? 'Its data is not complete: the 27 h after it are missing.'
            : whyRun(index)
    const retries = summaries.some(other => other.summary.index === index - 1)
    return { period: index, receipts: paidNodes, amountUnits: rewardUnits, why, retries }
  })
  const { decided, decidedUnits } = sumMints(mints.lines())
  const mint = { period: null, receipts: decided, amountUnits: decidedUnits, why: whyRun(null), retries: false }
  const shown = rules === 'node-period' ? [mint] : []
  return { network, subjects: [...shown, ...periods.reverse()] }
}
