import { StrKey } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import type { PayoutPlan } from '../../../src-shared/pay.ts'
import { loadAccount } from '../../clients/stellar/accounts.ts'
import type { AskOptions, Horizon } from '../../clients/stellar/horizon.ts'
import { attachSignatures, isBy } from '../../clients/stellar/signatures.ts'
import type { AccountState } from '../../clients/stellar/types.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { refuseUnreconciled } from '../../store/restored.ts'
import {
  type Approval,
  type EnvelopeSignature,
  loadSignatures,
  type StoredEnvelope,
  type StoredRun,
  saveApproval,
  saveSignatures,
  saveSignedHere,
} from '../../store/runs.ts'
import { keepEvents, type LiveRun, openEnvelopes, openRun, type PlacedEvent, refused } from './state.ts'

/** A key that signs, wherever it lies: the vault of keys gives one, a test its own. */
export interface PaySigner {
  /** G… */
  address: string
  /** the 64 bytes of an ed25519 signature over exactly these bytes */
  sign(bytes: Uint8Array): Uint8Array
}

/** The accounts by which a run's envelopes are judged; what does not exist is left out. Throws AppError stellar.*, cancelled. */
export type Accounts = ReadonlyMap<string, AccountState>

export async function loadAccounts(
  horizon: Horizon,
  { payer, channels }: Pick<PayoutPlan, 'payer' | 'channels'>,
  options?: AskOptions,
): Promise<Accounts> {
  const found = new Map<string, AccountState>()
  for (const address of new Set([payer, ...channels])) {
    const account = await loadAccount(horizon, address, options)
    if (account) found.set(address, account)
  }
  return found
}

/** What a signer signs before any envelope: that this is the run. Never 32 bytes, so that it can't be a transaction's hash. */
export function approvalBytes(runId: string): Uint8Array {
  return Buffer.from(`granary payout run 1\n${runId}\n`, 'utf8')
}

export function isApproval(runId: string, { signer, signature }: Approval): boolean {
  return isSignature(signer, approvalBytes(runId), signature)
}

/** Whether a text is a base64 signature of these bytes by this account. */
export function isSignature(signer: string, bytes: Uint8Array, signature: string): boolean {
  const raw = Buffer.from(signature, 'base64')
  return raw.length === 64 && StrKey.isValidEd25519PublicKey(signer) && isBy(signer, bytes, raw)
}

/** After so long other work gets its turn, so that no query waits for a run to be signed. */
const SLICE_MS = 20

/** Lets other work run once the slice is used up. Throws AppError cancelled. */
export function createSlices(signal?: AbortSignal): () => Promise<void> {
  let sinceMs = performance.now()
  return async () => {
    if (performance.now() - sinceMs < SLICE_MS) return
    await new Promise<void>(resolve => setImmediate(resolve))
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request. What was done until then stays.')
    sinceMs = performance.now()
  }
}

/** The envelopes that a signature on a run signs: the open ones; of a cancelled run only those that use a number up. */
export function envelopesToSign(store: Store, { runId, stage }: Pick<StoredRun, 'runId' | 'stage'>): StoredEnvelope[] {
  const open = openEnvelopes(store, runId)
  return stage === 'stopped' ? open.filter(({ kind }) => kind === 'bump') : open
}

/** Envelopes whose signatures are kept in one transaction. */
const BATCH = 100

/**
 * Signs a run with keys of this store: first it is kept that they do, then the run's id is signed, then each envelope (envelopesToSign) that
 * the key has not signed yet, so that signing again goes on where it stopped. `reviewed`: the hashes that were looked at, no other is signed;
 * absent: all. Gives how many signatures are new. Throws AppError `pay.refused` where the run is over, and what the keys throw (keys.locked
 * and others): what was signed stays.
 */
