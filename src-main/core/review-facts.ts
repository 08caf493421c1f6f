import { StrKey } from '@stellar/stellar-sdk/base'
import type { PlanRow } from '../../src-shared/pay.ts'
import { subjectText } from '../../src-shared/vote-text.ts'
import { receiptsNdjson } from '../engines/minting/outputs.ts'
import { planRetries } from '../engines/minting/retries.ts'
import { createSlices } from '../jobs/pay/sign.ts'
import type { KnownAccount, KnownFarm, KnownReceipt, ReviewFacts } from '../signing/review/facts.ts'
import { findReceiptByHash, listPeriods, loadEnd, type Store, type StoredPeriod } from '../store/index.ts'
import { loadKeys } from '../store/keys.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { loadDecisions } from '../store/mint-decisions.ts'
import { nodeMint, nodeMintByHash } from '../store/node-mints.ts'
import { loadReceipts } from '../store/results.ts'
import { mintUnitsOfPeriod, type NodePay, paidFarmsOfRun, paysOfPeriod, rowsOfReceipts, signersOfRun } from '../store/review-facts.ts'
import { listRuns } from '../store/runs.ts'
import { loadTransfers } from '../store/vault-transfers.ts'
import { loadSignerSet } from '../store/votes.ts'
import { payConfigOf } from './pay-config.ts'
import type { PayRoom } from './pay-room.ts'

/** So many periods back a farm's addresses and a node's pay are looked at, and so many runs for whom they paid. */
const BACK = 12

/** Receipts that are looked up in one go. */
const BATCH = 500

/** What is reviewed: the rows of a run, or a memo that came from anywhere. */
export interface FactsAsk {
  network: string
  /** the run, with the fixed period that it pays (null: mints); null: an envelope from elsewhere */
  run: { runId: string; period: number | null; maker: string } | null
  rows: readonly PlanRow[]
  /** the memo of an envelope from elsewhere */
  memo: string | null
  accounts: ReadonlyMap<string, KnownAccount>
  /** who may sign, as the ledger has it */
  ledgerSigners: readonly string[]
  signal?: AbortSignal | undefined
}

/** What the store knows of the world around envelopes; reading it lets other work have its turn. Rejects with AppError store.*, cancelled. */
export async function gatherFacts(room: PayRoom, ask: FactsAsk): Promise<ReviewFacts> {
  const { books } = room
  const facts = room.mints.active().store
  const slice = createSlices(ask.signal)
  const { config } = payConfigOf(room, ask.network)
  const periods = await readPeriods(facts, slice)
  const receipts = await receiptsOf(room, facts, ask, periods)
  await slice()
  const hashes = new Set([...receipts.keys(), ...(ask.memo === null ? [] : [ask.memo])])
  for (const { receipt, retryFor } of ask.rows) hashes.add(retryFor ?? receipt)
  for (const { retryFor } of receipts.values()) if (retryFor !== null) hashes.add(retryFor)
  const payments = new Map<string, { hash: string; ts: number }>()
  const underWay = new Map<string, { runId: string; receipt: string }[]>()
  const wanted = [...hashes]
  for (let from = 0; from < wanted.length; from += BATCH) {
    for (const { runId, receipt, origin, paid, isHeld } of rowsOfReceipts(books, ask.network, wanted.slice(from, from + BATCH)))
      for (const hash of new Set([receipt, origin])) {
        if (paid) payments.set(hash, { hash: paid.tx, ts: paid.ts })
        const others = underWay.get(hash) ?? []
        // a retry is found by its own hash and by what it stands for
        if (isHeld && !others.some(other => other.runId === runId && other.receipt === receipt))
          underWay.set(hash, [...others, { runId, receipt }])
      }
    await slice()
  }
  const paidFor =
    ask.run?.period ?? periods.find(({ pays }) => ask.memo !== null && pays.some(({ hash }) => hash === ask.memo))?.period.index
  const farms = farmsOf(periods, paidFor ?? null, await lastPayments(books, ask, slice))
  await slice()
  const medians = mediansOf(periods, ask, paidFor ?? null)
  await slice()
  return {
    nowTs: books.now(),
    passphrase: config.passphrase,
    payer: config.payer,
    asset: config.assetCode === '' || config.issuer === '' ? null : { code: config.assetCode, issuer: config.issuer },
    normalFeeStroops: BigInt(config.feeStroops),
    receipts,
    payments,
    underWay,
    farms,
    shared: sharedOf(periods),
    medians,
    signers: signersOf(room, ask),
    accounts: ask.accounts,
    vault: vaultFacts(room, ask.network),
  }
}

