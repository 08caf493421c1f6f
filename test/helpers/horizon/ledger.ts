import { createHash } from 'node:crypto'
import { applyTx, draftOn, emptyAccount } from './apply.ts'
import { check, type Parsed, parseEnvelope, participants } from './check.ts'
import { resultXdr, type TxOutcome } from './codes.ts'
import { type Account, cloneAccount, loadState, type Pending, type State, saveState, type TxRow } from './state.ts'

/** What the network's node says to an envelope: only PENDING took it. */
export type Admission = { parsed: Parsed } & (
  | { status: 'PENDING' | 'DUPLICATE' | 'TRY_AGAIN_LATER' }
  | { status: 'ERROR'; outcome: TxOutcome; result: string }
)

export interface LedgerOptions {
  passphrase?: string
  /** the first ledger's closing time */
  startTs?: number
  /** time from one ledger to the next */
  ledgerSec?: number
  /** decides the order within a ledger */
  seed?: number
  /** the whole state, written at every change and read at the start */
  file?: string
}

export type Ledger = ReturnType<typeof createLedger>

const firstLedger = 1000

/**
 * A Stellar network of one node: accepts at most one transaction per source account until the next ledger, closes ledgers when told, and
 * remembers every version of its accounts, so that one can ask it for the past.
 */
