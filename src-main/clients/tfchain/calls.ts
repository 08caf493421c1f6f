import { type ChainCall, type ChainCallKind, chainCallSchema } from '../../../src-shared/chain-contract.ts'
import type { ParsedMetadata } from './metadata.ts'

/** A call as the chain has it; bytes as Uint8Array, hashes as 0x-prefixed hex. */
export interface CallValue {
  pallet: string
  name: string
  args: Readonly<Record<string, unknown>>
}

/** The calls that Granary makes, with the arguments that it knows, in the chain's order and names. */
const known: Record<ChainCallKind, { pallet: string; name: string; args: readonly string[] }> = {
  vote: { pallet: 'Dao', name: 'vote', args: ['farm_id', 'proposal_hash', 'approve'] },
  'payout-address': { pallet: 'TfgridModule', name: 'add_stellar_payout_v2address', args: ['farm_id', 'stellar_address'] },
  claim: { pallet: 'Minting', name: 'claim', args: ['node_id'] },
  'submit-amount': { pallet: 'Minting', name: 'submit_amount', args: ['node_id', 'period_start', 'amount'] },
  trigger: { pallet: 'Minting', name: 'trigger', args: ['node_id', 'period_start'] },
}

export interface AvailableCall {
  kind: ChainCallKind
  pallet: string
  name: string
  /** why it can't be made on this chain; empty: it can */
  missing: string
}

/** Which of the calls a runtime has, by its metadata alone. No released runtime has all of them. */
export function chainCalls({ pallets, types }: Pick<ParsedMetadata, 'pallets' | 'types'>): AvailableCall[] {
  const missing = ({ pallet, name, args }: (typeof known)[ChainCallKind]): string => {
    const calls = pallets.find(found => found.name === pallet)?.calls?.type
    const def = calls === undefined ? undefined : types.def(calls)
    if (def?.tag !== 'variant') return `This network’s chain has no ${pallet}.`
    const call = def.value.find(found => found.name === name)
    if (!call) return `The ${pallet} of this network’s chain has no call ${name}.`
    const names = call.fields.map(field => field.name ?? '')
    return names.join() === args.join()
      ? ''
      : `The call ${pallet}.${name} of this network takes (${names.join(', ')}), and this Granary knows it with (${args.join(', ')}). Install a newer one.`
  }
  return (Object.keys(known) as ChainCallKind[]).map(kind => {
    const { pallet, name } = known[kind]
    return { kind, pallet, name, missing: missing(known[kind]) }
  })
}

/** What was asked for, as the chain's call. */
export function callValue(call: ChainCall): CallValue {
  const { pallet, name } = known[call.kind]
  switch (call.kind) {
    case 'vote':
      return { pallet, name, args: { farm_id: call.farmId, proposal_hash: call.proposal, approve: call.approve } }
    case 'payout-address':
      return { pallet, name, args: { farm_id: call.farmId, stellar_address: Uint8Array.from(Buffer.from(call.address, 'ascii')) } }
    case 'claim':
      return { pallet, name, args: { node_id: call.nodeId } }
    case 'submit-amount': {
      const { nodeId, periodStart, amountUnits } = call
      return { pallet, name, args: { node_id: nodeId, period_start: BigInt(periodStart), amount: BigInt(amountUnits) } }
    }
    case 'trigger':
      return { pallet, name, args: { node_id: call.nodeId, period_start: BigInt(call.periodStart) } }
  }
}

/** A chain's call as what was asked for, the other way round; null: it is none that Granary makes. */
export function readCallValue({ pallet, name, args }: CallValue): ChainCall | null {
  const kind = (Object.keys(known) as ChainCallKind[]).find(each => known[each].pallet === pallet && known[each].name === name)
  if (kind === undefined) return null
  const { farm_id, proposal_hash, approve, stellar_address, node_id, period_start, amount } = args
  const asked: { [K in ChainCallKind]: object } = {
    vote: { farmId: farm_id, proposal: proposal_hash, approve },
    'payout-address': {
      farmId: farm_id,
      address: stellar_address instanceof Uint8Array ? Buffer.from(stellar_address).toString('ascii') : '',
    },
    claim: { nodeId: node_id },
    'submit-amount': { nodeId: node_id, periodStart: Number(period_start), amountUnits: String(amount) },
    trigger: { nodeId: node_id, periodStart: Number(period_start) },
  }
  return chainCallSchema.safeParse({ kind, ...asked[kind] }).data ?? null
}

/** Both as the schema gives them, so that their members stand in one order. */
export function sameCall(a: ChainCall, b: ChainCall): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
