import type { DevnetRuntime } from './runtime.ts'
import type { Value } from './scale.ts'

/** The storage of all heights: each key's values, with the height from which each holds. Keys and values are 0x-hex. */
export interface StateHistory {
  /** heights never fall; `null` removes the value */
  set(key: string, height: number, value: string | null): void
  at(key: string, height: number): string | null
  /** keys that have a value at that height, in order, after `start` (exclusive) */
  keys(prefix: string, height: number, start: string, count: number): string[]
  /** as `keys`, without end, with their values at that height */
  entries(prefix: string, height: number): [string, string][]
}

interface Versions {
  heights: number[]
  values: (string | null)[]
}

export function createStateHistory(): StateHistory {
  const history = new Map<string, Versions>()
  let sorted: string[] = []
  /** keys that are not in `sorted` yet */
  let fresh: string[] = []

  const sortedKeys = (): string[] => {
    if (fresh.length > 0) {
      sorted = [...sorted, ...fresh].sort()
      fresh = []
    }
    return sorted
  }
  const at = (key: string, height: number): string | null => {
    const versions = history.get(key)
    if (!versions) return null
    const { heights, values } = versions
    let low = 0
    let high = heights.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (heights[middle]! <= height) low = middle + 1
      else high = middle
    }
    return low === 0 ? null : values[low - 1]!
  }
  const keys = (prefix: string, height: number, start: string, count: number): string[] => {
    const all = sortedKeys()
    const found: string[] = []
    let index = lowerBound(all, start > prefix ? start : prefix)
    if (all[index] === start) index++
    for (; index < all.length && found.length < count && all[index]!.startsWith(prefix); index++)
      if (at(all[index]!, height) !== null) found.push(all[index]!)
    return found
  }
  return {
    set(key, height, value) {
      const versions = history.get(key)
      if (!versions) {
        history.set(key, { heights: [height], values: [value] })
        fresh.push(key)
        return
      }
      const last = versions.heights.length - 1
      if (versions.values[last] === value) return
      if (versions.heights[last] === height) versions.values[last] = value
      else {
        versions.heights.push(height)
        versions.values.push(value)
      }
    },
    at,
    keys,
    entries: (prefix, height) => keys(prefix, height, '', Number.POSITIVE_INFINITY).map((key): [string, string] => [key, at(key, height)!]),
  }
}

function lowerBound(list: readonly string[], value: string): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The state as a block under way sees and changes it, in values of one runtime. */
export interface StateView {
  readonly runtime: DevnetRuntime
  /** the stored value, the item's default, or null */
  get(pallet: string, item: string, ...keys: Value[]): Value
  has(pallet: string, item: string, ...keys: Value[]): boolean
  put(pallet: string, item: string, keys: readonly Value[], value: Value): void
  remove(pallet: string, item: string, ...keys: Value[]): void
}

/** Reads and writes at once, at one height. */
export function viewState(state: StateHistory, runtime: DevnetRuntime, height: number): StateView {
  return viewOf(
    runtime,
    key => state.at(key, height),
    (key, value) => state.set(key, height, value),
  )
}

/** Keeps its changes to itself until `commit`, as a call does that may fail. */
export function overlay(under: StateView): StateView & { commit(): void } {
  const changes = new Map<string, () => void>()
  const values = new Map<string, Value>()
  const keyOf = (pallet: string, item: string, keys: readonly Value[]): string => under.runtime.storageKey(pallet, item, ...keys)
  return {
    runtime: under.runtime,
    get(pallet, item, ...keys) {
      const key = keyOf(pallet, item, keys)
      const changed = values.get(key)
      if (changed === undefined) return under.get(pallet, item, ...keys)
      return changed === null ? under.runtime.fallback(pallet, item) : changed
    },
    has(pallet, item, ...keys) {
      const changed = values.get(keyOf(pallet, item, keys))
      return changed === undefined ? under.has(pallet, item, ...keys) : changed !== null
    },
    put(pallet, item, keys, value) {
      const key = keyOf(pallet, item, keys)
      values.set(key, value)
      changes.set(key, () => under.put(pallet, item, keys, value))
    },
    remove(pallet, item, ...keys) {
      const key = keyOf(pallet, item, keys)
      values.set(key, null)
      changes.set(key, () => under.remove(pallet, item, ...keys))
    },
    commit() {
      for (const change of changes.values()) change()
    },
  }
}

function viewOf(
  runtime: DevnetRuntime,
  read: (key: string) => string | null,
  write: (key: string, value: string | null) => void,
): StateView {
  return {
    runtime,
    get(pallet, item, ...keys) {
      const stored = read(runtime.storageKey(pallet, item, ...keys))
      return stored === null ? runtime.fallback(pallet, item) : runtime.decodeStorage(pallet, item, stored)
    },
    has: (pallet, item, ...keys) => read(runtime.storageKey(pallet, item, ...keys)) !== null,
    put: (pallet, item, keys, value) => write(runtime.storageKey(pallet, item, ...keys), runtime.encodeStorage(pallet, item, value)),
    remove: (pallet, item, ...keys) => write(runtime.storageKey(pallet, item, ...keys), null),
  }
}
