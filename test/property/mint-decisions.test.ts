import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { actOnMint, triggerSaved } from '../../src-main/core/mint-commands.ts'
import { filterMints, type MintLine, sortMints, sumMints } from '../../src-main/core/mint-lines.ts'
import { createMintView, type MintView } from '../../src-main/core/mint-view.ts'
import { onceOf } from '../../src-main/core/once.ts'
import { openStore, type Store } from '../../src-main/store/index.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { loadDecisions } from '../../src-main/store/mint-decisions.ts'
import { dropNodeRuns, type NodeMintRow, saveNodeRun } from '../../src-main/store/node-mints.ts'
import { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { runs } from '../helpers/runs.ts'

/* Whatever becomes of the data and whoever decides in whatever order: no second of a node is decided twice, and no mint. */

let folder: string
let store: Store

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-decisions-'))
  store = openStore(join(folder, 'data'), { mode: 'write', nowMs: () => 1_800_000_000_000 })
})
afterAll(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

function mint(nodeId: number, startTs: number, rewardUnits: bigint): Omit<NodeMintRow, 'period'> {
  return {
    ...{ nodeId, startTs, endTs: startTs + PERIOD_SEC, closedTs: startTs + PERIOD_SEC + 9, farmId: nodeId, farmName: `f${nodeId}` },
    ...{ farmTwinId: nodeId, policyId: 1, uptimeSec: PERIOD_SEC, violation: null, outcome: 'scaled', rewardUnits, carbonUnits: 0n },
    utilization: { cru: 0, mru: 0, hru: null, sru: null },
    hash: `${nodeId}${startTs}${rewardUnits}`.padStart(64, '0'),
    record: '{}',
  }
}

/** A node's history as some data tells it: periods that follow each other from an offset, each with its amount. */
const history = fc.record({
  nodeId: fc.integer({ min: 1, max: 3 }),
  offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: PERIOD_SEC }), fc.constant(PERIOD_SEC - 1), fc.constant(PERIOD_SEC)),
  amounts: fc.array(fc.bigInt({ min: 0n, max: 5n }), { minLength: 1, maxLength: 4 }),
})
/** What the data says at one time, and what somebody then does. */
const chapter = fc.record({
  histories: fc.uniqueArray(history, { selector: ({ nodeId }) => nodeId, minLength: 1, maxLength: 3 }),
  does: fc.oneof(
    fc.constant({ kind: 'job' as const }),
    fc.record({ kind: fc.constantFrom('claim' as const, 'fail' as const), which: fc.nat(20) }),
  ),
})
const network = 'lab'
let runKey = 0
let command = 0

function show(histories: { nodeId: number; offset: number; amounts: bigint[] }[]): void {
  dropNodeRuns(store, 0)
  const mints = histories.flatMap(({ nodeId, offset, amounts }) =>
    amounts.map((amount, i) => mint(nodeId, 1_700_000_000 + offset + i * PERIOD_SEC, amount)),
  )
  saveNodeRun(store, { period: 1, key: `run ${runKey++}`, coveredBlock: 1, computedTs: 1, problems: [] }, mints, new Map())
}

function act(view: MintView, line: MintLine, action: { kind: 'claim' } | { kind: 'failed'; attempt: number; reason: string }): void {
  const input = { nodeId: line.nodeId, start: line.startTs, mintId: line.hash, action }
  try {
    const once = onceOf(store, { actor: 'me', idempotencyKey: `key ${command++}`, command: 'mints.act', input })
    actOnMint(view, input, { id: 'me' }, once)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'mint.refused') throw error
  }
}

test('no second of a node is decided twice, however the data shifts and whoever decides', () => {
  let decidedSome = 0
  let overlapped = 0
  fc.assert(
    fc.property(fc.array(chapter, { minLength: 1, maxLength: 6 }), chapters => {
      store.books.exec('DELETE FROM mint_decisions')
      // nothing is stored but runs, so the network is the one that is followed
      const view = createMintView({ active: () => ({ store, demo: false }), books: store, followed: () => network })
      for (const { histories, does } of chapters) {
        show(histories)
        saveMintConfig(store, network, {
          ...defaultMintConfig,
          rules: 'node-period',
          trigger: does.kind === 'job' ? 'permissionless' : 'claim',
        })
        const lines = view.lines()
        overlapped += lines.filter(({ stage }) => stage === 'overlaps').length
        if (does.kind === 'job') {
          triggerSaved(view)
          // what the job leaves is not its own to decide, and another round decides nothing more
          expect(view.lines().filter(({ stage }) => stage === 'claimable')).toEqual([])
          expect(triggerSaved(view)).toBe(0)
        } else {
          const line = lines[does.which % lines.length]!
          if (does.kind === 'claim') act(view, line, { kind: 'claim' })
          else act(view, line, { kind: 'failed', attempt: 1, reason: 'no' })
        }
        const stored = loadDecisions(store, network).filter(({ decision }) => decision.decided !== null)
        decidedSome += stored.length
        for (const one of stored)
          for (const other of stored)
            if (one !== other && one.nodeId === other.nodeId)
              expect(Math.abs(one.startTs - other.startTs)).toBeGreaterThanOrEqual(PERIOD_SEC)
        // what the view says of each mint is what a view says that reads everything anew
        const fresh = createMintView({ active: () => ({ store, demo: false }), books: store, followed: () => network })
        expect(view.lines()).toEqual(fresh.lines())
        // nothing that was decided is ever out of sight, and each is counted once
        const listed = sumMints(view.listed())
        expect(listed.decided).toBe(stored.length)
        expect(listed.decidedUnits).toBe(stored.reduce((sum, { decision }) => sum + decision.decided!.amountUnits, 0n))
        const sums = sumMints(view.lines())
        expect(sums.claimable + sums.decided + sums.paid).toBeLessThanOrEqual(view.lines().length)
      }
    }),
    runs(60),
  )
  expect(decidedSome).toBeGreaterThan(0)
  expect(overlapped).toBeGreaterThan(0)
})

test('a list filtered by its stages falls apart into all of it, and sorting loses nothing', () => {
  fc.assert(
    fc.property(
      fc.array(chapter, { minLength: 1, maxLength: 2 }),
      fc.constantFrom('stage', 'nodeId', 'farm', 'amount', 'closed', 'uptime'),
      (chapters, sort) => {
        store.books.exec('DELETE FROM mint_decisions')
        saveMintConfig(store, network, { ...defaultMintConfig, rules: 'node-period' })
        const view = createMintView({ active: () => ({ store, demo: false }), books: store, followed: () => network })
        for (const { histories } of chapters) {
          show(histories)
          triggerSaved(view)
        }
        const lines = view.lines()
        const parts = (['claimable', 'decided', 'paid', 'failed', 'nothing', 'overlaps'] as const).map(stage =>
          filterMints(lines, new Map(), { stage }),
        )
        expect(new Set(parts.flat())).toEqual(new Set(lines))
        expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(lines.length)
        expect(new Set(sortMints(lines, sort, true))).toEqual(new Set(lines))
      },
    ),
    runs(40),
  )
})
