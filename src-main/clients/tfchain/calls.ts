import type { ChainCall, ChainCallKind } from '../../../src-shared/chain-contract.ts'
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
  }
}
