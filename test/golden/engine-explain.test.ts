import { describe, expect, test } from 'vitest'
import { overviewCsv, receiptsNdjson } from '../../src-main/engines/minting/outputs.ts'
import { resultProblems } from '../../src-main/engines/minting/problems.ts'
import { createV3Mint, type MintResult } from '../../src-main/engines/minting/v3.ts'
import { explanationSchema } from '../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { type Case, caseNames, coveredTo, expected, feed, readCase } from '../helpers/cases.ts'
import { checkExplanation } from '../helpers/explain-identities.ts'
import { partOf } from '../helpers/part-of-grid.ts'

const names = caseNames().filter(name => expected(name, 'error') === null)

describe('the explanation of every node of every case adds up', () => {
  for (const name of names) {
    test(name, () => {
      const c = readCase(name)
      const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest', explain: () => true })
      feed(c.blocks, fold)
      const result = fold.finish(coveredTo(c))
      // recording the steps must not change what they explain
      expect(receiptsNdjson(result.nodes)).toBe(expected(name, 'receipts.ndjson'))
      for (const node of result.nodes) {
        const explanation = fold.explanation(node.nodeId)
        // it fits the contract
        explanationSchema.encode(explanation)
        checkExplanation(explanation, node, PERIOD_SEC)
      }
    })
  }
})

describe('parts of a grid give the whole', () => {
  const c = readCase('mixed_random')
  const whole = mint(c, () => true)

  function mint(of: Case, keep: (nodeId: number) => boolean): MintResult {
    const part = partOf(of, keep)
    const fold = createV3Mint(part.header, part.start, part.end, { resources: 'latest' })
    feed(part.blocks, fold)
    return fold.finish(coveredTo(of))
  }

  test.each([2, 3, 7, 40])('%i parts, each its own fold', count => {
    const parts = Array.from({ length: count }, (_, index) => mint(c, nodeId => nodeId % count === index))
    const nodes = parts.flatMap(part => part.nodes).sort((a, b) => a.nodeId - b.nodeId)
    expect(nodes).toEqual(whole.nodes)
    expect(resultProblems({ ...parts[0]!, nodes }, c.end, [])).toEqual(resultProblems(whole, c.end, []))
    expect(overviewCsv(nodes)).toBe(expected('mixed_random', 'overview.csv'))
  })

  test('parts one after the other through one fold, block numbers starting again', () => {
    const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest' })
    for (const odd of [0, 1]) feed(partOf(c, nodeId => nodeId % 2 === odd).blocks, fold)
    expect(fold.finish(coveredTo(c))).toEqual(whole)
  })
})

test('the clauses that pay or cost are told', () => {
  const c = readCase('farmerbot_slow_boot')
  const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest', explain: () => true })
  feed(c.blocks, fold)
  fold.finish(coveredTo(c))
  const explanation = fold.explanation(1)
  const kinds = explanation.steps.map(step => step.kind)
  expect(kinds).toContain('first-report')
  expect(kinds).toContain('sleep')
  expect(kinds).toContain('boot-request')
  const refused = explanation.steps.find(step => step.kind === 'wake-refused')!
  expect(refused.creditedSec).toBe(0)
  expect(refused.evidence).toMatchObject({ tooSlow: true, tooLong: false })
  expect(explanation.downtimes).toContainEqual(expect.objectContaining({ cause: 'sleep-refused', lostSec: refused.lostSec }))
  expect(() => fold.explanation(999)).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('a derivation has its inputs filled in', () => {
  const c = readCase('nru_ip_usage')
  const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest', explain: () => true })
  feed(c.blocks, fold)
  fold.finish(coveredTo(c))
  const lines = Object.fromEntries(fold.explanation(1).derivation.map(line => [line.name, line]))
  expect(lines.cu).toMatchObject({ formula: 'min(8 × 2, (32 − 1) / 4, 512 / 50)', value: '7.750000', unit: 'CU' })
  expect(lines['ip-hours']).toMatchObject({ formula: '5256000 IP seconds / 3600', value: '1460', unit: 'hours' })
  expect(lines['base-usd']).toMatchObject({ formula: '7.750000 × 2.400 + 3.754666 × 1.000 + 243.333581 × 0.030', value: '29.654' })
  expect(lines.tokens).toMatchObject({ formula: '(29.654 + 7.300) / 0.080', value: '461.9250000', unit: 'TFT' })
  expect(lines.sla).toMatchObject({ formula: '1000 ≥ 950', value: 'met' })
  expect(lines.tft).toMatchObject({ formula: '461.9250000 × 1000 / 1000', value: '461.9250000' })
})

test('a policy that means percent is told as such', () => {
  const c = readCase('policy4_95_is_permill')
  const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest', explain: () => true })
  feed(c.blocks, fold)
  const result = fold.finish(coveredTo(c))
  const sla = fold.explanation(1).derivation.find(line => line.name === 'sla')!
  expect(sla.note).toBe('policies hold this figure in percent; the rule compares it with permille, so 95 means 9.5 %')
  expect(resultProblems(result, c.end, [])).toContainEqual(expect.objectContaining({ kind: 'deviation', subject: 'policy 4' }))
})
