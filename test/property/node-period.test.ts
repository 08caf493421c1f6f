import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainMint } from '../../src-main/engines/minting/node-period/explain.ts'
import { createNodePeriodFold, type NodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { createV3Mint } from '../../src-main/engines/minting/v3.ts'
import { projectNodePeriod } from '../../src-main/engines/projection/node-period.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { GridEvent } from '../../src-shared/grid.ts'
import { PERIOD_SEC, type Period, POST_PERIOD_BLOCKS, periodAt } from '../../src-shared/time.ts'
import type { PlainArchive, PlainBlock } from '../helpers/naive-v3.ts'
import { chainStateAfter, feedBlocks, gridNode, policyOf } from '../helpers/node-period.ts'
import { randomChangeOver, randomNodeLife } from '../helpers/random-node-life.ts'
import { runs } from '../helpers/runs.ts'

/* What must hold of rule set node-period's fold whatever the history. */

const timeout = 3_600_000
const noBoundary = { boundary: null }

function fold(archive: PlainArchive, blocks: readonly PlainBlock[] = archive.blocks, explain = false): NodePeriodFold {
  const folded = createNodePeriodFold(archive.header, archive.start, archive.end, { ...noBoundary, explain: () => explain })
  feedBlocks(blocks, folded)
  return folded
}

/** What the engine refuses is refused however it is fed; those histories say nothing here. */
function refusedAsNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part)))
const withoutMarket = (archive: PlainArchive): PlainArchive => ({
  ...archive,
  blocks: archive.blocks.map(block => ({ ...block, events: block.events.filter(event => !marketEvents.has(event[0])) })),
})
const marketEvents = new Set<GridEvent[0]>([
  'TfgridModule.FarmUpdated',
  'TfgridModule.FarmingPolicyStored',
  'TfgridModule.FarmingPolicyUpdated',
  'TfgridModule.ConnectionPriceSet',
])

test('going on from stored states gives what one fold over everything gives', { timeout }, () => {
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(randomNodeLife().map(withoutMarket), fc.nat(1000), (archive, permille) => {
      const cut = Math.floor((archive.blocks.length * permille) / 1000)
      const [first, second] = [archive.blocks.slice(0, cut), archive.blocks.slice(cut)]
      const last = first.at(-1)
      if (last === undefined || last.ts <= archive.header.period.start) return
      const whole = refusedAsNull(() => fold(archive))
      if (whole === null) return
      const before = fold(archive, first)
      // as an archive's line carries it
      const nodeStates = JSON.parse(JSON.stringify(before.states())) as unknown[]
      const start = { ...archive.start, ...chainStateAfter(archive, first), block: last.n, ts: last.ts, nodeStates }
      const after = createNodePeriodFold({ period: { ...archive.header.period, start: last.ts - 1 } }, start, archive.end, noBoundary)
      // the block of the snapshot once more, as a next period's archive begins with it
      feedBlocks([last, ...second], after)
      const mints = [...before.saved(), ...after.saved()]
      expect(plain(mints)).toEqual(plain(whole.saved()))
      expect(plain(after.running())).toEqual(plain(whole.running()))
    }),
    { numRuns, seed },
  )
})

test('nodes apart give what they give together, with the market told to each', { timeout }, () => {
  const { numRuns, seed } = runs(200)
  fc.assert(
    fc.property(randomNodeLife(), archive => {
      const whole = refusedAsNull(() => fold(archive))
      // the chain never gives a contract's id to another one, so the store keeps a contract with its first node
      if (whole === null || reusesContracts(archive)) return
      const stored = archive.blocks.flatMap(block =>
        block.events.flatMap(event => (event[0] === 'TfgridModule.NodeStored' ? event[1].node.id : [])),
      )
      const ids = [...new Set([...archive.start.nodes.map(node => node.id), ...stored])]
      const apart = createNodePeriodFold(archive.header, { ...archive.start, nodes: [], contracts: [] }, archive.end, noBoundary)
      const ofAll = fold(archive)
      for (const id of ids) {
        const of = (nodeId: number) => nodeId === id
        apart.begin({
          nodes: archive.start.nodes.filter(node => of(node.id)),
          contracts: archive.start.contracts.filter(contract => nodeOfContract(contract) === id),
        })
        feedBlocks(partOf(archive, id), apart)
      }
      const sorted = (saved: ReturnType<NodePeriodFold['saved']>) =>
        plain([...saved].sort((a, b) => a.info.nodeId - b.info.nodeId || a.info.period.start - b.info.period.start))
      expect(sorted(apart.saved())).toEqual(sorted(ofAll.saved()))
    }),
    { numRuns, seed },
  )
})

