import { AppError } from '../../../src-shared/errors.ts'
import { memberOfText } from '../../../src-shared/treasury/member-text.ts'
import type { Rest, TreasuryRow } from '../../../src-shared/treasury/row.ts'
import { type TreasuryName, treasuryEntries } from '../../../src-shared/treasury/table.ts'

/* Which row of the table a request at the REST door is for, and what it gives it. */

export const API = '/api'

/** One path of a row; a row whose last member may be left out has two. */
export interface Route {
  name: TreasuryName
  row: TreasuryRow
  rest: Rest
  /** below /api: words as they are, members with a colon before them */
  segments: readonly string[]
  /** without the member that may be left out, where there is one */
  isShort: boolean
}

function isMember(segment: string): boolean {
  return segment.startsWith(':')
}

/** The members of the input that stand in a route's path. */
export function pathMembers({ segments }: Pick<Route, 'segments'>): string[] {
  return segments.filter(isMember).map(segment => segment.slice(1))
}

function routesOf(name: TreasuryName, row: TreasuryRow): Route[] {
  const { rest } = row
  if (rest === null) return []
  const segments = rest.path.split('/').slice(1)
  const last = segments.at(-1)!
  if (!last.endsWith('?')) return [{ name, row, rest, segments, isShort: false }]
  const before = segments.slice(0, -1)
  return [
    { name, row, rest, segments: before, isShort: true },
    { name, row, rest, segments: [...before, last.slice(0, -1)], isShort: false },
  ]
}

/** Every path of the door. */
export const routes: readonly Route[] = treasuryEntries.flatMap(([name, row]) => routesOf(name, row))

/** What a path and method lead to; `allowed`: the methods of a path that is known with others only, empty for one that is not known. */
export type Found = { route: Route; members: Record<string, string> } | { route: null; allowed: string[] }

/** Where a word and a member both fit, the word counts: /tokens/balances asks for no token called "balances". Throws AppError rest.request. */
export function findRoute(method: string, path: string): Found {
  const given = segmentsOf(path)
  const fitting = given === null ? [] : routes.filter(({ segments }) => fits(segments, given))
  const route = fitting.filter(({ rest }) => rest.method === method).sort(byWords)[0]
  if (!route) return { route: null, allowed: [...new Set(fitting.map(({ rest }) => rest.method))].sort() }
  const members = route.segments.flatMap((segment, at) => (isMember(segment) ? [[segment.slice(1), given![at]!]] : []))
  return { route, members: Object.fromEntries(members) }
}

function fits(segments: readonly string[], given: readonly string[]): boolean {
  return segments.length === given.length && segments.every((segment, at) => isMember(segment) || segment === given[at])
}

function byWords(a: Route, b: Route): number {
  const at = a.segments.findIndex((segment, index) => isMember(segment) !== isMember(b.segments[index]!))
  return at === -1 ? 0 : isMember(a.segments[at]!) ? 1 : -1
}

/** A path's parts below /api, decoded; null: it lies elsewhere. */
function segmentsOf(path: string): string[] | null {
  if (!path.startsWith(`${API}/`)) return null
  const parts = path.slice(API.length + 1).split('/')
  if (parts.includes('')) return null
  try {
    return parts.map(decodeURIComponent)
  } catch (cause) {
    throw new AppError('rest.request', 'The address has a % that stands for nothing.', { cause })
  }
}

/**
 * A row's input: members from the path, all others from the query of a GET and from the body of a POST. A member that the row does not have is
 * refused, for a misspelt one would be taken as left out. Throws AppError usage, naming the field.
 */
export function inputOf(
  { row, rest }: Route,
  members: Readonly<Record<string, string>>,
  query: URLSearchParams,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (rest.method === 'POST' && query.size > 0) throw wrong([...query.keys()][0]!, 'A POST takes what it needs in its body.')
  const names = [...query.keys()]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw wrong(twice, 'It is there twice.')
  const given = new Map<string, unknown>(Object.entries(body))
  for (const [name, text] of query) given.set(name, fromText(row, name, text))
  for (const name of given.keys()) {
    if (!Object.hasOwn(row.in.shape, name)) throw wrong(name, 'There is no such member.')
    if (Object.hasOwn(members, name)) throw wrong(name, 'It stands in the path.')
  }
  for (const [name, text] of Object.entries(members)) given.set(name, fromText(row, name, text))
  return Object.fromEntries(given)
}

function fromText({ in: { shape } }: TreasuryRow, name: string, text: string): unknown {
  if (!Object.hasOwn(shape, name)) throw wrong(name, 'There is no such member.')
  try {
    return memberOfText(shape[name], text)
  } catch (error) {
    if (error instanceof AppError) throw wrong(name, error.message)
    throw error
  }
}

function wrong(name: string, why: string): AppError {
  const field = name.slice(0, 60)
  return new AppError('usage', `${field}: ${why} Nothing was changed.`, { details: { field } })
}