export function createLedger({
  passphrase = 'Granary test network',
  startTs = 1_760_000_000,
  ledgerSec = 5,
  seed = 1,
  file,
}: LedgerOptions = {}) {
  const fresh = (): State => ({
    passphrase,
    ledgers: [makeLedgerRow(firstLedger, startTs, '')],
    accounts: {},
    txs: [],
    pending: [],
    minFee: 100n,
  })
  const state: State = (file ? loadState(file) : null) ?? fresh()
  const versions = new Map(Object.entries(state.accounts))
  const byHash = new Map<string, TxRow>()
  for (const tx of state.txs) index(tx)

  function index(tx: TxRow): void {
    byHash.set(tx.hash, tx)
    if (tx.innerHash) byHash.set(tx.innerHash, tx)
  }

  const last = () => state.ledgers[state.ledgers.length - 1]!

  /** An account as a ledger left it. */
  function accountAt(id: string, ledger: number): Account | undefined {
    return versions.get(id)?.findLast(version => version.changedLedger <= ledger)
  }
  const find = (id: string) => accountAt(id, last().sequence)

  function put(account: Account): void {
    account.changedLedger = last().sequence
    const known = versions.get(account.id) ?? []
    if (known.at(-1)?.changedLedger === account.changedLedger) known.pop()
    known.push(account)
    versions.set(account.id, known)
  }

  function save(): void {
    if (file) saveState(file, { ...state, accounts: Object.fromEntries(versions) })
  }

  /** Changes or makes an account as no transaction could; lumens default to 1,000. */
  function setAccount(id: string, changes: Partial<Omit<Account, 'id'>> = {}): Account {
    const known = find(id)
    const account = known ? cloneAccount(known) : emptyAccount(id, 10_000_000_000n, BigInt(last().sequence) << 32n)
    put(Object.assign(account, changes))
    save()
    return account
  }

  /** Throws where it is no envelope. `delay`: so many ledgers later than it could be. */
  function admit(envelope: string, delay = 0): Admission {
    const parsed = parseEnvelope(envelope, state.passphrase)
    const next: Pending = {
      hash: parsed.hash,
      innerHash: parsed.innerHash,
      envelope,
      source: parsed.source,
      sequence: BigInt(parsed.tx.sequence),
      fee: parsed.fee,
      isBump: parsed.bump !== null,
      fromLedger: last().sequence + 1 + delay,
    }
    const waiting = state.pending.find(({ source }) => source === parsed.source)
    // also what a waiting fee bump wraps
    if (waiting && (waiting.hash === parsed.hash || waiting.innerHash === parsed.hash)) return { parsed, status: 'DUPLICATE' }
    if (waiting && (!next.isBump || next.sequence !== waiting.sequence)) return { parsed, status: 'TRY_AGAIN_LATER' }
    const tooLittle: TxOutcome = { code: 'tx_insufficient_fee', operations: [], isOuter: true }
    const outcome =
      check(parsed, { find, earliestTs: last().closeTs, latestTs: last().closeTs + ledgerSec, minFee: state.minFee }) ??
      (waiting && next.fee < waiting.fee * 10n ? tooLittle : null)
    if (outcome) {
      const result = resultXdr(outcome, parsed.fee, parsed.innerHash ? { hash: parsed.innerHash } : undefined)
      return { parsed, status: 'ERROR', outcome, result }
    }
    if (waiting) state.pending.splice(state.pending.indexOf(waiting), 1)
    state.pending.push(next)
    save()
    return { parsed, status: 'PENDING' }
  }

  /** Closes the next ledger, `afterSec` after the last one. What has become impossible meanwhile is dropped and consumes nothing. */
  function close(afterSec = ledgerSec): number {
    const sequence = last().sequence + 1
    const closeTs = last().closeTs + afterSec
    const due = state.pending.filter(({ fromLedger }) => fromLedger <= sequence)
    const isPossible = (parsed: Parsed) => !check(parsed, { find, earliestTs: closeTs, latestTs: closeTs, minFee: 100n })
    state.pending = state.pending.filter(({ fromLedger }) => fromLedger > sequence)
    const taken = due
      .map(({ envelope }) => parseEnvelope(envelope, state.passphrase))
      .filter(isPossible)
      .sort((a, b) => (orderOf(a, seed + sequence) < orderOf(b, seed + sequence) ? -1 : 1))
    const draft = draftOn({ find })
    const feeOf = ({ fee, tx, bump }: Parsed) => smaller(fee, state.minFee * BigInt(tx.operations.length + (bump ? 1 : 0)))
    for (const parsed of taken) draft.change(parsed.feeSource)!.lumens -= feeOf(parsed)
    const rows = taken.map((parsed, place) =>
      toRow(parsed, applyTx(parsed, draft, sequence), { ledger: sequence, place, fee: feeOf(parsed) }),
    )
    state.ledgers.push({
      ...makeLedgerRow(sequence, closeTs, last().hash),
      operations: taken.reduce((sum, { tx }) => sum + tx.operations.length, 0),
      succeeded: rows.filter(({ successful }) => successful).length,
      failed: rows.filter(({ successful }) => !successful).length,
    })
    for (const account of draft.changed.values()) put(account)
    state.txs.push(...rows)
    for (const row of rows) index(row)
    save()
    return sequence
  }

  return {
    state,
    ledgerSec,
    find,
    accountAt,
    setAccount,
    admit,
    close,
    last,
    /** the ledger of that number */
    ledgerAt: (sequence: number) => state.ledgers[sequence - firstLedger],
    /** by its own hash or the one that a fee bump wraps */
    txByHash: (hash: string) => byHash.get(hash),
    setMinFee(fee: bigint) {
      state.minFee = fee
      save()
    },
  }
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b)

function toRow(parsed: Parsed, outcome: TxOutcome, { ledger, place, fee }: { ledger: number; place: number; fee: bigint }): TxRow {
  const { hash, innerHash, envelope, feeSource, source, tx } = parsed
  return {
    hash,
    innerHash,
    envelope,
    result: resultXdr(outcome, fee, innerHash ? { hash: innerHash } : undefined),
    outcome,
    successful: outcome.code === 'tx_success',
    ledger,
    place,
    source,
    sequence: tx.sequence,
    feeSource,
    feeCharged: fee,
    maxFee: parsed.fee,
    accounts: participants(parsed),
  }
}

function orderOf({ hash }: Parsed, seed: number): string {
  return createHash('sha256').update(`${seed} ${hash}`).digest('hex')
}

function makeLedgerRow(sequence: number, closeTs: number, previousHash: string) {
  const hash = createHash('sha256').update(`${previousHash} ${sequence} ${closeTs}`).digest('hex')
  return { sequence, closeTs, hash, previousHash, operations: 0, succeeded: 0, failed: 0 }
}
