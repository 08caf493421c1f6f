import type { Resources, U64 } from '../../../../src-shared/grid.ts'
import type { NodeMint, UnitSeconds } from '../../../../src-shared/node-period.ts'
import { receiptString } from '../receipt.ts'

/**
 * The canonical text of a mint: JSON with exactly these members in this order, whole figures only; its UTF-8 bytes are what is hashed.
 * `raw` is what was measured, `calculated` what the rules make of it, `paid` what goes to the account of the farm's twin (minting.md,
 * Mint). Cloud units in millionths, amounts in units of 1e-7 TFT and milli-USD, sums of unit-seconds as text, as they pass 2^53.
 */
export function mintRecord(mint: Omit<NodeMint, 'id' | 'record'>, network: string): string {
  const { info, policy, cloudUnits, utilization } = mint
  return (
    `{"rules":"node-period","network":${receiptString(network)},"node_id":${info.nodeId},"period":{"start":${info.period.start},"end":${info.period.end}}` +
    `,"closed":{"block":${info.closed.block},"ts":${info.closed.ts}},"farm_id":${info.farmId},"farm_name":${receiptString(mint.farmName)}` +
    `,"farm_twin_id":${mint.farmTwinId},"farming_policy_id":${info.policyId},"node_type":"${info.certified ? 'CERTIFIED' : 'DIY'}"` +
    `,"raw":{"uptime":${info.uptimeSec},"violation":${info.violation === null ? 'null' : `"${info.violation}"`}` +
    `,"minimum":${resources(info.minimum)},"maximum":${resources(info.maximum)},"capacity":${seconds(info.capacity)},"used":${seconds(info.used)}` +
    `,"ip_seconds":"${info.ipSec}","nru_bytes":"${info.nruBytes}","connection_price":${info.connectionPriceMusd}}` +
    `,"calculated":{"cloud_units":{"cu":${cloudUnits.cu},"su":${cloudUnits.su},"nu":${cloudUnits.nu}}` +
    `,"utilization_permille":{"cru":${utilization.cru},"mru":${utilization.mru},"hru":${utilization.hru},"sru":${utilization.sru}}` +
    `,"policy":{"cu":${policy.cu},"su":${policy.su},"nu":${policy.nu},"ipv4":${policy.ipv4},"minimal_uptime":${policy.minimal_uptime}}` +
    `,"uptime_permille":${mint.permille},"sla_met":${mint.slaMet},"scaled":${mint.scaled},"reward":{"musd":${mint.fullMusd},"tft":${mint.fullUnits}}}` +
    `,"paid":{"outcome":"${mint.outcome}","musd":${mint.rewardMusd},"tft":${mint.rewardUnits},"carbon_tft":${mint.carbonUnits}}}`
  )
}

function resources(of: Resources): string {
  return `{"cru":${whole(of.cru)},"mru":${whole(of.mru)},"hru":${whole(of.hru)},"sru":${whole(of.sru)}}`
}

function whole(value: U64): string {
  return value.toString()
}

function seconds(of: UnitSeconds): string {
  return `{"cru":"${of.cru}","mru":"${of.mru}","hru":"${of.hru}","sru":"${of.sru}"}`
}
