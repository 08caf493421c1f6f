import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { tsFromUtc } from '../../../src-shared/time.ts'
import { codesOfResult } from './codes.ts'
import { baseAccount, hexOf, operationsOf, parseEnvelope } from './envelope.ts'
import type { Answer, AskOptions, Horizon } from './horizon.ts'
import type { StellarTx } from './types.ts'

/*
 * History: what stands in ledgers. A transaction is decoded from its envelope, whose hash must be the one that Horizon names: what
 * Horizon says of it otherwise is not believed.
 */

export const txSchema = z.object({
  hash: z.string(),
  paging_token: z.string().regex(/^\d{1,19}$/),
  successful: z.boolean(),
  ledger: z.number().int(),
  created_at: z.string(),
  fee_charged: z.union([z.string().regex(/^\d{1,19}$/), z.number().int()]).transform(value => BigInt(value)),
  envelope_xdr: z.string(),
  result_xdr: z.string(),
})

/** Throws AppError stellar.answer where the record contradicts itself. */
export function txOf(horizon: Horizon, record: z.infer<typeof txSchema>): StellarTx {
  const { outer, inner } = parseEnvelope(record.envelope_xdr, horizon.passphrase)
  const [hash, innerHash] = [hexOf(outer.hash()), outer === inner ? null : hexOf(inner.hash())]
  const ts = tsFromUtc(record.created_at)
  const codes = codesOfResult(record.result_xdr)
  const isSound = (record.hash === hash || record.hash === innerHash) && ts !== null && codes !== null
  if (!isSound || (codes.transaction === 'tx_success') !== record.successful)
    throw new AppError(
      'stellar.answer',
      `What Horizon at ${horizon.url} says of transaction ${record.hash.slice(0, 64)} contradicts itself, or it is of another network. Use another one.`,
      { details: { url: horizon.url } },
    )
  return {
    hash,
    innerHash,
    successful: record.successful,
    ledger: record.ledger,
    ts,
    source: baseAccount(inner.source),
    sequence: BigInt(inner.sequence),
    feeChargedStroops: record.fee_charged,
    memoHash: inner.memo.type === 'hash' && inner.memo.value instanceof Uint8Array ? hexOf(inner.memo.value) : null,
    ...operationsOf(inner),
    codes,
    token: BigInt(record.paging_token),
  }
}

/** A transaction by its hash, or by that of what a fee bump wraps; null where no ledger that Horizon knows holds it. Throws AppError stellar.*. */
export async function findByHash(horizon: Horizon, hash: string, options?: AskOptions): Promise<StellarTx | null> {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new AppError('usage', 'A transaction is named by 64 hex digits.')
  const answer = await horizon.read(`/transactions/${hash}`, {}, txSchema, options)
  if (!answer) return null
  const tx = txOf(horizon, answer.value)
  if (tx.hash === hash || tx.innerHash === hash) return tx
  throw new AppError('stellar.answer', `Horizon at ${horizon.url} answered with another transaction. Use another one.`, {
    details: { url: horizon.url },
  })
}

/** Most records of a page that Horizon gives. */
const pageSize = 200
const txPageSchema = z.object({ _embedded: z.object({ records: z.array(txSchema) }) })
type TxPage = z.infer<typeof txPageSchema>
/** How often a page may fail to fit the one before it until Horizon is given up. */
const mostMisfits = 8

interface Paged {
  paging_token: string
}

function pageSchema<T extends Paged>(record: z.ZodType<T>) {
  return z.object({ _embedded: z.object({ records: z.array(record) }) })
}

/**
 * A list of Horizon's in rising order, page by page, each with the token of its last record. Every page is asked for with the last known
 * record once more, and must begin with it: a page that was sent again, left out or is older than the one before is asked for anew.
 * `cursor`: the token of a record of this very list, to go on after it; null: from the beginning. Throws AppError stellar.answer where
 * pages never fit, stellar.*, cancelled.
 */
export async function* readPages<T extends Paged>(
  horizon: Horizon,
  list: { path: string; query?: Record<string, string>; record: z.ZodType<T>; cursor: bigint | null },
  { signal }: AskOptions = {},
): AsyncGenerator<{ records: T[]; cursor: bigint }> {
  const schema = pageSchema(list.record)
  const ask = async (query: Record<string, string>) => {
    const answer = await horizon.read(list.path, { ...list.query, ...query }, schema, { signal })
    const records = (answer?.value._embedded.records ?? []).map(record => ({ record, token: BigInt(record.paging_token) }))
    return records.sort((a, b) => (a.token < b.token ? -1 : 1))
  }
  const first = list.cursor === null ? await firstToken(ask) : null
  let last = list.cursor ?? first
  // the first record of all is known by its token only, and still to be given
  let isFirstNew = first !== null
  let misfits = 0
  while (last !== null) {
    const page = await ask({ order: 'asc', limit: String(pageSize), cursor: (last - 1n).toString() })
    if (page[0]?.token !== last) {
      if (++misfits >= mostMisfits) throw misfit(horizon, list.path)
      await pause(horizon, misfits, signal)
      continue
    }
    misfits = 0
    const known = last
    const fresh = page.filter(({ token }, place) => (isFirstNew ? token >= known : token > known) && token !== page[place - 1]?.token)
    const newest = fresh.at(-1)
    if (!newest) return
    isFirstNew = false
    last = newest.token
    yield { records: fresh.map(({ record }) => record), cursor: newest.token }
  }
}