export async function signRun(
  store: Store,
  runId: string,
  signers: readonly PaySigner[],
  { signal, reviewed }: { signal?: AbortSignal | undefined; reviewed?: ReadonlySet<string> | undefined } = {},
): Promise<{ added: number }> {
  const { run } = openRun(store, runId)
  if (run.stage === 'dead' || run.stage === 'withdrawn' || run.stage === 'done')
    throw refused('over', 'This run is over: nothing of it is signed any more.')
  refuseUnreconciled(store, run.runId, 'signed')
  // before the first signature exists: from here on this store takes in no other run of the same period
  writeTransaction(store.books, 'books.db', () => saveSignedHere(store, run.runId))
  for (const { address, sign } of signers) {
    const signature = Buffer.from(sign(approvalBytes(run.runId))).toString('base64')
    writeTransaction(store.books, 'books.db', () => saveApproval(store, run.runId, { signer: address, signature }))
  }
  const known = loadSignatures(store, run.runId)
  const slice = createSlices(signal)
  let batch: EnvelopeSignature[] = []
  let added = 0
  const keep = () => {
    const list = batch
    batch = []
    added += writeTransaction(store.books, 'books.db', () => saveSignatures(store, list))
  }
  for (const { hash } of envelopesToSign(store, run)) {
    if (reviewed && !reviewed.has(hash)) continue
    for (const { address, sign } of signers) {
      if (known.get(hash)?.some(({ signer }) => signer === address)) continue
      const raw = sign(Buffer.from(hash, 'hex'))
      if (!isBy(address, Buffer.from(hash, 'hex'), raw))
        throw new AppError('internal', `The key of ${address} gave a signature that is none.`)
      batch.push({ hash, signer: address, signature: Buffer.from(raw).toString('base64') })
    }
    if (batch.length >= BATCH) keep()
    await slice()
  }
  keep()
  return { added }
}

/** The envelope with these signatures, which were checked when they were kept. Throws AppError stellar.envelope. */
export function withSignatures(envelope: string, passphrase: string, signatures: readonly EnvelopeSignature[]): string {
  const checked = signatures.map(({ signer, signature }) => ({ publicKey: signer, signature: Buffer.from(signature, 'base64') }))
  return checked.length === 0 ? envelope : attachSignatures({ envelope, passphrase, checked })
}

/**
 * Whether these signers reach an account's threshold. Their signatures were checked when they were kept, and the bytes are checked once more
 * when the superfluous ones are left out before sending (clients/stellar/signatures.ts).
 */
function meets(account: AccountState | undefined, level: 'low' | 'med', signers: readonly string[]): boolean {
  if (!account) return false
  const weight = account.signers.reduce((sum, { key, weight: own }) => (signers.includes(key) ? sum + own : sum), 0)
  return weight >= Math.max(1, account.thresholds[level])
}

/** How far the signatures of a run have come. */
export interface SignState {
  /** envelopes that may be sent, and all that are open */
  ready: number
  open: number
  /** who signed at least one open envelope */
  signers: string[]
  /** every signature is the maker's: somebody else must sign too */
  onlyMaker: boolean
}

/**
 * Marks the envelopes whose signatures meet the thresholds of payer and channel: they may be sent. A run's maker is not its only signer (issue
 * 5), so what only the maker signed is not enough even where the thresholds are met.
 */
export function markSigned(store: Store, live: LiveRun, accounts: Accounts): SignState {
  const { plan, runId } = live
  const known = loadSignatures(store, runId)
  const events: PlacedEvent[] = []
  const state: SignState = { ready: 0, open: 0, signers: [], onlyMaker: false }
  const signers = new Set<string>()
  const mayPay = new Set(accounts.get(plan.payer)?.signers.map(({ key }) => key))
  for (const { hash, place, kind, stage } of openEnvelopes(store, runId)) {
    state.open++
    const own = (known.get(hash) ?? []).map(({ signer }) => signer)
    for (const signer of own) signers.add(signer)
    if (stage !== 'planned') {
      state.ready++
      continue
    }
    const isMet =
      meets(accounts.get(plan.rows[place]!.channel), 'low', own) && (kind === 'bump' || meets(accounts.get(plan.payer), 'med', own))
    const isOnlyMaker = plan.maker !== '' && !own.some(signer => signer !== plan.maker && mayPay.has(signer))
    if (isMet && isOnlyMaker) state.onlyMaker = true
    if (!isMet || isOnlyMaker) continue
    state.ready++
    events.push({ place, event: { kind: 'signed', hash } })
  }
  keepEvents(store, live, events)
  return { ...state, signers: [...signers].sort() }
}
