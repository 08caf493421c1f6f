import { expect, test } from 'vitest'
import type { LightNode } from '../../src-main/core/rows.ts'
import { type SearchedIn, searchFor } from '../../src-main/core/search.ts'
import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { periodAt } from '../../src-shared/time.ts'

/** The members that are searched. */
const node = (nodeId: number, farmId: number, farmName: string, more: Partial<LightNode> = {}): LightNode =>
  ({ nodeId, farmId, farmName, stateReason: 'reports on time', city: '', country: '', payoutAddress: '', ...more }) as LightNode
const hash = (first: string) => first.padEnd(64, '0')

const all: SearchedIn = {
  period: 102,
  nodes: [
    node(2, 1, 'Alder'),
    node(7, 1, 'Alder', { stateReason: 'asleep for 3 h' }),
    node(27, 2, 'Zonne'),
    node(70, 2, 'Zonne', { city: 'Ghent' }),
    node(77, 2, 'Zonne'),
    node(102, 3, 'Zonne\u202e  West'),
    node(177, 3, 'Zonne\u202e  West', { payoutAddress: 'GABC77' }),
  ],
  labels: new Map([
    [27, { label: 'Attic', note: 'by the window' }],
    [102, { label: '77 in the rack', note: '' }],
  ]),
  periods: [101, 102].map(index => periodAt(index) as PeriodSummary),
  receipts: [],
}
const found = (text: string, limit = 20, more: Partial<SearchedIn> = {}) =>
  searchFor(text, { ...all, ...more }, limit).map(({ kind, id }) => `${kind} ${id}`)

test('each entry is found by its own title, and stands first', () => {
  for (const { title, kind, id } of ['n', 'farm', 'period'].flatMap(text => searchFor(text, all, 50)))
    expect(found(title.toLowerCase())[0], title).toBe(`${kind} ${id}`)
  expect(found('node 77')).toEqual(['node 77'])
  expect(found('farm 2')[0]).toBe('farm 2')
  expect(found('farm 2: zonne')).toEqual(['farm 2'])
  expect(found('period 102')).toEqual(['period 102'])
  expect(found('node 27: attic')).toEqual(['node 27'])
})

test('a number finds what has it as its id, a node first, then what begins with it, then what holds it', () => {
  expect(found('102')).toEqual(['node 102', 'period 102'])
  expect(found('2')).toEqual(['node 2', 'farm 2', 'node 27', 'period 101', 'period 102', 'node 70', 'node 77', 'node 102'])
  expect(found('7')).toEqual(['node 7', 'node 70', 'node 77', 'node 102', 'node 27', 'node 177'])
  expect(found('node 7')).toEqual(['node 7', 'node 70', 'node 77'])
  expect(found('77')).toEqual(['node 77', 'node 102', 'node 177'])
  expect(found('7', 2)).toEqual(['node 7', 'node 70'])
})

test('a farm’s name finds the farm before its nodes, as it is shown', () => {
  expect(found('zonne')).toEqual(['farm 2', 'farm 3', 'node 27', 'node 70', 'node 77', 'node 102', 'node 177'])
  expect(found('zonne west')).toEqual(['farm 3', 'node 102', 'node 177'])
  expect(found('zonne (2)')).toEqual(['node 27', 'node 70', 'node 77'])
})

test('a node is found by what it does and by what the Nodes page finds it by', () => {
  expect(found('asleep')).toEqual(['node 7'])
  expect(found('window')).toEqual(['node 27'])
  expect(found('ghent')).toEqual(['node 70'])
  expect(found('gabc77')).toEqual(['node 177'])
  expect(found('nothing like it')).toEqual([])
})

test('a period is found by its days, a receipt by its hash', () => {
  const { start } = periodAt(101)
  expect(found(new Date(start * 1000).toISOString().slice(0, 10))).toContain('period 101')
  const receipts = ['1024', '1024f'].map((first, at) => ({ period: 102, outcome: { nodeId: at, hash: hash(first) } }))
  expect(found('1024', 20, { receipts })).toEqual(receipts.map(({ outcome }) => `receipt ${outcome.hash}`))
  expect(found(hash('1024f'), 1, { receipts })).toEqual([`receipt ${hash('1024f')}`])
})
