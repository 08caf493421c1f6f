import { readFileSync } from 'node:fs'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { PayConfig, PayoutPlan } from '../../src-shared/pay.ts'
import { assetText, planText, runSubject, shortageText } from '../../src-shared/pay-text.ts'
import { loadAccount, loadClock } from '../clients/stellar/accounts.ts'
import type { AccountState } from '../clients/stellar/types.ts'
import type { LeftOut, Payable } from '../engines/payout-plan/plan.ts'
import { planReplacements } from '../engines/payout-plan/run.ts'
import type { JobContext } from '../jobs/context.ts'
import { addReplacements, addRun, buildEnvelopes, importEnvelopes, importManifest } from '../jobs/pay/exchange.ts'
import { mintPayables, periodPayables } from '../jobs/pay/payables.ts'
import { horizonOf, type MadePlan, makePlan } from '../jobs/pay/plan.ts'
import { type RunOptions, type RunReport, reconcileRun, sendRun } from '../jobs/pay/run.ts'
import { type Accounts, loadAccounts, markSigned, type PaySigner, signRun } from '../jobs/pay/sign.ts'
import { openRun, refused } from '../jobs/pay/state.ts'
import { writeTransaction } from '../store/db.ts'
import { heldMints } from '../store/pay-lists.ts'
import { reportOfRun, type StoredReport, saveAccount, saveReport } from '../store/pay-reports.ts'
import { listRuns, loadRun, subjectOf } from '../store/runs.ts'
import { missingFunds } from './pay-accounts.ts'
import { payConfigOf } from './pay-config.ts'
import { settleMints } from './pay-mints.ts'
import { onShown, type PayRoom, payNetwork, planOf } from './pay-room.ts'
import { endVoting, refuseUnvoted } from './pay-votes.ts'

/** Does the end of a piece of work in the books' transaction, with an entry in the audit trail. */
export type Note = (action: string, subject: string, details: Record<string, unknown>, work: () => void) => void

export interface PlanAsk {
  network: string
  period: number | null
  retries: boolean
  makerKeyId?: string | undefined
}

/**
 * Plans a payout and keeps the run, with what is short and who was left out; where nothing is left to pay, only that. Gives the run's id and what
 * came of it in words. Rejects with AppError `pay.refused`, store.conflict, stellar.*, cancelled: then nothing was kept.
 */
export async function planPayout(
  room: PayRoom,
  { network, period, retries, makerKeyId }: PlanAsk,
  context: JobContext,
  note: Note,
): Promise<{ runId: string | null; text: string }> {
  onShown(room, network)
  const { books, mints } = room
  const { config } = payConfigOf(room, network)
  const horizon = horizonOf(config)
  refuseByNode(room, period)
  const { store } = mints.active()
  const payables =
    period === null
      ? mintPayables(store, books, network)
      : await periodPayables(store, horizon, config, { period, retries }, { signal: context.signal })
  refuseDecidedAnew(room, network, payables)
  const payer = await loadAccount(horizon, config.payer, { signal: context.signal })
  const maker = await makerOf(room, payer, makerKeyId)
  const rules = period === null ? 'node-period' : 'v3'
  const made = await makePlan(books, horizon, { network, config, rules, period, maker, payables }, context)
  const { plan, totalUnits, expectedSec, alreadyPaid, shortages, warnings, leftOut } = made
  const channels = plan ? await loadAccounts(horizon, plan, { signal: context.signal }) : new Map<string, AccountState>()
  const envelopes = plan ? await buildEnvelopes(plan, context.signal) : []
  const report: StoredReport = {
    runId: plan ? made.runId : null,
    rows: plan?.rows.length ?? 0,
    totalUnits,
    expectedSec,
    alreadyPaid: alreadyPaid.length,
    shortages,
    warnings,
    account: accountOf(channels, config.payer),
  }
  const subject = plan ? `run ${made.runId}: ${plan.rows.length} payments of ${assetText(totalUnits, plan.assetCode)}` : runSubject(period)
  note('pay.planned', subject, { network, period, ...planned(made) }, () => {
    if (plan) addRun(books, plan, envelopes, true)
    saveReport(books, { network, subject: subjectOf({ period }), report }, leftOut.map(toEntry))
  })
  return { runId: report.runId, text: planText({ ...report, leftOut: leftOut.length }, config.assetCode) }
}

