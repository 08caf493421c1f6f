/** Answers a window of node ids in rising order, and how many there are. */
export type FetchIds = (offset: number, limit: number) => Promise<{ ids: number[]; total: number }>

const WINDOW = 50

/**
 * The id before (`-1`) or after (`1`) `nodeId` among all nodes, or null at the ends, with few questions: ids are nearly dense, so
 * the first guess mostly hits; else the range is halved.
 */
export async function neighbourId(fetchIds: FetchIds, nodeId: number, direction: 1 | -1): Promise<number | null> {
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let offset = Math.max(0, nodeId - 1 - WINDOW / 2)
  // a list of 2^50 nodes would be searched by then
  for (let turn = 0; turn < 50; turn++) {
    const { ids, total } = await fetchIds(offset, WINDOW)
    if (total === 0) return null
    high = Math.min(high, total)
    const first = ids[0]
    const last = ids.at(-1)
    if (first !== undefined && last !== undefined) {
      const before = ids.findLast(id => id < nodeId)
      const after = ids.find(id => id > nodeId)
      if (direction === 1 && after !== undefined && (first <= nodeId || offset === 0)) return after
      if (direction === -1 && before !== undefined && (last >= nodeId || offset + ids.length >= total)) return before
      if (direction === 1 && after === undefined && offset + ids.length >= total) return null
      if (direction === -1 && before === undefined && offset === 0) return null
      if (last < nodeId || (last === nodeId && direction === 1)) low = offset + ids.length - 1
      else high = offset + 1
    } else high = Math.min(high, offset)
    if (high <= low) return null
    offset = Math.max(0, Math.min(Math.floor((low + high) / 2) - WINDOW / 2, Math.max(high - 1, 0)))
  }
  return null
}