/** The vault, and by memo the transfers to it in the books. */
function vaultFacts({ books }: PayRoom, network: string): ReviewFacts['vault'] {
  const account = loadMintConfig(books, network).vault.address
  if (account === '') return undefined
  const transfers = loadTransfers(books, network).flatMap(({ tx, ts, memo }) => (memo === null ? [] : [[memo, { hash: tx, ts }] as const]))
  return { account, transfers: new Map(transfers) }
}

interface PeriodPays {
  period: StoredPeriod
  pays: NodePay[]
  mints: { nodeId: number; amountUnits: bigint }[]
}

/** The newest periods, oldest first, each with what it pays. */
async function readPeriods(facts: Store, slice: () => Promise<void>): Promise<PeriodPays[]> {
  const found: PeriodPays[] = []
  for (const period of listPeriods(facts).slice(-BACK)) {
    found.push({ period, pays: paysOfPeriod(facts, period.index), mints: mintUnitsOfPeriod(facts, period.index) })
    await slice()
  }
  return found
}

/** What the payments may stand for, worked out from this machine's own data. */
async function receiptsOf(room: PayRoom, facts: Store, ask: FactsAsk, periods: readonly PeriodPays[]): Promise<Map<string, KnownReceipt>> {
  const { run, rows, memo } = ask
  const found = new Map<string, KnownReceipt>()
  const add = ({ nodeId, farmId, address, amountUnits, hash }: NodePay, period: number) =>
    found.set(hash, { kind: 'receipt', nodeId, farmId, of: `period ${period}`, address, amountUnits, retryFor: null })
  const index = run?.period ?? null
  if (index !== null) {
    const read = periods.find(({ period }) => period.index === index)
    for (const pay of read?.pays ?? paysOfPeriod(facts, index)) add(pay, index)
  }
  if (memo !== null)
    for (const { period, outcome } of findReceiptByHash(facts, memo, 1))
      add({ ...outcome, address: outcome.payoutAddress, amountUnits: outcome.rewardUnits }, period)
  const retries = rows.filter(({ kind }) => kind === 'retry')
  if (index !== null && retries.length > 0) addRetries(facts, index, retries, found)
  addMints(room, facts, ask, found)
  return found
}

/** Retries as the rules make them: their receipts follow from those that were not paid and the farms' addresses now (minting.md, Receipt). */
function addRetries(facts: Store, index: number, rows: readonly PlanRow[], into: Map<string, KnownReceipt>): void {
  const period = listPeriods(facts).find(one => one.index === index)
  if (!period) return
  const previous = loadReceipts(facts, index - 1, { nodeIds: rows.map(({ nodeId }) => nodeId) }).map(node => receiptsNdjson([node]))
  const addresses = addressesAt(facts, period)
  const { start, end } = period
  for (const retry of planRetries({ previous, paid: new Set(), addresses, period: { start, end } })) {
    const { nodeId, farmId, address, rewardUnits: amountUnits, retryFor, hash } = retry
    into.set(hash, { kind: 'retry', nodeId, farmId, of: `period ${index - 1}`, address, amountUnits, retryFor })
  }
}

/** Decided mints: each for what was decided, to its farm's address as the newest data has it. */
function addMints(room: PayRoom, facts: Store, { network, rows, memo }: FactsAsk, into: Map<string, KnownReceipt>): void {
  const wanted = rows.filter(({ kind }) => kind === 'mint').flatMap(({ nodeId, startTs }) => nodeMint(facts, nodeId, startTs) ?? [])
  const mints = memo === null || into.has(memo) ? wanted : [...wanted, ...nodeMintByHash(facts, memo, 1)]
  const newest = listPeriods(facts).at(-1)
  if (mints.length === 0 || !newest) return
  const addresses = addressesAt(facts, newest)
  const decisions = new Map(loadDecisions(room.books, network).map(({ mintId, decision }) => [mintId, decision.decided]))
  for (const { hash, nodeId, farmId, startTs: start, rewardUnits } of mints) {
    const of = subjectText({ rules: 'node-period', nodeId, start, attempt: 1 }).replace(/^.* from /, 'its period from ')
    const amountUnits = decisions.get(hash)?.amountUnits ?? rewardUnits
    into.set(hash, { kind: 'mint', nodeId, farmId, of, address: addresses.get(farmId) ?? '', amountUnits, retryFor: null })
  }
}

function addressesAt(facts: Store, period: StoredPeriod): Map<number, string> {
  return new Map(loadEnd(facts, period).payoutAddresses.map(({ farm_id: farmId, address }) => [farmId, address]))
}

type Paid = { address: string; ts: number }

/** Where the newest other runs paid each farm last. */
async function lastPayments(books: Store, { network, run }: FactsAsk, slice: () => Promise<void>): Promise<Map<number, Paid>> {
  const found = new Map<number, Paid>()
  const others = listRuns(books, network).filter(({ runId }) => runId !== run?.runId)
  for (const { runId } of others.slice(0, BACK)) {
    for (const { farmId, address, ts } of paidFarmsOfRun(books, runId))
      if (ts > (found.get(farmId)?.ts ?? 0)) found.set(farmId, { address, ts })
    await slice()
  }
  return found
}