test('every period is explained to the second and the unit, and those of a node follow each other', { timeout }, () => {
  const { numRuns, seed } = runs(300)
  let mints = 0
  fc.assert(
    fc.property(randomNodeLife(), archive => {
      const folded = refusedAsNull(() => fold(archive, archive.blocks, true))
      if (folded === null) return
      for (const saved of folded.saved()) {
        const mint = refusedAsNull(() => mintOf(saved, { network: 'test', carbon: true }))
        if (mint === null) continue
        mints++
        const explanation = explainMint(mint, saved.story!, 80, null)
        const sum = (pick: 'elapsedSec' | 'creditedSec' | 'lostSec') => explanation.steps.reduce((total, step) => total + step[pick], 0)
        expect(sum('creditedSec')).toBe(mint.info.uptimeSec)
        expect(sum('elapsedSec')).toBe(PERIOD_SEC)
        expect(sum('lostSec')).toBe(PERIOD_SEC - mint.info.uptimeSec)
        expect(mint.info.period.end - mint.info.period.start).toBe(PERIOD_SEC)
        expect(
          explanation.derivation
            .find(line => line.name === 'tft')
            ?.value.replace('.', '')
            .replace(/^0+(?=\d)/, ''),
        ).toBe(String(mint.rewardUnits))
        expect(explanation.violation?.violation ?? null).toBe(mint.info.violation)
        let cursor = mint.info.period.start
        for (const step of explanation.steps) {
          expect(step.fromTs).toBe(cursor)
          cursor = step.toTs
        }
        expect(cursor).toBe(mint.info.period.end)
      }
    }),
    { numRuns, seed },
  )
  console.log(`node-period: ${mints} mints explained`)
})

test('a projection at the end of a period is its mint', { timeout }, () => {
  const { numRuns, seed } = runs(300)
  let seen = 0
  fc.assert(
    fc.property(randomNodeLife(), archive => {
      const folded = refusedAsNull(() => fold(archive))
      if (folded === null) return
      for (const saved of folded.saved()) {
        const mint = refusedAsNull(() => mintOf(saved, { network: 'test', carbon: false }))
        if (mint === null || saved.policy === undefined) continue
        seen++
        const projection = projectNodePeriod(
          { info: saved.info, policy: saved.policy, lastTs: saved.info.period.end },
          saved.info.period.end,
        )
        for (const way of [projection.staysUp, projection.goesDown]) {
          expect(way.units).toBe(mint.rewardUnits)
          expect(way.musd).toBe(mint.rewardMusd)
          expect(way.uptimeSec).toBe(mint.info.uptimeSec)
        }
        expect(projection.over).toBe(true)
      }
    }),
    { numRuns, seed },
  )
  expect(seen).toBeGreaterThan(0)
})

test('a change-over loses no second and pays none twice', { timeout }, () => {
  const { numRuns, seed } = runs(300)
  fc.assert(
    fc.property(randomChangeOver(), ({ archive, boundaryTs }) => {
      const folded = refusedAsNull(() => {
        const changing = createNodePeriodFold(archive.header, archive.start, archive.end, {
          boundary: { ts: boundaryTs, block: null },
          explain: () => true,
        })
        feedBlocks(archive.blocks, changing)
        return changing
      })
      if (folded === null) return
      for (const { info, story } of folded.saved()) {
        // nothing of a node's own period lies before the boundary
        expect(info.period.start).toBeGreaterThanOrEqual(boundaryTs)
        for (const step of story!.steps) expect(step.fromTs).toBeGreaterThanOrEqual(boundaryTs)
        expect(story!.steps.reduce((sum, step) => sum + step.elapsedSec, 0)).toBe(PERIOD_SEC)
      }
    }),
    { numRuns, seed },
  )
})

/** Stretches of up, each after some time off, with the seconds between reports: none so short that a restart looks like jitter. */
const lives = fc.array(
  fc.record({
    offSec: fc.integer({ min: 0, max: 90_000 }),
    gaps: fc.array(fc.integer({ min: 121, max: 2_400 }), { minLength: 1, maxLength: 30 }),
  }),
  { minLength: 2, maxLength: 8 },
)