function planned({ runId, plan, leftOut, alreadyPaid }: MadePlan) {
  return { runId, rows: plan?.rows.length ?? 0, leftOut: leftOut.length, alreadyPaid: alreadyPaid.length }
}

function toEntry({ payable, reason, wayOut }: LeftOut) {
  const { kind, nodeId, farmId, receipt, retryFor, address, amountUnits } = payable
  return { origin: retryFor ?? receipt, entry: { kind, nodeId, farmId, receipt, address, amountUnits, reason, wayOut } }
}

/** No second is paid twice: what the nodes' own periods pay is not paid by the fixed one too. */
function refuseByNode({ mints }: PayRoom, period: number | null): void {
  const { rules, firstNodePeriod } = mints.config()
  const byNode = rules === 'node-period' && (period === null || firstNodePeriod === null || period >= firstNodePeriod)
  if (byNode === (period === null)) return
  throw refused(
    'other-rules',
    period === null
      ? 'This network pays by rule set v3: there are no decided mints. Plan a period instead.'
      : `Period ${period} is paid by its nodes' own periods. Plan the decided mints instead.`,
  )
}

/** A mint that was worked out and decided anew has another id: while a payment of the former one is made, or can be, it waits. */
function refuseDecidedAnew(room: PayRoom, network: string, payables: readonly Payable[]): void {
  const mints = new Map(payables.filter(({ kind }) => kind === 'mint').map(payable => [payable.nodeId, payable]))
  if (mints.size === 0) return
  for (const { nodeId, receipt, runId, place } of heldMints(room.books, network)) {
    const again = mints.get(nodeId)
    const row = planOf(room, loadRun(room.books, runId)).rows[place]
    if (again && row && row.startTs === again.startTs && receipt !== again.receipt)
      throw refused(
        'under-way',
        `The mint of node ${nodeId} was worked out anew, and run ${runId.slice(0, 16)} paid the former one, or still can. Nothing was planned. Reconcile that run first.`,
      )
  }
}

/** The address of the maker's key: the chosen one, else the first of the vault that signs for the payer; empty: none. */
async function makerOf(room: PayRoom, payer: AccountState | null, keyId: string | undefined): Promise<string> {
  const { keys } = await room.keys.list()
  const own = keys.filter(({ kind, origin }) => kind === 'stellar' && origin !== 'watch')
  if (keyId !== undefined) {
    const chosen = own.find(key => key.keyId === keyId)
    if (!chosen) throw new AppError('not-found', 'There is no such Stellar key in the vault. Look at the list of keys.')
    return chosen.address
  }
  return own.find(({ address }) => payer?.signers.some(({ key }) => key === address))?.address ?? ''
}

function accountOf(accounts: Accounts, payerId: string): StoredReport['account'] {
  const payer = accounts.get(payerId)
  if (!payer) return null
  const others = [...accounts].filter(([address]) => address !== payerId).flatMap(([, { signers }]) => signers.map(({ key }) => key))
  return { needsWeight: Math.max(1, payer.thresholds.med), signers: payer.signers, channelKeys: [...new Set(others)].sort() }
}

/** The keys of the vault as signers of payouts. Rejects with AppError usage, not-found, keys.locked. */
export async function signersOf(room: PayRoom, keyIds: readonly string[]): Promise<PaySigner[]> {
  const { keys } = await room.keys.list()
  return [...new Set(keyIds)].map(keyId => {
    const key = keys.find(found => found.keyId === keyId)
    if (!key) throw new AppError('not-found', 'There is no such key in the vault. Look at the list of keys.')
    if (key.kind !== 'stellar') throw new AppError('usage', `"${key.name}" is no Stellar key, so it can't sign a payout.`)
    if (key.origin !== 'watch' && key.confirmed && !key.unlocked)
      throw new AppError('keys.locked', `"${key.name}" is locked. Nothing was signed. Unlock it with its passphrase first.`, {
        details: { keyId },
      })
    return { address: key.address, sign: bytes => room.keys.signWith(keyId, bytes) }
  })
}

/**
 * Signs what was reviewed, and where Stellar answers looks whether that is enough. Gives what came of it in words. Rejects as signRun does.
 */