type Ask = (query: Record<string, string>) => Promise<{ token: bigint }[]>

/** The list's oldest record: the first that is given, unless one is found before it. Nothing before it must be said twice. */
async function firstToken(ask: Ask): Promise<bigint | null> {
  let token = (await ask({ order: 'asc', limit: '1' }))[0]?.token
  for (let agreed = 0; agreed < 2; agreed++) {
    const again: bigint | undefined = (
      token === undefined ? await ask({ order: 'asc', limit: '1' }) : await ask({ order: 'desc', limit: '1', cursor: token.toString() })
    )[0]?.token
    if (again === undefined || (token !== undefined && again >= token)) continue
    token = again
    agreed = -1
  }
  return token ?? null
}

function pause(horizon: Horizon, misfits: number, signal: AbortSignal | undefined): Promise<unknown> {
  return horizon.sleep(200 * 2 ** misfits * (0.5 + horizon.random() / 2), signal).catch(() => {
    throw new AppError('cancelled', 'Stopped on request.')
  })
}

function misfit(horizon: Horizon, path: string): AppError {
  return new AppError(
    'stellar.answer',
    `Horizon at ${horizon.url} gives pages of ${path} that don't follow one another, or has thrown away the history up to where reading stopped. Use another one, or read from the beginning.`,
    { details: { url: horizon.url, path } },
  )
}

/**
 * An account's transactions, failed ones too, from after `cursor` (a token that this gave before; null: from the beginning) to the last
 * that Horizon has. Throws AppError stellar.*, cancelled.
 */
export async function* readTransactions(
  horizon: Horizon,
  { account, cursor }: { account: string; cursor: bigint | null },
  options?: AskOptions,
): AsyncGenerator<{ txs: StellarTx[]; cursor: bigint }> {
  const list = { path: `/accounts/${account}/transactions`, query: { include_failed: 'true' }, record: txSchema, cursor }
  for await (const page of readPages(horizon, list, options))
    yield { txs: page.records.map(record => txOf(horizon, record)), cursor: page.cursor }
}

export interface MemoIndex {
  /** reads what is new */
  refresh(options?: AskOptions): Promise<void>
  /** transactions with this memo hash, successful and failed, oldest first */
  find(memoHash: string): readonly StellarTx[]
  cursor(): bigint | null
}

/**
 * An account's history by memo, kept up to date page by page, so that asking for thousands of memos costs no thousands of questions.
 * `cursor` leaves out what is older than the first payment that could matter.
 */
export function createMemoIndex(horizon: Horizon, account: string, cursor: bigint | null = null): MemoIndex {
  const byMemo = new Map<string, StellarTx[]>()
  let last = cursor
  return {
    async refresh(options) {
      for await (const page of readTransactions(horizon, { account, cursor: last }, options)) {
        for (const tx of page.txs) {
          if (tx.memoHash === null) continue
          const known = byMemo.get(tx.memoHash)
          if (known) known.push(tx)
          else byMemo.set(tx.memoHash, [tx])
        }
        last = page.cursor
      }
    },
    find: memoHash => byMemo.get(memoHash) ?? [],
    cursor: () => last,
  }
}

/** An account's transactions with this memo hash. Reads its history from `cursor`; for many memos use createMemoIndex. */
export async function findByMemo(
  horizon: Horizon,
  { account, memoHash, cursor = null }: { account: string; memoHash: string; cursor?: bigint | null },
  options?: AskOptions,
): Promise<readonly StellarTx[]> {
  const index = createMemoIndex(horizon, account, cursor)
  await index.refresh(options)
  return index.find(memoHash)
}

/**
 * The transaction that used a number of an account, looked for from the newest on; null where Horizon's history doesn't show one. Throws
 * AppError stellar.*, cancelled.
 */
export async function findBySequence(
  horizon: Horizon,
  { source, sequence }: { source: string; sequence: bigint },
  options?: AskOptions,
): Promise<StellarTx | null> {
  let cursor: bigint | null = null
  for (;;) {
    const query: Record<string, string> = { order: 'desc', limit: String(pageSize), include_failed: 'true' }
    if (cursor !== null) query.cursor = String(cursor)
    const answer: Answer<TxPage> | null = await horizon.read(`/accounts/${source}/transactions`, query, txPageSchema, options)
    const known: bigint | null = cursor
    const all: StellarTx[] = (answer?.value._embedded.records ?? []).map(record => txOf(horizon, record))
    const txs: StellarTx[] = all.filter(({ token }) => known === null || token < known)
    const own = txs.filter(tx => tx.source === source)
    const found = own.find(tx => tx.sequence === sequence)
    if (found) return found
    if (txs.length === 0 || own.some(tx => tx.sequence < sequence)) return null
    for (const { token } of txs) if (cursor === null || token < cursor) cursor = token
  }
}
