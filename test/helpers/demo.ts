import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import { createV3Mint, type MintResult, type V3Mint } from '../../src-main/engines/minting/v3.ts'
import type { ArchiveHeader, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'

export interface MintedDemo {
  header: ArchiveHeader
  start: StartSnapshot
  end: EndSnapshot
  result: MintResult
  /** every event name that came */
  names: Set<string>
  events: number
  /** now, node, uptime of every report, in order */
  reports: [number, number, number][]
  /** time of the last block */
  lastTs: number
}

/** Generates a demo grid and mints it on the way, without a file between. */
export async function mintDemo(options: DemoOptions): Promise<MintedDemo> {
  const names = new Set<string>()
  const reports: MintedDemo['reports'] = []
  let header: ArchiveHeader | undefined
  let start: StartSnapshot | undefined
  let end: EndSnapshot | undefined
  let mint: V3Mint | undefined
  let events = 0
  let lastBlock = 0
  let lastTs = 0
  const count = (name: string) => {
    names.add(name)
    events++
  }
  await generateDemo(options, {
    header: value => {
      header = value
    },
    start: value => {
      start = value
    },
    end: value => {
      end = value
      mint = createV3Mint(header!, start!, value, { resources: 'latest' })
    },
    block(n, ts) {
      lastBlock = n
      lastTs = ts
      mint!.block(n, ts)
    },
    uptime(nodeId, now, uptime) {
      count('TfgridModule.NodeUptimeReported')
      reports.push([Number(now), nodeId, Number(uptime)])
      mint!.uptime(nodeId, now, uptime)
    },
    consumption(contractId, timestamp, window, nru) {
      count('SmartContractModule.NruConsumptionReportReceived')
      mint!.consumption(contractId, timestamp, window, nru)
    },
    rare(event) {
      count(event[0])
      mint!.rare(event)
    },
    drain: async () => {},
  })
  const result = mint!.finish(Math.max(header!.blocks.last, lastBlock))
  return { header: header!, start: start!, end: end!, result, names, events, reports, lastTs }
}