export async function signPayout(
  room: PayRoom,
  runId: string,
  { signers, reviewed }: { signers: readonly PaySigner[]; reviewed: ReadonlySet<string> },
  context: JobContext,
): Promise<string> {
  // it may have waited for another job, and votes may be void by now
  refuseUnvoted(room, loadRun(room.books, runId), 'signed')
  const { added } = await signRun(room.books, runId, signers, { signal: context.signal, reviewed })
  await lookAtSignatures(room, runId, context)
  return `${added} ${added === 1 ? 'signature' : 'signatures'} made.`
}

/** Marks what may be sent, and keeps how the payer is; without an answer of Stellar it is done before sending. */
async function lookAtSignatures(room: PayRoom, runId: string, { signal }: JobContext): Promise<void> {
  const { books } = room
  const live = openRun(books, runId)
  let accounts: Accounts
  try {
    accounts = await loadAccounts(horizonOf(payConfigOf(room, live.plan.network).config), live.plan, { signal })
  } catch (error) {
    if (isUnreachable(error)) return
    throw error
  }
  markSigned(books, live, accounts)
  const account = accountOf(accounts, live.plan.payer)
  const kept = reportOfRun(books, live.runId)
  if (!account) return
  writeTransaction(books.books, 'books.db', () => {
    if (kept) saveAccount(books, kept, account)
    else saveReport(books, { network: live.plan.network, subject: subjectOf(live.plan), report: blank(live.plan, live.runId, account) }, [])
  })
}

/** Of a run that came from elsewhere: what its maker found out stays there. */
function blank({ rows }: PayoutPlan, runId: string, account: StoredReport['account']): StoredReport {
  const totalUnits = rows.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)
  return { runId, rows: rows.length, totalUnits, expectedSec: 0, alreadyPaid: 0, shortages: [], warnings: [], account }
}

/** A signer's machine may have no way to Stellar, or none entered. */
function isUnreachable(error: unknown): boolean {
  const { code, details } = toAppError(error)
  return code === 'stellar.offline' || code === 'stellar.busy' || (code === 'pay.refused' && details.reason === 'not-configured')
}

/** What files brought: runs, signatures, and what was of no use here. */
export interface TakenFiles {
  runs: string[]
  added: number
  foreign: number
  refused: number
}

/** Takes files of other signers in, manifests first, whatever their order. Rejects with AppError archive.format, store.*, io.*, cancelled. */
export async function importFiles(room: PayRoom, network: string, paths: readonly string[], context: JobContext): Promise<TakenFiles> {
  onShown(room, network)
  const { books } = room
  const texts = paths.map(path => readFileSync(path, 'utf8'))
  const { config } = payConfigOf(room, network)
  const known = payNetwork(room)
  if (known !== null && config.passphrase === '') horizonOf(config)
  const expected = known === null ? null : { network, passphrase: config.passphrase }
  const taken: TakenFiles = { runs: [], added: 0, foreign: 0, refused: 0 }
  for (const text of texts.filter(isManifest)) taken.runs.push((await importManifest(books, text, expected, context.signal)).runId)
  const envelopes = texts.filter(text => !isManifest(text)).join('\n')
  const live = listRuns(books, payNetwork(room) ?? network).filter(
    ({ stage }) => stage !== 'dead' && stage !== 'withdrawn' && stage !== 'done',
  )
  if (envelopes.trim() !== '') {
    const plans = live.map(run => planOf(room, run))
    const [first] = plans
    if (!first) throw refused('no-run', 'No run is open here that these could belong to. Import its manifest too.')
    const accounts = await accountsOf(config, plans, context)
    const {
      added,
      foreign,
      refused: useless,
    } = await importEnvelopes(books, envelopes, {
      passphrase: first.passphrase,
      accounts,
      ...(context.signal && { signal: context.signal }),
    })
    Object.assign(taken, { added, foreign, refused: useless })
  }
  for (const { runId } of live) await lookAtSignatures(room, runId, context)
  return taken
}

function isManifest(text: string): boolean {
  return text.trimStart().startsWith('{')
}

