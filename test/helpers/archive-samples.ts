import type { ArchiveHeader, ArchiveSink, EndSnapshot, RareEvent, StartSnapshot, U64 } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'

/** A sink that notes everything it is given, one plain value per call. */
export interface Recorder extends ArchiveSink {
  calls: unknown[][]
}

export function createRecorder(): Recorder {
  const calls: unknown[][] = []
  return {
    calls,
    header: (header: ArchiveHeader) => calls.push(['header', header]),
    start: (snapshot: StartSnapshot) => calls.push(['start', snapshot]),
    end: (snapshot: EndSnapshot) => calls.push(['end', snapshot]),
    block: (n: number, ts: number) => calls.push(['block', n, ts]),
    uptime: (nodeId: number, now: U64, uptime: U64) => calls.push(['uptime', nodeId, now, uptime]),
    consumption: (contractId: number, timestamp: U64, window: U64, nru: U64) =>
      calls.push(['consumption', contractId, timestamp, window, nru]),
    rare: (event: RareEvent) => calls.push(['rare', event]),
  }
}

const period = periodAt(80)
export const headerLine = `{"kind":"header","format":"grid-archive","version":1,"network":"test","period":{"index":80,"start":${period.start},"end":${period.end}},"blocks":{"first":1000,"last":2000}}`
export const nodeText =
  '{"id":1,"farm_id":1,"twin_id":1,"resources":{"hru":1,"sru":2,"cru":3,"mru":18446744073709551615},"location":{"latitude":"51.05","longitude":"3.71"},"country":"Belgium","city":"Ghent","created":5,"farming_policy_id":1,"certification":"Diy","virtualized":false,"connection_price":80}'
export const startLine = `{"kind":"snapshot","at":"start","block":1000,"ts":${period.start + 2},"nodes":[${nodeText}],"contracts":[],"power":[]}`
export const endLine = `{"kind":"snapshot","at":"end","block":2000,"ts":${period.end + 2},"farms":[{"id":1,"name":"farm1","twin_id":10001}],"twins":[],"farmingPolicies":[],"payoutAddresses":[]}`
export const firstLines = [headerLine, startLine, endLine]

export const blockLine = (n: number, events: string, ts = period.start + n) => `{"kind":"block","n":${n},"ts":${ts},"events":[${events}]}`
export const uptimeText = (nodeId: number | string, now: number | string, uptime: number | string) =>
  `["TfgridModule.NodeUptimeReported",{"node_id":${nodeId},"now":${now},"uptime":${uptime}}]`
export const consumptionText = (contractId: number, timestamp: number | string, window: number | string, nru: number | string) =>
  `["SmartContractModule.NruConsumptionReportReceived",{"contract_id":${contractId},"timestamp":${timestamp},"window":${window},"nru":${nru}}]`
