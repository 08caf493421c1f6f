import { csv } from '../../../src-shared/csv.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import { MAX_STATEMENT_LINES, MAX_STEPS, type tokenFigureRows } from '../../../src-shared/treasury/token-figures-table.ts'
import { chainTxKey } from '../../../src-shared/treasury/tokens.ts'
import { countSteps, type Flow, flowsIn, stepAround, stepsOf } from '../../engines/tokens/figures.ts'
import { ISSUANCE } from '../../engines/tokens/tokens.ts'
import { readHours } from '../../jobs/ledger-hours.ts'
import { readTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { type Holding, holdingsOf, othersIn, type StatementLine } from '../../store/ledger.ts'
import { entriesOf, HOUR_SEC } from '../../store/ledger-hours.ts'
import { movementsOfChainTx, type Span, statementBetween } from '../../store/ledger-statement.ts'
import { MIRRORED_TOKEN, mirroredBalance, mirroredBetween, mirroredByTx, mirroredHours } from '../../store/tft-mirror.ts'
import { entityName, resolveEntity } from './entities.ts'
import { askedEntity, type TreasuryContext, type TreasuryInput, type TreasuryOutput, type TreasuryQueryHandlers } from './handlers.ts'
import { STELLAR_ACCOUNT, type TokenTools } from './token-handlers.ts'
import { refuseUnknownToken } from './token-table.ts'

type FigureQueries = Pick<TreasuryQueryHandlers, keyof typeof tokenFigureRows>

const DAY_SEC = 86_400
/** What is shown where nobody says from when. */
const USUAL_SPAN_SEC = { hour: 2 * DAY_SEC, day: 90 * DAY_SEC, month: 2 * 365 * DAY_SEC }
const USUAL_FLOWS_SEC = 30 * DAY_SEC

/** Figures, flows and statements of tokens, and what a transaction on a chain stands for. */
export function tokenFigureHandlers({ books, network }: TokenTools): FigureQueries {
  return {
    'tokens.metrics': ({ token, step, ...given }, context) => {
      const { fromTs, toTs } = spanOf(given, context.nowTs, USUAL_SPAN_SEC[step])
      refuseUnknownToken(context, token)
      if (countSteps(fromTs, toTs, step, MAX_STEPS) > MAX_STEPS)
        throw new AppError('usage', `fromTs: This span has more than ${MAX_STEPS} ${step}s. Ask for a shorter one, or for longer steps.`, {
          details: { field: 'fromTs' },
        })
      const fromHour = stepAround(fromTs, step).startTs / HOUR_SEC
      const toHour = stepAround(toTs, step).nextTs / HOUR_SEC - 1
      const { before, hours } =
        token === MIRRORED_TOKEN ? mirroredHours(books, network(), fromHour, toHour) : readHours(books, token, fromHour, toHour)
      return {
        token,
        step,
        rows: stepsOf(hours, before, { fromTs, toTs, step }).map(({ ts, holders, movements, ...units }) => ({
          ...{ ts, supply: units.supplyUnits, circulating: units.circulatingUnits, holders },
          ...{ minted: units.mintedUnits, burnt: units.burntUnits, transferred: units.transferredUnits, movements },
        })),
      }
    },
    'tokens.flows': ({ token, limit, ...given }, context) => {
      const span = spanOf(given, context.nowTs, USUAL_FLOWS_SEC)
      refuseUnknownToken(context, token)
      const flows = token === MIRRORED_TOKEN ? mirroredFlows(books, network(), span) : flowsOf(books, token, span)
      return {
        ...{ token, ...span, pairs: flows.length, amount: flows.reduce((sum, { amountUnits }) => sum + amountUnits, 0n) },
        rows: flows.slice(0, limit).map(({ from, to, amountUnits, movements }) => ({
          ...{ from: partyOf(books, from), to: partyOf(books, to) },
          ...{ amount: amountUnits, movements },
        })),
      }
    },
    'tokens.byChainTx': ({ chainTx: given }) => {
      const chainTx = chainTxKey(given)
      const party = (entity: string) => partyOf(books, entity)
      const booked = movementsOfChainTx(books, chainTx).map(({ kind, from, to, amountUnits, ...said }) => ({
        ...said,
        ...{ type: kind, from: from.map(party), to: to.map(party), amount: amountUnits, chainTx },
      }))
      const paid = mirroredByTx(books, chainTx).map(({ payee, nodeId, receipt, amountUnits, paidTs }) => ({
        ...{ entry: 0, ts: paidTs, type: 'MINT' as const, token: MIRRORED_TOKEN, from: [party(ISSUANCE)], to: [party(payee)] },
        ...{ amount: amountUnits, actor: 'stellar', memo: `node ${nodeId}, receipt ${receipt}`, chainTx },
      }))
      return { chainTx, rows: [...booked, ...paid] }
    },
    'tokens.statement': (input, context) => statement(books, network(), input, context),
  }
}

function spanOf(given: { fromTs?: number | undefined; toTs?: number | undefined }, nowTs: number, usualSec: number): Span {
  const toTs = given.toTs ?? Math.max(nowTs, given.fromTs ?? 0)
  const fromTs = given.fromTs ?? Math.max(0, toTs - usualSec)
  if (fromTs > toTs) throw new AppError('usage', 'fromTs: This span ends before it begins.', { details: { field: 'fromTs' } })
  return { fromTs, toTs }
}

function partyOf(books: Store, entity: string): { entityId: string; name: string } {
  return { entityId: entity, name: entity === ISSUANCE ? 'Issuance' : entityName(books, entity) }
}

/** Who gave how much to whom in all, the most first. */
function flowsOf(books: Store, token: string, { fromTs, toTs }: Span): Flow[] {
  const pairs = new Map<string, Map<string, Flow>>()
  for (const { postings } of entriesOf(books, token, fromTs, toTs))
    for (const { from, to, amountUnits } of flowsIn(postings)) {
      const taken = pairs.get(from) ?? new Map<string, Flow>()
      pairs.set(from, taken)
      const flow = taken.get(to)
      if (!flow) taken.set(to, { from, to, amountUnits, movements: 1 })
      else {
        flow.amountUnits += amountUnits
        flow.movements++
      }
    }
  return [...pairs.values()].flatMap(taken => [...taken.values()]).sort(byAmount)
}

function mirroredFlows(books: Store, network: string | null, span: Span): Flow[] {
  const paid = new Map<string, Flow>()
  for (const { payee, amountUnits } of mirroredBetween(books, network, null, span)) {
    const flow = paid.get(payee) ?? { from: ISSUANCE, to: payee, amountUnits: 0n, movements: 0 }
    paid.set(payee, { ...flow, amountUnits: flow.amountUnits + amountUnits, movements: flow.movements + 1 })
  }
  return [...paid.values()].sort(byAmount)
}

function byAmount(one: Flow, other: Flow): number {
  if (one.amountUnits !== other.amountUnits) return one.amountUnits < other.amountUnits ? 1 : -1
  return one.from === other.from ? (one.to < other.to ? -1 : 1) : one.from < other.from ? -1 : 1
}

/** What a statement is made of: as it was before the span, each posting in it, as it was after. */
interface Account {
  entityId: string
  name: string
  opening: Holding[]
  lines: (StatementLine & { others: string[] })[]
  closing: Holding[]
}

function statement(
  books: Store,
  network: string | null,
  { entityId: named, token: asked, ...given }: TreasuryInput<'tokens.statement'>,
  context: TreasuryContext,
): TreasuryOutput<'tokens.statement'> {
  const span = spanOf({ ...given, fromTs: given.fromTs ?? 0 }, context.nowTs, 0)
  const token = asked ?? null
  if (token !== null) refuseUnknownToken(context, token)
  const account = readTransaction(books.books, 'books.db', () =>
    named !== undefined && STELLAR_ACCOUNT.test(named)
      ? mirroredAccount(books, network, named, span)
      : ledgerAccount(books, askedEntity(context, named === undefined ? null : resolveEntity(books, named)), token, span),
  )
  const { entityId, name, opening, lines, closing } = account
  const day = (ts: number) => formatUtc(ts).slice(0, 10)
  const since = span.fromTs > 0 ? `${day(span.fromTs)}-to-` : 'to-'
  return {
    ...{ entityId, name, ...span, lines: lines.length },
    tokens: closing.map(({ token: of, availableUnits, lockedUnits }) => {
      const before = heldOf(opening, of)
      return {
        token: of,
        ...{ openingAvailable: before.availableUnits, openingLocked: before.lockedUnits },
        ...{ closingAvailable: availableUnits, closingLocked: lockedUnits },
      }
    }),
    fileName: `statement-${fileNamePart(name)}-${since}${day(span.toTs)}.csv`,
    text: statementCsv(books, account, span),
  }
}

function ledgerAccount(books: Store, entityId: string, token: string | null, span: Span): Account {
  const lines = statementBetween(books, entityId, token, span, MAX_STATEMENT_LINES + 1)
  if (lines.length > MAX_STATEMENT_LINES)
    throw new AppError('usage', `fromTs: More than ${MAX_STATEMENT_LINES} postings lie in this span. Ask for a shorter one.`, {
      details: { field: 'fromTs' },
    })
  const at = (ts: number) => holdingsOf(books, entityId, ts).filter(holding => token === null || holding.token === token)
  return {
    ...{ entityId, name: entityName(books, entityId), opening: at(span.fromTs - 1), closing: at(span.toTs) },
    lines: lines.map(line => ({ ...line, others: othersIn(books, line.entry, line.token, entityId) })),
  }
}

function mirroredAccount(books: Store, network: string | null, payee: string, span: Span): Account {
  const at = (ts: number): Holding[] => [
    { token: MIRRORED_TOKEN, availableUnits: network === null ? 0n : mirroredBalance(books, network, payee, ts), lockedUnits: 0n },
  ]
  const lines = mirroredBetween(books, network, payee, span).map(({ tx, receipt, nodeId, amountUnits, paidTs }) => ({
    ...{ entry: 0n, ts: paidTs, kind: 'MINT' as const, actor: 'stellar', memo: `node ${nodeId}, receipt ${receipt}`, chainTx: tx },
    ...{ token: MIRRORED_TOKEN, part: 'available' as const, amountUnits, others: [ISSUANCE] },
  }))
  return { entityId: payee, name: payee, opening: at(span.fromTs - 1), lines, closing: at(span.toTs) }
}

const COLUMNS = ['time', 'entry', 'type', 'token', 'part', 'amount', 'available', 'locked', 'others', 'actor', 'memo', 'chain tx']

/**
 * A statement as CSV: for each token its opening balance, each posting with the balances after it, its closing balance. Throws AppError internal
 * where the postings do not come from the one to the other.
 */
function statementCsv(books: Store, { entityId, opening, lines, closing }: Account, { fromTs, toTs }: Span): string {
  const running = new Map(closing.map(({ token }) => [token, { ...heldOf(opening, token) }]))
  const nameOf = (entity: string) => {
    const name = cleanName(partyOf(books, entity).name)
    return name === entity ? entity : `${name} (${entity})`
  }
  const balances = (token: string) => {
    const { availableUnits, lockedUnits } = running.get(token)!
    return [formatAmount(availableUnits), formatAmount(lockedUnits)]
  }
  const rows: string[][] = closing.map(({ token }) => [
    fromTs === 0 ? '' : formatUtc(fromTs),
    '',
    'OPENING',
    token,
    '',
    '',
    ...balances(token),
    '',
    '',
    '',
    '',
  ])
  for (const { entry, ts, kind, token, part, amountUnits, others, actor, memo, chainTx } of lines) {
    const held = running.get(token)!
    if (part === 'locked') held.lockedUnits += amountUnits
    else held.availableUnits += amountUnits
    rows.push([
      ...[formatUtc(ts), entry === 0n ? '' : `${entry}`, kind, token, part, formatAmount(amountUnits), ...balances(token)],
      ...[others.map(nameOf).join(', '), nameOf(actor), memo, chainTx ?? ''],
    ])
  }
  for (const { token, availableUnits, lockedUnits } of closing) {
    const held = running.get(token)!
    if (held.availableUnits !== availableUnits || held.lockedUnits !== lockedUnits)
      throw new AppError(
        'internal',
        `The postings of ${entityId} in ${token} do not come to its balance. Run granary doctor before you rely on any figure.`,
      )
    rows.push([formatUtc(toTs), '', 'CLOSING', token, '', '', ...balances(token), '', '', '', ''])
  }
  return csv(COLUMNS, rows)
}

function heldOf(holdings: readonly Holding[], token: string): Omit<Holding, 'token'> {
  const { availableUnits, lockedUnits } = holdings.find(holding => holding.token === token) ?? { availableUnits: 0n, lockedUnits: 0n }
  return { availableUnits, lockedUnits }
}

/** Of a name what every file system takes. */
function fileNamePart(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40)
      .toLowerCase() || 'account'
  )
}
