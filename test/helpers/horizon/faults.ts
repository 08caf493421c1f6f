/*
 * What the local Horizon does wrong on request, each of it something that a real one, or what stands before it, does.
 */

/** Of an answer to a reading. */
export const readFaults = [
  'too-many', // 429 with Retry-After
  'error', // 500, nothing done
  'unavailable', // 503 with a page that is no JSON
  'timeout', // 504
  'cut', // the connection ends before the answer
  'half', // the connection ends within the answer
  'no-json', // 200 with something that is no JSON
  'wrong-json', // 200 with JSON of another form
  'stale', // as it was some ledgers ago
  'shuffled', // a page in another order
  'repeated', // the page before, once more
  'skipped', // the page after
] as const
export type ReadFault = (typeof readFaults)[number]

/** Of an answer to a submission: `-before` has not taken it, `-after` has. */
export const submitFaults = [
  'too-many',
  'internal', // 400 with tx_internal_error, not taken
  'try-later', // the node has no room: TRY_AGAIN_LATER, which the waiting door answers with 504
  'error-before',
  'error-after',
  'timeout-before',
  'timeout-after',
  'cut-before',
  'cut-after',
  'no-json-after',
  'late', // taken, but it comes into a ledger only some ledgers later; 504
  'stale-check', // what is in a ledger already isn't looked up first
] as const
export type SubmitFault = (typeof submitFaults)[number]

export interface FaultShares {
  /** of all answers, 0 to 1 */
  share: number
  reads: readonly ReadFault[]
  submits: readonly SubmitFault[]
}

export type Faults = ReturnType<typeof createFaults>

/** Faults by chance, from a seed, and faults that a test asks for in so many words. */
export function createFaults(seed: number) {
  const random = createRandom(seed)
  let shares: FaultShares = { share: 0, reads: [], submits: [] }
  const asked: { fault: ReadFault | SubmitFault; path: RegExp; left: number }[] = []

  function take<T extends string>(path: string, kinds: readonly T[], all: readonly T[]): T | null {
    const wanted = asked.find(each => each.left > 0 && each.path.test(path) && (all as readonly string[]).includes(each.fault))
    if (wanted) {
      wanted.left--
      return wanted.fault as T
    }
    if (kinds.length === 0 || random() >= shares.share) return null
    return kinds[Math.floor(random() * kinds.length)] ?? null
  }

  return {
    random,
    /** from now on; nothing named: none */
    set(next: Partial<FaultShares>) {
      shares = { share: 0, reads: [], submits: [], ...next }
    },
    /** the next `times` questions whose path and query fit */
    next(fault: ReadFault | SubmitFault, path = /./, times = 1) {
      asked.push({ fault, path, left: times })
    },
    read: (path: string) => take(path, shares.reads, readFaults),
    submit: (path: string) => take(path, shares.submits, submitFaults),
  }
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
