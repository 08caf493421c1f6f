/*
 * Watchfulness: rules on payments that mark entities and payments for a person to look at. A mark is no verdict and moves nothing. The
 * rules go from payment to payment in the ledger's order and look back over a window; while the clock runs forwards it makes no
 * difference in how many parts the payments are handed over.
 */

export interface WatchedPayment {
  id: string
  from: string
  to: string
  token: string
  amountUnits: bigint
  ts: number
}

/** The thresholds, from the configuration. */
export interface WatchRules {
  /** how far back circles and own trust look: a day */
  windowSec: number
  /** velocity: more payments than this by one payer within `velocitySec`, or more of one token; null: any amount */
  velocitySec: number
  velocityPayments: number
  velocityUnits: bigint | null
  /** circles: the greatest number of payments in one, and the smallest payment that counts */
  circleMost: number
  circleUnits: bigint
  /** payments of a circle are alike: none is below so many percent of the closing one, nor the closing one of it */
  circleSharePercent: number
  /** own trust: two that pay each other and have at least so many partners in common, each of whom both pay and are paid by */
  trustPartners: number
}

export type WatchRule = 'velocity' | 'circle' | 'own-trust'

/** Something to look at, with its evidence. */
export interface WatchMark {
  rule: WatchRule
  /** sorted; with the rule they name the mark: one that comes again in a later part adds to the earlier one */
  actors: string[]
  /** ids of the payments that show it, in the ledger's order */
  payments: string[]
  /** time of the last of them */
  ts: number
  /** what was found, in words */
  finding: string
}

export interface Watched {
  marks: WatchMark[]
  /** hand it over with the next payments */
  window: readonly WatchedPayment[]
}

/** Money that comes straight back is a refund, not a circle. */
const leastCircle = 3

interface Entry {
  payment: WatchedPayment
  /** place in the ledger's order */
  at: number
}

type Lists = Map<string, Entry[]>

/** The payments that still count, by what the rules look them up with; each list in the ledger's order. */
interface Index {
  bySender: Lists
  byReceiver: Lists
  /** payer and payee */
  byPair: Lists
  /** payees of a payer, some of them perhaps from before the window */
  payees: Map<string, Set<string>>
}

/**
 * Looks at new payments, each with those of the window before it.
 * @param window what the last look returned; empty for the first
 * @param fresh payments since, in the ledger's order; a payment to oneself counts for nothing
 */
export function watchPayments(window: readonly WatchedPayment[], fresh: readonly WatchedPayment[], rules: WatchRules): Watched {
  const all = [...window, ...fresh]
  const index: Index = { bySender: new Map(), byReceiver: new Map(), byPair: new Map(), payees: new Map() }
  const found = new Map<string, WatchMark & { entries: Map<number, string> }>()
  all.forEach((payment, at) => {
    if (payment.from === payment.to) return
    const entry = { payment, at }
    add(index, entry, keptSec(rules))
    if (at < window.length) return
    for (const look of [velocity, circle, ownTrust]) {
      const finding = look(index, entry, rules)
      if (finding) note(found, finding, payment.ts)
    }
  })
  const last = all.at(-1)
  return {
    marks: [...found.values()].map(({ entries, ...mark }) => ({ ...mark, payments: inOrder(entries) })),
    window: last ? all.filter(payment => isNear(payment, last, keptSec(rules))) : [],
  }
}

/** The name of a mark: the same for the same rule and the same actors. */
export function markKey(mark: Pick<WatchMark, 'rule' | 'actors'>): string {
  return JSON.stringify([mark.rule, ...mark.actors])
}

interface Finding {
  rule: WatchRule
  actors: string[]
  entries: readonly Entry[]
  finding: string
}

function velocity(index: Index, { payment }: Entry, rules: WatchRules): Finding | null {
  const { velocitySec, velocityPayments, velocityUnits } = rules
  const entries = near(index.bySender, payment.from, payment, velocitySec)
  const much =
    velocityUnits === null
      ? null
      : latestAbove(
          entries.filter(entry => entry.payment.token === payment.token),
          velocityUnits,
        )
  const isMany = entries.length > velocityPayments
  if (!isMany && much === null) return null
  const hours = `${velocitySec / 3600} h`
  const finding = isMany
    ? `${entries.length} payments within ${hours}; up to ${velocityPayments} are usual.`
    : `More ${payment.token} paid within ${hours} than is usual.`
  // the latest that show it: those before them were noted when they did, and naming them at each payment of thousands would take too long
  const shows = isMany ? entries.slice(-velocityPayments - 1) : much!
  return { rule: 'velocity', actors: [payment.from], entries: shows, finding }
}

/** The latest entries that come to more than an amount; null: all of them do not. */
function latestAbove(entries: readonly Entry[], amountUnits: bigint): readonly Entry[] | null {
  let sum = 0n
  for (let at = entries.length - 1; at >= 0; at--) {
    sum += entries[at]!.payment.amountUnits
    if (sum > amountUnits) return entries.slice(at)
  }
  return null
}

/** A way back from the payer of the closing payment, latest payment first. */
interface Step {
  entry: Entry
  /** what followed; null for the closing payment */
  next: Step | null
}

