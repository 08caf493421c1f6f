/** Records by chain id. Ids are mostly small and dense, and an array is several times as fast as a map on millions of look-ups. */
export interface IdTable<T> {
  get(id: number): T | undefined
  set(id: number, record: T | undefined): void
  each(visit: (record: T) => void): void
}

/** Ids from here on go to a map, so that a stray huge id costs no memory. */
const DENSE_IDS = 1 << 21

export function createIdTable<T>(): IdTable<T> {
  const dense: (T | undefined)[] = []
  const sparse = new Map<number, T>()
  return {
    get: id => (id < DENSE_IDS ? dense[id] : sparse.get(id)),
    set(id, record) {
      if (id >= DENSE_IDS) {
        if (record === undefined) sparse.delete(id)
        else sparse.set(id, record)
      } else {
        // filled, so that the array keeps its fast form
        while (dense.length < id) dense.push(undefined)
        dense[id] = record
      }
    },
    each(visit) {
      for (const record of dense) if (record !== undefined) visit(record)
      for (const record of sparse.values()) visit(record)
    },
  }
}