test('the last fixed period and the node’s own credit every second between them, and none twice', { timeout }, () => {
  const { numRuns, seed } = runs(500)
  fc.assert(
    fc.property(lives, fc.nat(1000), fc.nat(5), (stretches, permille, phase) => {
      const fixed = periodAt(80)
      // the node boots at second 0 and is up for the first stretch; the boundary lies anywhere after its first report
      const reports: { sec: number; uptimeSec: number }[] = []
      let sec = 0
      for (const [index, { offSec, gaps }] of stretches.entries()) {
        const bootSec = sec + (index === 0 ? 0 : offSec)
        sec = bootSec
        for (const gap of gaps) {
          sec += gap
          reports.push({ sec, uptimeSec: sec - bootSec })
        }
      }
      const firstSec = reports[0]!.sec
      const boundarySec = firstSec + Math.floor(((sec - firstSec) * permille) / 1000)
      const originTs = fixed.end - boundarySec
      const archive = lonelyNode(reports, originTs, fixed, phase)
      const v3 = createV3Mint(archive.header, archive.start, archive.end, { resources: 'latest' })
      feedBlocks(archive.blocks, v3)
      const own = createNodePeriodFold(archive.header, archive.start, archive.end, {
        boundary: { ts: fixed.end, block: archive.end.block },
      })
      feedBlocks(archive.blocks, own)
      const fixedSec = v3.finish(archive.end.block + POST_PERIOD_BLOCKS).nodes[0]!.measuredUptimeSec
      const ownSec = own.running()[0]!.open?.info.uptimeSec ?? 0
      const upSec = reports.reduce((sum, { sec: at, uptimeSec }, i) => sum + Math.min(uptimeSec, at - (reports[i - 1]?.sec ?? 0)), 0)
      expect(fixedSec + ownSec).toBe(upSec)
    }),
    { numRuns, seed },
  )
})

/**
 * One node's reports, each in a block of its own second; the end snapshot is that of the first block after the fixed period's end, which
 * is a report's where one comes within the next `phase` seconds.
 */
function lonelyNode(reports: { sec: number; uptimeSec: number }[], originTs: number, fixed: Period, phase: number): PlainArchive {
  const at = (ts: number) => ts - originTs + 1_000
  const endTs = reports.map(({ sec }) => originTs + sec).find(ts => ts > fixed.end && ts <= fixed.end + phase) ?? fixed.end + 1 + phase
  const node = gridNode(1, { connection_price: 80 })
  const twins = [{ id: 1, relay: 'relay', pk: null }]
  const farms = [{ id: 1, name: 'farm', twin_id: 1 }]
  return {
    header: {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'test',
      period: fixed,
      blocks: { first: at(fixed.start + 1), last: at(endTs) },
    },
    start: { kind: 'snapshot', at: 'start', block: at(fixed.start + 1), ts: fixed.start + 1, nodes: [node], contracts: [], power: [] },
    end: { kind: 'snapshot', at: 'end', block: at(endTs), ts: endTs, farms, twins, farmingPolicies: [policyOf(3)], payoutAddresses: [] },
    blocks: reports.map(({ sec, uptimeSec }) => ({
      n: at(originTs + sec),
      ts: originTs + sec,
      events: [['TfgridModule.NodeUptimeReported', { node_id: 1, now: originTs + sec, uptime: uptimeSec }]],
    })),
  }
}

function nodeOfContract({ contract_type: type }: PlainArchive['start']['contracts'][number]): number | null {
  return 'NodeContract' in type ? type.NodeContract.node_id : 'RentContract' in type ? type.RentContract.node_id : null
}

function reusesContracts(archive: PlainArchive): boolean {
  const created = archive.blocks.flatMap(block =>
    block.events.flatMap(event => (event[0] === 'SmartContractModule.ContractCreated' ? event[1].contract.contract_id : [])),
  )
  const ids = [...archive.start.contracts.map(contract => contract.contract_id), ...created]
  return new Set(ids).size < ids.length
}

/** The blocks with only one node's events, those of its contracts, and those of no node. */
function partOf(archive: PlainArchive, id: number): PlainBlock[] {
  const nodes = new Map<number, number | null>(archive.start.contracts.map(contract => [contract.contract_id, nodeOfContract(contract)]))
  const isOwn = (event: GridEvent): boolean => {
    if (marketEvents.has(event[0])) return true
    if (event[0] === 'SmartContractModule.ContractCreated') {
      const before = nodes.get(event[1].contract.contract_id)
      nodes.set(event[1].contract.contract_id, nodeOfContract(event[1].contract))
      return before === id || nodeOfContract(event[1].contract) === id
    }
    const data = event[1] as { node_id?: number; node?: { id: number }; contract_id?: number }
    if (data.contract_id !== undefined) return nodes.get(data.contract_id) === id
    return (data.node_id ?? data.node?.id) === id
  }
  return archive.blocks.map(block => ({ ...block, events: block.events.filter(isOwn) }))
}
