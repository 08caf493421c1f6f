import { formatUtc } from '../../src-shared/time.ts'
import { TREASURY_ENTITY } from '../../src-shared/treasury/entities.ts'
import { type HourFigures, movementOf } from '../engines/tokens/figures.ts'
import { readTransaction, writeTransaction } from '../store/db.ts'
import {
  countedUntil,
  entriesOf,
  HOUR_SEC,
  heldBefore,
  lastHourBefore,
  listHours,
  loadHours,
  replaceHours,
  soundUntil,
  type TokenHour,
} from '../store/ledger-hours.ts'
import type { Store } from '../store/open.ts'

/*
 * Figures of the ledger by the hour. Hours that are over are counted once and kept; the running one, and whatever was posted later for a time
 * that was counted already, is counted when it is asked for. So payments themselves cost nothing more, and what is read is always exact.
 */

/** What of a token was there when the hour that is counted began, and since. */
interface Running {
  supplyUnits: bigint
  treasuryUnits: bigint
  held: Map<string, bigint>
  holders: number
}

/** Counts the hours of the ledger from `fromHour` on, in their order for each token; `token` null: of all. */
export function countHours(store: Store, token: string | null, fromHour: number): TokenHour[] {
  const fromTs = fromHour * HOUR_SEC
  const running = runningBefore(store, token, fromTs)
  const counted: TokenHour[] = []
  const open = new Map<string, TokenHour>()
  for (const { ts, token: of, postings } of entriesOf(store, token, fromTs)) {
    const hour = Math.floor(ts / HOUR_SEC)
    const state = stateOf(running, of)
    let figures = open.get(of)
    if (figures?.hour !== hour) {
      figures = { token: of, hour, supplyUnits: 0n, treasuryUnits: 0n, holders: 0, ...NOTHING_MOVED }
      open.set(of, figures)
      counted.push(figures)
    }
    const { mintedUnits, burntUnits, transferredUnits, nets } = movementOf(postings)
    for (const [entity, net] of nets) add(state, entity, net)
    state.supplyUnits += mintedUnits - burntUnits
    figures.mintedUnits += mintedUnits
    figures.burntUnits += burntUnits
    figures.transferredUnits += transferredUnits
    figures.movements++
    const { supplyUnits, treasuryUnits, holders } = state
    Object.assign(figures, { supplyUnits, treasuryUnits, holders })
  }
  return counted
}

const NOTHING_MOVED = { mintedUnits: 0n, burntUnits: 0n, transferredUnits: 0n, movements: 0 }

function add(state: Running, entity: string, units: bigint): void {
  const before = state.held.get(entity) ?? 0n
  const after = before + units
  state.held.set(entity, after)
  if (entity === TREASURY_ENTITY) state.treasuryUnits = after
  if (before > 0n !== after > 0n) state.holders += after > 0n ? 1 : -1
}

function stateOf(running: Map<string, Running>, token: string): Running {
  let state = running.get(token)
  if (!state) {
    state = { supplyUnits: 0n, treasuryUnits: 0n, held: new Map(), holders: 0 }
    running.set(token, state)
  }
  return state
}

function runningBefore(store: Store, token: string | null, ts: number): Map<string, Running> {
  const running = new Map<string, Running>()
  if (ts <= 0) return running
  for (const { entity, token: of, isIssuance, units } of heldBefore(store, token, ts)) {
    const state = stateOf(running, of)
    if (isIssuance) state.supplyUnits = -units
    else if (units !== 0n) add(state, entity, units)
  }
  return running
}

/** A token's hours in which something moved, from `fromHour` up to `toHour`, the end inclusive, and the last one before them. */
export function readHours(
  store: Store,
  token: string,
  fromHour: number,
  toHour: number,
): { before: HourFigures | null; hours: HourFigures[] } {
  return readTransaction(store.books, 'books.db', () => {
    const sound = soundUntil(store)
    const fresh = sound > toHour ? [] : countHours(store, token, sound)
    const hours = [
      ...loadHours(store, token, fromHour, Math.min(sound, toHour + 1)),
      ...fresh.filter(({ hour }) => hour >= fromHour && hour <= toHour),
    ]
    const before = fresh.findLast(({ hour }) => hour < fromHour) ?? lastHourBefore(store, token, Math.min(sound, fromHour))
    return { before, hours }
  })
}

/**
 * Counts and keeps the hours that are over by now (seconds since the epoch), where that was not done yet. Gives whether it did anything: once
 * an hour it does, and after the clock was set back.
 */
export function keepHours(store: Store, nowTs: number): boolean {
  const nowHour = Math.floor(nowTs / HOUR_SEC)
  if (countedUntil(store).hour === nowHour) return false
  writeTransaction(store.books, 'books.db', () => {
    const from = Math.min(soundUntil(store), nowHour)
    const over = countHours(store, null, from).filter(({ hour }) => hour < nowHour)
    replaceHours(store, from, over, nowHour)
  })
  return true
}

/** Counts all hours anew that were kept. Whoever calls it holds the transaction. */
export function rebuildHours(store: Store): void {
  const { hour: end } = countedUntil(store)
  replaceHours(
    store,
    0,
    countHours(store, null, 0).filter(({ hour }) => hour < end),
    end,
  )
}

/** Where kept hours are others than the ledger gives, in words; empty where all are right. */
export function checkHours(store: Store): string[] {
  return readTransaction(store.books, 'books.db', () => {
    const sound = soundUntil(store)
    const right = new Map<string, TokenHour>()
    for (const figures of countHours(store, null, 0)) if (figures.hour < sound) right.set(nameOf(figures), figures)
    const wrong: string[] = []
    for (const kept of listHours(store)) {
      if (kept.hour >= sound) continue
      const figures = right.get(nameOf(kept))
      right.delete(nameOf(kept))
      if (!figures || !isSame(kept, figures)) wrong.push(`The figures of ${nameOf(kept)} are others than its entries come to.`)
    }
    return [...wrong, ...[...right.keys()].map(name => `The figures of ${name} are missing.`)]
  })
}

function nameOf({ token, hour }: TokenHour): string {
  return `${token} in the hour from ${formatUtc(hour * HOUR_SEC)}`
}

function isSame(one: TokenHour, other: TokenHour): boolean {
  return (Object.keys(other) as (keyof TokenHour)[]).every(member => one[member] === other[member])
}
