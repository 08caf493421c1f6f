import * as answers from './answers.ts'
import type { ReadFault } from './faults.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerRow, TxRow } from './state.ts'

interface Ask {
  ledger: Ledger
  base: string
  url: URL
  /** the answer is as it was when this was the last ledger */
  seen: LedgerRow
  fault: ReadFault | null
  random: () => number
}

interface Answer {
  status: number
  body: answers.Json
}

interface Item {
  token: bigint
  /** made only for the page that shows it */
  json: () => answers.Json
}

const notFound = (): Answer => ({ status: 404, body: answers.problem(404, 'not_found', 'Resource Missing') })
const badRequest = (field: string): Answer => ({
  status: 400,
  body: answers.problem(400, 'bad_request', 'Bad Request', { invalid_field: field, reason: `${field} is not what it should be` }),
})

/** Every question that reads. */
export function handleRead(ask: Ask): Answer {
  const { ledger, base, url, seen } = ask
  const [room = '', id = '', part = ''] = url.pathname.split('/').slice(1)
  const { passphrase, minFee, ledgers } = ledger.state
  if (room === '') return { status: 200, body: answers.rootAnswer(base, passphrase, ledgers[0] ?? seen, seen) }
  if (room === 'fee_stats') return { status: 200, body: answers.feeStatsAnswer(seen, minFee) }
  if (room === 'ledgers' && id === '') {
    const rows = ledgers.filter(row => row.sequence <= seen.sequence)
    return page(
      ask,
      rows.map(row => ({ token: BigInt(row.sequence) << 32n, json: () => answers.ledgerAnswer(base, row) })),
    )
  }
  if (room === 'ledgers') {
    const row = ledger.ledgerAt(Number(id))
    return row && row.sequence <= seen.sequence ? { status: 200, body: answers.ledgerAnswer(base, row) } : notFound()
  }
  if (room === 'transactions') {
    if (!/^[0-9a-f]{64}$/.test(id)) return badRequest('transaction_hash')
    const row = ledger.txByHash(id)
    const at = row && ledger.ledgerAt(row.ledger)
    if (!row || !at || row.ledger > seen.sequence) return notFound()
    return { status: 200, body: answers.txAnswer(base, row, at, passphrase, id) }
  }
  if (room !== 'accounts') return notFound()
  if (!/^G[A-Z2-7]{55}$/.test(id)) return badRequest('account_id')
  const account = ledger.accountAt(id, seen.sequence)
  if (part === '') return account ? { status: 200, body: answers.accountAnswer(base, account) } : notFound()
  if (part !== 'transactions' && part !== 'payments') return notFound()
  if (!account) return notFound()
  return page(ask, history(ask, id, part))
}

/** Successful ones only, unless the question says `include_failed=true`. */
function history({ ledger, base, url, seen }: Ask, id: string, part: 'transactions' | 'payments'): Item[] {
  const withFailed = url.searchParams.get('include_failed') === 'true'
  const joined = url.searchParams.get('join') === 'transactions'
  const { passphrase, txs } = ledger.state
  const rows = txs.filter(row => row.ledger <= seen.sequence && row.accounts.includes(id) && (withFailed || row.successful))
  const at = (row: TxRow) => ledger.ledgerAt(row.ledger) ?? seen
  if (part === 'transactions')
    return rows.map(row => ({ token: answers.txToken(row), json: () => answers.txAnswer(base, row, at(row), passphrase) }))
  return rows
    .flatMap(row => answers.paymentAnswers(base, row, at(row), passphrase, joined))
    .filter(({ json }) => [json.from, json.to, json.account, json.funder].includes(id))
    .map(({ token, json }) => ({ token, json: () => json }))
}

/** The part of a list, in rising order, that the question asks for: `cursor` excluded, `order`, at most `limit`. */
function page({ url, fault, random }: Ask, items: Item[]): Answer {
  const query = url.searchParams
  const limit = Number(query.get('limit') ?? 10)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) return badRequest('limit')
  const order = query.get('order') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') return badRequest('order')
  const text = query.get('cursor') ?? ''
  if (!/^(\d{0,19}|now)$/.test(text)) return badRequest('cursor')
  const list = order === 'asc' ? items : items.toReversed()
  const cursor = text === '' ? null : text === 'now' ? (items.at(-1)?.token ?? 0n) : BigInt(text)
  const from = cursor === null ? 0 : list.findIndex(({ token }) => (order === 'asc' ? token > cursor : token < cursor))
  const start = from < 0 ? list.length : from
  const moved = fault === 'repeated' ? Math.max(0, start - limit) : fault === 'skipped' ? start + limit : start
  const records = list.slice(moved, moved + limit).map(({ json }) => json())
  if (fault === 'shuffled') shuffle(records, random)
  return { status: 200, body: answers.pageAnswer(url, records) }
}

function shuffle(list: unknown[], random: () => number): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const kept = list[last]
    list[last] = list[other]
    list[other] = kept
  }
}
