import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDays, dayTally, tallyAsleep, tallyUp } from '../../src-main/engines/minting/days.ts'
import { overviewCsv, payoutLines, payoutsCsv, receiptsNdjson, retriesCsv } from '../../src-main/engines/minting/outputs.ts'
import { resultProblems } from '../../src-main/engines/minting/problems.ts'
import { planRetries, type Retry } from '../../src-main/engines/minting/retries.ts'
import { createV3Mint, type MintResult, type V3Mint } from '../../src-main/engines/minting/v3.ts'
import type { ArchiveHeader, EndSnapshot, GridNode, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { expected, readCase } from '../helpers/cases.ts'
import { runs } from '../helpers/runs.ts'

const period = periodAt(80)
const FIRST = 1_000_000
const LAST = FIRST + 438_480
const COVERED = LAST + 16_200
const healthy = readCase('healthy')
const node = (changes: Partial<GridNode> = {}): GridNode => ({ ...healthy.start.nodes[0]!, ...changes })
const ACCOUNT = 'GBOVQKJYHXRR3DX6NOX2RRYFRCUMSADGDESTDNBDS6CDVLGVESRTAC47'

interface Grid {
  start?: Partial<StartSnapshot>
  end?: Partial<EndSnapshot>
}

function mintOf(grid: Grid, act: (mint: V3Mint) => void, coveredTo = COVERED): { result: MintResult; end: EndSnapshot; mint: V3Mint } {
  const header: ArchiveHeader = { ...healthy.header, blocks: { first: FIRST, last: LAST } }
  const end = { ...healthy.end, payoutAddresses: [{ farm_id: 1, address: ACCOUNT }], ...grid.end }
  const mint = createV3Mint(header, { ...healthy.start, ...grid.start }, end, { resources: 'latest', explain: () => true })
  act(mint)
  return { result: mint.finish(coveredTo), end, mint }
}

/** Block `n` of a chain with 6 s blocks, and its time. */
const at = (sec: number): [number, number] => [FIRST + Math.floor((sec - 2) / 6), period.start + sec]

/** Reports every 40 min up to `untilSec` into the period. */
function reports(mint: V3Mint, untilSec: number, nodeId = 1): void {
  for (let sec = 602; sec <= untilSec; sec += 2400) {
    mint.block(...at(sec))
    mint.uptime(nodeId, period.start + sec, 500_000 + sec)
  }
}

describe('figures that do not fit', () => {
  const cases: [string, U64, U64, RegExp][] = [
    ['now', 2n ** 63n, 1, /"now" of an uptime report is 9223372036854775808.*node 1, block \d+/],
    ['uptime', period.start + 5000, 2n ** 64n - 1n, /"uptime" of an uptime report is 18446744073709551615.*node 1, block \d+/],
  ]
  test.each(cases)('%s of 2^63 and more is refused by name', (_member, now, uptime, message) => {
    expect(() =>
      mintOf({}, mint => {
        mint.block(...at(5000))
        mint.uptime(1, now, uptime)
      }),
    ).toThrow(expect.objectContaining({ code: 'mint.inconsistent', message: expect.stringMatching(message) }))
  })

  test('between 2^53 and 2^63 every second counts', () => {
    const huge = 2n ** 60n
    const { result } = mintOf({}, mint => {
      mint.block(...at(5000))
      mint.uptime(1, period.start + 5000, huge)
      mint.block(...at(7400))
      mint.uptime(1, period.start + 7400, huge + 2399n)
    })
    expect(result.nodes[0]).toMatchObject({ violation: null, measuredUptimeSec: 2460 + 2399 })
  })

  test.each([
    [2399n + 61n, null],
    [2400n + 61n, 'UptimeTooHigh'],
    [2400n - 61n, 'UptimeTooLow'],
  ])('beyond 2^53 a delta of %s gives %s', (delta, violation) => {
    const huge = 2n ** 62n
    const { result } = mintOf({}, mint => {
      mint.block(...at(5000))
      mint.uptime(1, period.start + 5000, huge)
      mint.block(...at(7400))
      mint.uptime(1, period.start + 7400, huge + delta)
    })
    expect(result.nodes[0]!.violation).toBe(violation)
  })

  test('use that exceeds its integer is refused, use beyond 2^53 is exact', () => {
    const contract = {
      contract_id: 7,
      twin_id: 9,
      contract_type: { NodeContract: { node_id: 1, public_ips: 3 } },
      resources: { cru: 1, mru: 2 ** 40, hru: 0, sru: 0 },
    }
    const use = (windows: U64[], bytes: U64) =>
      mintOf({ start: { contracts: [contract] } }, mint => {
        windows.forEach((window, index) => {
          mint.block(...at(5000 + 6 * index))
          mint.consumption(7, 0, window, bytes)
        })
      })
    const windows = [2 ** 53 - 1, 2 ** 53 - 1, 2n ** 60n, 5]
    const hours = Number(3n * (2n * (2n ** 53n - 1n) + 2n ** 60n + 5n)) / 3600
    expect(JSON.parse(use(windows, 0).result.nodes[0]!.receipt).resource_utilization.ip).toBe(hours)
    expect(() => use([2n ** 63n], 0)).toThrow(/IP seconds adds up to .*contract 7 on node 1, block \d+/)
    expect(() => use([0, 0, 0], 2n ** 63n)).toThrow(/public traffic adds up to .*contract 7 on node 1, block \d+/)
  })
})

describe('what contradicts itself stops the mint', () => {
  const inconsistent = (message: RegExp) => expect.objectContaining({ code: 'mint.inconsistent', message: expect.stringMatching(message) })
  test('a missing farm, a missing policy, a price of 0 with the SLA met', () => {
    expect(() => mintOf({ end: { farms: [] } }, () => {})).toThrow(inconsistent(/Farm 1 of node 1.*block 1438480/))
    expect(() => mintOf({ end: { farmingPolicies: [] } }, () => {})).toThrow(inconsistent(/policy 1 of node 1.*block 1438480/))
    const free = { start: { nodes: [node({ connection_price: 0 })] } }
    expect(() => mintOf(free, mint => reports(mint, 2_630_880))).toThrow(inconsistent(/price is 0.*node 1/))
    expect(mintOf(free, mint => reports(mint, 1_000_000)).result.nodes[0]!.rewardUnits).toBe(0n)
  })
  test('going to sleep before the last report', () => {
    expect(() =>
      mintOf({}, mint => {
        mint.block(...at(5000))
        mint.uptime(1, period.start + 9000, 8000)
        mint.rare(['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 1, power_target: 'Down' }])
        mint.rare(['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 1, power_state: { Down: 5 } }])
      }),
    ).toThrow(inconsistent(/time runs backwards.*node 1, block \d+/))
  })
  test('a node that is Down at the start without since when', () => {
    const power = [{ node_id: 1, state: { Down: 5 }, target: 'Down' as const }]
    expect(() => mintOf({ start: { power } }, () => {})).toThrow(inconsistent(/node 1.*without the time/i))
  })
})

describe('a period that runs', () => {
  const soFar = 1_000_000
  const end = { block: at(soFar)[0], ts: period.start + soFar }
  test('is provisional; what is not known yet is neither uptime nor downtime', () => {
    const { result, mint } = mintOf({ end }, m => reports(m, soFar - 500), end.block)
    expect(result.provisional).toBe(true)
    const explanation = mint.explanation(1)
    expect(explanation.elapsedSec).toBe(period.end - period.start)
    expect(explanation.downtimes.every(downtime => downtime.toTs <= end.ts)).toBe(true)
    const { up, asleep, down } = result.nodes[0]!.days
    expect(up[12]).toBe(0)
    expect(down.slice(11)).toEqual(down.slice(11).map(() => 0))
    expect(asleep.every(sec => sec === 0)).toBe(true)
  })
  test('a boot request counts as slow once its 30 min are over', () => {
    const slowBoots = (requestedBeforeSec: number) =>
      mintOf(
        { end },
        m => {
          reports(m, 900_000)
          m.block(...at(900_600))
          m.rare(['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 1, power_target: 'Down' }])
          m.rare(['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 1, power_state: { Down: 1 } }])
          m.block(...at(soFar - requestedBeforeSec))
          m.rare(['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 1, power_target: 'Up' }])
        },
        end.block,
      ).result.nodes[0]!.slowBoots
    expect(slowBoots(1800)).toBe(0)
    expect(slowBoots(1801)).toBe(1)
  })
})

test('resources: the minimum only falls, the latest follows', () => {
  const resources = node().resources
  const small = { ...resources, cru: 2 }
  for (const [rule, cru] of [
    ['latest', 8],
    ['minimum', 2],
  ] as const) {
    const mint = createV3Mint(healthy.header, healthy.start, healthy.end, { resources: rule })
    mint.block(...at(1000))
    mint.rare(['TfgridModule.NodeUpdated', { node: node({ resources: small }) }])
    mint.rare(['TfgridModule.NodeUpdated', { node: node({ resources }) }])
    expect(JSON.parse(mint.finish(COVERED).nodes[0]!.receipt).resource_units.cru).toBe(cru)
  }
})

test('virtualized never goes back to false but by being stored anew', () => {
  const { result } = mintOf({}, mint => {
    mint.block(...at(1000))
    mint.rare(['TfgridModule.NodeUpdated', { node: node({ virtualized: true }) }])
    mint.rare(['TfgridModule.NodeUpdated', { node: node({ virtualized: false }) }])
    mint.rare(['TfgridModule.NodeStored', { node: node({ id: 5, virtualized: true }) }])
    mint.rare(['TfgridModule.NodeStored', { node: node({ id: 5, virtualized: false }) }])
  })
  expect(result.nodes.map(n => [n.nodeId, n.virtualized])).toEqual([
    [1, true],
    [5, false],
  ])
})

test('only an amount above 0 to an address is a line of payouts.csv', () => {
  const node = { payoutAddress: ACCOUNT, rewardUnits: 12_345_678n, hash: 'ab' }
  const [paid, nothing, below, nowhere] = [
    node,
    { ...node, rewardUnits: 0n },
    { ...node, rewardUnits: -1n },
    { ...node, payoutAddress: '' },
  ]
  expect(payoutLines([nothing, paid, below, nowhere])).toBe(`${ACCOUNT},1.2345678,ab\n`)
})

describe('retries', () => {
  const previous = expected('retry_source', 'receipts.ndjson')!
  const plan = (changes: Partial<Parameters<typeof planRetries>[0]> = {}): Retry[] =>
    planRetries({ previous: previous.split('\n'), paid: new Set(), addresses: new Map([[1, ACCOUNT]]), period, ...changes })
  test('unpaid receipts with a reward, in order of their own hash', () => {
    const retries = plan()
    expect(retries.length).toBeGreaterThan(1)
    expect(retries.map(retry => retry.hash)).toEqual(retries.map(retry => retry.hash).sort())
    expect(plan({ paid: new Set(retries.map(retry => retry.retryFor)) })).toEqual([])
    expect(retriesCsv([])).toBe('farm_id,previous_stellar_address,new_stellar_address,amount TFT,retry_for\n')
  })
  test('without an address there is a line in retries.csv, but none in payouts.csv', () => {
    const retries = plan({ addresses: new Map() })
    expect(retriesCsv(retries).split('\n').length).toBe(retries.length + 2)
    expect(payoutsCsv([], retries)).toBe('')
  })
  test.each([
    ['changed bytes', previous.replace('"farm_name":"', '"farm_name":"x'), /line 1: the receipt's bytes do not give its hash/],
    ['not JSON', 'hello', /line 1: this is not a line/],
    ['cut', `${previous.split('\n')[0]!.slice(0, -30)}}`, /line 1/],
    ['the same receipt twice', `${previous.split('\n')[0]!}\n\n${previous.split('\n')[0]!}`, /line 3: receipt .* stands in line 1 already/],
  ])('%s is refused with its line', (_what, text, message) => {
    expect(() => plan({ previous: text.split('\n') })).toThrow(
      expect.objectContaining({ code: 'archive.format', message: expect.stringMatching(message) }),
    )
  })
  test('receipts of another period are refused', () => {
    expect(() => plan({ period: periodAt(81) })).toThrow(/period ends at/)
  })
})

describe('problems', () => {
  const kinds = (grid: Grid, act: (mint: V3Mint) => void = mint => reports(mint, 2_630_880), covered = COVERED): string[] => {
    const { result, end } = mintOf(grid, act, covered)
    return resultProblems(result, end, []).map(problem => `${problem.kind} ${problem.subject}`)
  }
  const farm = (name: string) => ({ farms: [{ id: 1, name, twin_id: 1 }] })
  test('a clean result says only that trustlines were not checked', () => {
    expect(kinds({})).toEqual(['trustline-unchecked all addresses'])
    expect(kinds({}, () => {})).toEqual([])
  })
  test('addresses that are missing or no account', () => {
    expect(kinds({ end: { payoutAddresses: [] } })).toEqual(['address-missing farm 1'])
    expect(kinds({ end: { payoutAddresses: [{ farm_id: 1, address: 'GFARM1ADDRESS' }] } })).toContain('address-invalid farm 1')
  })
  describe('until when a receipt can be paid again: with the period after its own, and with no later one', () => {
    const retry = (address: string): Retry => ({
      ...{ nodeId: 7, farmId: 2, previousAddress: '', address, rewardMusd: 1n, rewardUnits: 1n, retryFor: 'ab', receipt: '{}', hash: 'cd' },
    })
    const told = (address: string, retries: Retry[], act: (mint: V3Mint) => void = mint => reports(mint, 2_630_880)): string[] => {
      const { result, end } = mintOf({ end: { payoutAddresses: [{ farm_id: 1, address }] } }, act)
      return resultProblems(result, end, retries).map(({ kind, message }) => `${kind}: ${message}`)
    }
    const next = /paid once more, with period 81 \(until 2025-01-30 10:32:40 UTC\), and with no later one\.$/
    const last = /This is the last period with which it can be paid again: unless .* by this period's end, no later mint pays it\.$/
    test.each(['', 'GFARM1ADDRESS'])('what this period owes, address %j', address => {
      expect(told(address, [])[0]).toMatch(next)
    })
    test.each(['', 'GFARM1ADDRESS'])('what the period before owes, address %j', address => {
      expect(told(ACCOUNT, [retry(address)], () => {}).at(-1)).toMatch(last)
    })
    test('both, where trustlines were not checked; a retry alone asks for that as well', () => {
      const unchecked = /^trustline-unchecked: .*A payment to one that does not will fail\./
      const [receipts, both, retries] = [told(ACCOUNT, []), told(ACCOUNT, [retry(ACCOUNT)]), told(ACCOUNT, [retry(ACCOUNT)], () => {})]
      for (const list of [receipts, both, retries]) expect(list).toEqual([expect.stringMatching(unchecked)])
      const again = /receipts of the period before, this is the last period with which they can be paid again\.$/
      expect(receipts[0]).toMatch(next)
      expect(both[0]).toMatch(again)
      expect(both[0]).toContain('with period 81')
      expect(retries[0]).toMatch(again)
      expect(retries[0]).not.toContain('period 81')
      expect(told(ACCOUNT, [retry('')], () => {}).filter(line => unchecked.test(line))).toEqual([])
    })
  })
  test('an archive that ends early', () => {
    expect(kinds({}, undefined, COVERED - 1)).toContain('provisional period 80')
  })
  test('an archive that ends early says until when the period is known and how much of it is missing', () => {
    const told = (covered: number, grid: Grid = {}): string | undefined => {
      const { result, end } = mintOf(grid, mint => reports(mint, 600_000), covered)
      return resultProblems(result, end, []).find(({ kind }) => kind === 'provisional')?.message
    }
    expect(told(COVERED)).toBeUndefined()
    expect(told(COVERED - 1)).toMatch(/^The archive ends before block 1454680, the last of the 27 h after the period/)
    expect(told(LAST)).toMatch(/^The archive ends before block 1454680/)
    // cut before the block of its end snapshot: by the count of blocks, which are 6 s apart here
    expect(told(FIRST + 170_000)).toMatch(
      /^The archive ends within the period: it is known until about 2024-12-12 08:16:42 UTC, and the rest up to its end, about 18 d 15 h of its 30 d 10 h, is missing\. So the result is provisional/,
    )
    // an end snapshot of what is known so far
    expect(told(FIRST + 170_000, { end: { block: FIRST + 170_000, ts: period.start + 1_020_002 } })).toMatch(
      /known until 2024-12-12 08:16:42 UTC, and the rest up to its end, 18 d 15 h of its 30 d 10 h, is missing\./,
    )
  })
  test.each(['=1+1', '+x', '-x', '@x', '\tx', '\rx'])('a farm named %j would run in a spreadsheet', name => {
    expect(kinds({ end: farm(name) })).toContain('spreadsheet-cell farm 1')
  })
  test.each(['a,b', 'a\nb', 'a"b'])('a farm named %j breaks an unquoted line', name => {
    expect(kinds({ end: farm(name) })).toContain('csv-unquoted farm 1')
  })
  test('messages show no control or bidirectional characters', () => {
    const { result, end } = mintOf({ end: farm('=\u202eevil\u0007') }, () => {})
    for (const { message } of resultProblems(result, end, [])) expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

test('any names and addresses: one receipt line per node, with the bytes that were hashed', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(anything, anything, (name, address) => {
      const { result } = mintOf({ end: { farms: [{ id: 1, name, twin_id: 1 }], payoutAddresses: [{ farm_id: 1, address }] } }, () => {})
      const lines = receiptsNdjson(result.nodes).split('\n')
      expect(lines.length).toBe(2)
      const line = JSON.parse(lines[0]!)
      expect(line.receipt.farm_name).toBe(name.toWellFormed())
      expect(line.receipt.stellar_payout_address).toBe(address.toWellFormed())
      expect(overviewCsv(result.nodes)).toContain(`,${name.toWellFormed()} (1),`)
    }),
    runs(200, 5_000),
  )
})

test('seconds per day: credits lie before their report, days are never overfull', () => {
  const days = createDays(0, 250_000)
  tallyUp(days, 87_400, 2000)
  tallyUp(days, 88_000, 100)
  tallyUp(days, 50, 30)
  tallyAsleep(days, 260_000, 100_000)
  const tally = dayTally(days, 250_000)
  expect(tally.up).toEqual([1030, 1100, 0])
  expect(tally.asleep).toEqual([0, 12_800, 77_200])
  expect(tally.down).toEqual([85_370, 72_500, 0])
  expect(dayTally(days, 90_000).down).toEqual([85_370, 0, 0])
})
