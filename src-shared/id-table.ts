/** Records by chain id. Ids are mostly small and dense, and an array is several times as fast as a map on millions of look-ups. */
export interface IdTable<T> {
  get(id: number): T | undefined
  set(id: number, record: T | undefined): void
  /** by id, rising */
  each(visit: (record: T) => void): void
  clear(): void
}

/** Ids from here on go to a map, so that a stray huge id costs no memory. */
const DENSE_IDS = 1 << 21

export function createIdTable<T>(): IdTable<T> {
  const dense: (T | undefined)[] = []
  const sparse = new Map<number, T>()
  // so that neither `each` nor `clear` goes through all the ids that nobody has
  let ids: number[] = []
  let isSorted = true
  const get = (id: number): T | undefined => (id < DENSE_IDS ? dense[id] : sparse.get(id))
  function put(id: number, record: T | undefined): void {
    if (id < DENSE_IDS) dense[id] = record
    else if (record === undefined) sparse.delete(id)
    else sparse.set(id, record)
  }
  return {
    get,
    set(id, record) {
      const isNew = get(id) === undefined
      // filled, so that the array keeps its fast form
      if (id < DENSE_IDS) while (dense.length < id) dense.push(undefined)
      put(id, record)
      if (record === undefined) ids = ids.filter(known => known !== id)
      else if (isNew) {
        isSorted &&= ids.length === 0 || ids[ids.length - 1]! < id
        ids.push(id)
      }
    },
    each(visit) {
      if (!isSorted) ids.sort((a, b) => a - b)
      isSorted = true
      for (const id of ids) visit(get(id)!)
    },
    clear() {
      for (const id of ids) put(id, undefined)
      ids = []
      isSorted = true
    },
  }
}
