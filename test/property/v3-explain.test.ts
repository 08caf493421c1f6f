import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createV3Mint, type MintResult } from '../../src-main/engines/minting/v3.ts'
import { AppError } from '../../src-shared/errors.ts'
import { PERIOD_SEC, POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { feed } from '../helpers/cases.ts'
import { checkExplanation } from '../helpers/explain-identities.ts'
import type { PlainArchive } from '../helpers/naive-v3.ts'
import { randomHistory } from '../helpers/random-history.ts'
import { runs } from '../helpers/runs.ts'

function mint(archive: PlainArchive, explain: boolean) {
  const fold = createV3Mint(archive.header, archive.start, archive.end, { resources: 'latest', explain: () => explain })
  let result: MintResult | null = null
  try {
    feed(archive.blocks, fold)
    result = fold.finish(archive.end.block + POST_PERIOD_BLOCKS)
  } catch (error) {
    // an inconsistent history has nothing to explain; that both sides refuse the same is v3-naive's part
    if (!(error instanceof AppError) || error.code !== 'mint.inconsistent') throw error
  }
  return { fold, result }
}

test('over random histories explanations add up and recording them changes nothing', () => {
  let explained = 0
  const { numRuns, seed } = runs(200)
  fc.assert(
    fc.property(randomHistory, archive => {
      const { fold, result } = mint(archive, true)
      expect(result).toEqual(mint(archive, false).result)
      if (result === null) return
      for (const node of result.nodes) {
        // figures past 2^53 are carried exactly where they decide, but are rounded where they are only shown
        const explanation = fold.explanation(node.nodeId)
        if (explanation.steps.some(step => !Number.isSafeInteger(step.toTs))) continue
        checkExplanation(explanation, node, PERIOD_SEC)
        explained++
      }
    }),
    { numRuns, seed },
  )
  expect(explained).toBeGreaterThan(numRuns / 2)
})
