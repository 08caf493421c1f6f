import fc from 'fast-check'
import { expect, test } from 'vitest'
import { neighbourId } from '../../src-renderer/pages/node-neighbours.ts'

test('the neighbours are found whatever the ids are, in few questions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 1500 }), fc.nat(), async (list, pick) => {
      const ids = list.sort((a, b) => a - b)
      const at = pick % ids.length
      let questions = 0
      const fetchIds = async (offset: number, limit: number) => {
        questions++
        return { ids: ids.slice(offset, offset + limit), total: ids.length }
      }
      expect(await neighbourId(fetchIds, ids[at]!, 1)).toBe(ids[at + 1] ?? null)
      expect(await neighbourId(fetchIds, ids[at]!, -1)).toBe(ids[at - 1] ?? null)
      expect(questions).toBeLessThan(24)
    }),
  )
})

test('no nodes, no neighbours', async () => {
  expect(await neighbourId(async () => ({ ids: [], total: 0 }), 5, 1)).toBeNull()
})