/** Each farm's addresses from period to period; between two ends nothing is known of when one changed. */
function farmsOf(periods: readonly PeriodPays[], paidFor: number | null, paid: ReadonlyMap<number, Paid>): Map<number, KnownFarm> {
  const farms = new Map<number, KnownFarm & { address: string; asOfTs: number }>()
  for (const { period, pays } of periods) {
    const asOfTs = Math.min(period.endTs, period.lastTs)
    const seen = new Set<number>()
    for (const { farmId, farmName: name, address, amountUnits } of pays) {
      let farm = farms.get(farmId)
      if (!farm) {
        farm = { name, changed: null, lastPaid: null, address, asOfTs }
        farms.set(farmId, farm)
      }
      if (address !== farm.address) farm.changed = { from: farm.address, to: address, afterTs: farm.asOfTs, byTs: asOfTs }
      farm.name = name
      farm.address = address
      farm.asOfTs = asOfTs
      // without runs in the books the receipts of the periods before say where the farm was to be paid
      if (amountUnits > 0n && address !== '' && !seen.has(farmId) && period.index < (paidFor ?? Number.POSITIVE_INFINITY)) {
        seen.add(farmId)
        farm.lastPaid = { address, ts: period.end, how: 'receipt' }
      }
    }
  }
  return new Map(
    [...farms].map(([farmId, { name, changed, lastPaid }]) => {
      const last = paid.get(farmId)
      return [farmId, { name, changed, lastPaid: last ? { ...last, how: 'paid' } : lastPaid }]
    }),
  )
}

/** Addresses of several farms in the newest period, with who had them in the one before. */
function sharedOf(periods: readonly PeriodPays[]): ReviewFacts['shared'] {
  const newest = periods.at(-1)
  const before = periods.at(-2)
  const shared = new Map<string, { farms: number[]; before: number[] | null }>()
  if (!newest) return shared
  const former = before && farmsByAddress(before.pays)
  for (const [address, farms] of farmsByAddress(newest.pays))
    if (address !== '' && farms.length > 1) shared.set(address, { farms, before: former ? (former.get(address) ?? []) : null })
  return shared
}

function farmsByAddress(pays: readonly NodePay[]): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const [address, list] of Map.groupBy(pays, pay => pay.address))
    found.set(
      address,
      [...new Set(list.map(({ farmId }) => farmId))].sort((a, b) => a - b),
    )
  return found
}

/** The median of what each node gets above 0, in the periods before the one that is paid. */
function mediansOf(periods: readonly PeriodPays[], { run, rows }: FactsAsk, paidFor: number | null): ReviewFacts['medians'] {
  const byMints = run !== null && run.period === null
  const amounts = new Map<number, bigint[]>()
  for (const { period, pays, mints } of periods) {
    if (!byMints && period.index === paidFor) continue
    for (const { nodeId, amountUnits } of byMints ? mints : pays)
      if (amountUnits > 0n) amounts.set(nodeId, [...(amounts.get(nodeId) ?? []), amountUnits])
  }
  if (byMints)
    // what is being paid is no measure of itself
    for (const { nodeId, amountUnits } of rows) {
      const own = amounts.get(nodeId)
      const at = own?.indexOf(amountUnits) ?? -1
      if (own && at >= 0) own.splice(at, 1)
    }
  return new Map(
    [...amounts].filter(([, list]) => list.length > 0).map(([nodeId, list]) => [nodeId, { units: median(list), of: list.length }]),
  )
}

function median(list: readonly bigint[]): bigint {
  const sorted = [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2n
}

/** Who signs on this network, by Stellar account: keys of the vault, voters, whoever signed the run, and who may by the ledger. */
function signersOf(room: PayRoom, { network, run, ledgerSigners }: FactsAsk): Map<string, string> {
  const found = new Map<string, string>()
  for (const account of ledgerSigners) found.set(account, 'a signer of the paying account')
  for (const account of run ? signersOfRun(room.books, run.runId) : []) found.set(account, 'signed this run')
  if (run && run.maker !== '') found.set(run.maker, "the run's maker")
  for (const { kind, publicKey, name } of loadSignerSet(room.books, network)?.signers ?? [])
    if (kind === 'ed25519') found.set(StrKey.encodeEd25519PublicKey(Buffer.from(publicKey, 'hex')), name)
  // a key that is only watched may be a farmer's
  for (const { kind, address, name, box } of loadKeys(room.books)) if (kind === 'stellar' && box !== null) found.set(address, name)
  return found
}