/**
 * Whether the closing payment ends a circle: back from its payer, each time by an earlier payment of that token and about that amount, to
 * its payee. For every entity the way that leaves the most earlier payments is kept, so a circle that is there is found.
 */
function circle(index: Index, closing: Entry, rules: WatchRules): Finding | null {
  const { amountUnits, token, from, to } = closing.payment
  if (amountUnits < rules.circleUnits) return null
  const latest = new Map<string, number>()
  let reached = new Map<string, Step>([[from, { entry: closing, next: null }]])
  for (let length = 2; length <= rules.circleMost && reached.size > 0; length++) {
    const further = new Map<string, Step>()
    for (const [payee, next] of reached) {
      for (const entry of near(index.byReceiver, payee, closing.payment, rules.windowSec)) {
        const { payment, at } = entry
        if (at >= next.entry.at || payment.token !== token || !isAlike(payment, closing.payment, rules)) continue
        if (payment.from === to) {
          if (length >= leastCircle) return circleFinding({ entry, next }, length)
        } else if (payment.from !== from && at > (latest.get(payment.from) ?? -1)) {
          latest.set(payment.from, at)
          further.set(payment.from, { entry, next })
        }
      }
    }
    reached = further
  }
  return null
}

function circleFinding(first: Step, length: number): Finding {
  const entries: Entry[] = []
  for (let step: Step | null = first; step; step = step.next) entries.push(step.entry)
  const { token } = first.entry.payment
  const actors = entries.map(entry => entry.payment.from)
  return {
    rule: 'circle',
    actors,
    entries,
    finding: `About the same amount of ${token} came back to where it began after ${length} payments.`,
  }
}

function isAlike(hop: WatchedPayment, closing: WatchedPayment, { circleUnits, circleSharePercent }: WatchRules): boolean {
  const share = BigInt(circleSharePercent)
  const isOfSize = hop.amountUnits * 100n >= closing.amountUnits * share && closing.amountUnits * 100n >= hop.amountUnits * share
  return isOfSize && hop.amountUnits >= circleUnits
}

/** Few that all pay each other: every one of them counts as a counterparty of the others, and trust grows by counterparties. */
function ownTrust(index: Index, { payment }: Entry, { trustPartners, windowSec }: WatchRules): Finding | null {
  const { from, to } = payment
  const between = (a: string, b: string): Entry[] => {
    const there = near(index.byPair, pairKey(a, b), payment, windowSec)
    const back = near(index.byPair, pairKey(b, a), payment, windowSec)
    return there.length > 0 && back.length > 0 ? [...there, ...back] : []
  }
  const entries = between(from, to)
  if (entries.length === 0) return null
  const partners: string[] = []
  for (const other of index.payees.get(from) ?? []) {
    if (other === to || !index.payees.get(to)?.has(other)) continue
    const [withFrom, withTo] = [between(from, other), between(to, other)]
    if (withFrom.length === 0 || withTo.length === 0) continue
    partners.push(other)
    entries.push(...withFrom, ...withTo)
  }
  if (partners.length === 0 || partners.length < trustPartners) return null
  const actors = [from, to, ...partners]
  return {
    rule: 'own-trust',
    actors,
    entries,
    finding: `${actors.length} entities pay each other in both directions, which raises the trust of each.`,
  }
}

function note(found: Map<string, WatchMark & { entries: Map<number, string> }>, finding: Finding, ts: number): void {
  const { rule, entries } = finding
  const actors = [...finding.actors].sort()
  const key = markKey({ rule, actors })
  const mark = found.get(key) ?? { rule, actors, payments: [], ts, finding: finding.finding, entries: new Map<number, string>() }
  for (const { at, payment } of entries) mark.entries.set(at, payment.id)
  found.set(key, { ...mark, ts, finding: finding.finding })
}

function inOrder(entries: ReadonlyMap<number, string>): string[] {
  return [...entries].sort(([a], [b]) => a - b).map(([, id]) => id)
}

function add(index: Index, entry: Entry, sec: number): void {
  const { from, to } = entry.payment
  append(index.bySender, from, entry, sec)
  append(index.byReceiver, to, entry, sec)
  append(index.byPair, pairKey(from, to), entry, sec)
  const payees = index.payees.get(from)
  if (payees) payees.add(to)
  else index.payees.set(from, new Set([to]))
}

/** Drops from the list's start what is too old to count again. */
function append(lists: Lists, key: string, entry: Entry, sec: number): void {
  const list = lists.get(key)
  if (!list) return void lists.set(key, [entry])
  const old = list.findIndex(({ payment }) => isNear(payment, entry.payment, sec))
  list.splice(0, old === -1 ? list.length : old)
  list.push(entry)
}

function near(lists: Lists, key: string, payment: WatchedPayment, sec: number): Entry[] {
  return (lists.get(key) ?? []).filter(entry => isNear(entry.payment, payment, sec))
}

/** A clock that was wrong for a while puts payments far ahead as well as far back: neither counts. */
function isNear(one: WatchedPayment, other: WatchedPayment, sec: number): boolean {
  return Math.abs(one.ts - other.ts) < sec
}

function keptSec({ windowSec, velocitySec }: WatchRules): number {
  return Math.max(windowSec, velocitySec)
}

function pairKey(from: string, to: string): string {
  return JSON.stringify([from, to])
}