/** Without an answer of Stellar only who signed the run's id counts. */
async function accountsOf(config: PayConfig, plans: readonly PayoutPlan[], { signal }: JobContext): Promise<Accounts> {
  const found = new Map<string, AccountState>()
  try {
    for (const plan of plans)
      for (const [address, account] of await loadAccounts(horizonOf(config), plan, { signal })) found.set(address, account)
  } catch (error) {
    if (!isUnreachable(error)) throw error
  }
  return found
}

export function takenText({ runs, added, foreign, refused: useless }: TakenFiles): string {
  const parts = [
    ...(runs.length > 0 ? [`${runs.map(id => `run ${id.slice(0, 16)}`).join(', ')} taken in`] : []),
    `${added} new ${added === 1 ? 'signature' : 'signatures'}`,
    ...(foreign > 0 ? [`${foreign} ${foreign === 1 ? 'line is' : 'lines are'} of no run here`] : []),
    ...(useless > 0 ? [`${useless} ${useless === 1 ? 'signature is' : 'signatures are'} of nobody who may sign`] : []),
  ]
  return `${parts.join('; ')}.`
}

/** Sends and settles a run, and marks its mints as paid. Rejects with AppError `pay.refused`, stellar.*, cancelled: what was sent is in the books. */
export async function sendPayout(room: PayRoom, runId: string, options: RunOptions, context: JobContext): Promise<RunReport> {
  const { books } = room
  const live = openRun(books, runId)
  const horizon = horizonOf(payConfigOf(room, live.plan.network).config)
  const accounts = await loadAccounts(horizon, live.plan, { signal: context.signal })
  const short = await missingFunds(horizon, live, accounts, { signal: context.signal })
  if (short.length > 0) throw refused('short', `${short.map(shortageText).join(' ')} Nothing was sent. Fund it, then pay again.`)
  try {
    const pace = room.ledgerMs === undefined ? {} : { roundMs: room.ledgerMs }
    const begin = () => {
      const run = loadRun(books, runId)
      refuseUnvoted(room, run, 'sent')
      endVoting(room, run)
    }
    return await sendRun(books, horizon, runId, context, { ...options, ...pace, begin })
  } finally {
    settleMints(room, runId)
  }
}

export async function reconcilePayout(room: PayRoom, runId: string, context: JobContext): Promise<RunReport> {
  const { network } = loadRun(room.books, runId)
  const { books } = room
  const report = await reconcileRun(books, horizonOf(payConfigOf(room, network).config), runId, context)
  if (report.counts.paid > 0) writeTransaction(books.books, 'books.db', () => endVoting(room, loadRun(books, runId)))
  settleMints(room, runId)
  return report
}

/** New envelopes under the rows' own numbers. Gives how many, in words. Rejects with AppError `pay.refused` where there is nothing to replace, stellar.*. */
export async function replaceRows(
  room: PayRoom,
  runId: string,
  kind: 'payment' | 'bump',
  context: JobContext,
  note: Note,
): Promise<string> {
  const { books } = room
  const { network } = loadRun(books, runId)
  const { config } = payConfigOf(room, network)
  const horizon = horizonOf(config)
  // only what the ledger proves to be over is replaced by another payment
  await reconcilePayout(room, runId, context)
  const { closeTs } = await loadClock(horizon, { signal: context.signal })
  const { plan, rows } = openRun(books, runId)
  const { signSec, feeStroops } = config
  const list = planReplacements(plan, rows, { kind, fromTs: closeTs, signSec, feeStroops })
  if (list.length === 0) throw refused('nothing', 'There is nothing to replace: no row waits for another envelope.')
  let added = 0
  note('pay.replaced', `run ${runId}`, { kind, rows: list.length }, () => {
    added = addReplacements(books, runId, list, false)
  })
  return `${added} ${added === 1 ? 'envelope' : 'envelopes'} to sign anew.`
}

/** What came of sending or reconciling, in a line. */
export function reportText({ counts, blocked, held }: RunReport): string {
  const parts = Object.entries(counts).flatMap(([stage, count]) => (count > 0 ? [`${count} ${stage}`] : []))
  const [first] = blocked
  const why = first
    ? ` ${blocked.length} ${blocked.length === 1 ? 'channel waits' : 'channels wait'}; row ${first.place}: ${first.why}`
    : ''
  return `${parts.join(', ')}${held ? '; held' : ''}.${why}`
}
