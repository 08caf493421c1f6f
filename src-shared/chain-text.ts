import type { ChainCall, ChainRequest, ChainStage } from './chain-contract.ts'
import { tftExact } from './money.ts'
import { cleanName } from './text.ts'

/* Calls to the chain in words, for pages and the command line alike. */

export function callText(call: ChainCall): string {
  switch (call.kind) {
    case 'vote':
      return `Vote ${call.approve ? 'for' : 'against'} proposal ${call.proposal.slice(0, 10)}… as farm ${call.farmId}`
    case 'payout-address':
      return `Payouts of farm ${call.farmId} to …${call.address.slice(-6)}`
    case 'claim':
      return `Claim what node ${call.nodeId} earned`
  }
}

export const stageWords: Record<ChainStage, string> = {
  prepared: 'Not signed',
  signed: 'Signed, not sent',
  sent: 'Under way',
  final: 'Done',
  refused: 'Not taken',
  expired: 'Expired',
  overtaken: 'Overtaken',
}

/** One word or two for where it stands; a final one that failed says so. */
export function stageText({ stage, error }: Pick<ChainRequest, 'stage' | 'error'>): string {
  return error === null ? stageWords[stage] : `Failed: ${error}`
}

/** Names that people read, for the arguments that the chain names; others are shown as the chain has them. */
const argumentNames: Record<string, string> = {
  farm_id: 'Farm',
  proposal_hash: 'Proposal',
  approve: 'Vote',
  stellar_address: 'Stellar address',
  node_id: 'Node',
}

/** What a payload says, as rows. `args` are those that were read from its bytes. */
export function payloadFields(
  { call, nonce, tip, specVersion, genesis }: PayloadSays,
  { network, signerName, address, lastBlock }: { network: string; signerName: string; address: string; lastBlock: number },
): { name: string; value: string }[] {
  return [
    { name: 'Network', value: network },
    { name: 'Call', value: `${call.pallet}.${call.name}` },
    ...Object.entries(call.args).map(([name, value]) => ({ name: argumentNames[name] ?? name, value: argumentText(name, value) })),
    { name: 'Signed by', value: `${cleanName(signerName)} (${address})` },
    { name: 'Number of the account', value: String(nonce) },
    { name: 'Good until', value: `block ${lastBlock}` },
    { name: 'Tip', value: `${tftExact(tip)} TFT` },
    { name: 'Runtime', value: String(specVersion) },
    { name: 'Genesis', value: genesis },
  ]
}

interface PayloadSays {
  call: { pallet: string; name: string; args: Readonly<Record<string, unknown>> }
  nonce: number
  tip: bigint
  specVersion: number
  genesis: string
}

function argumentText(name: string, value: unknown): string {
  if (name === 'approve') return value === true ? 'for it' : 'against it'
  if (value instanceof Uint8Array) {
    const text = new TextDecoder().decode(value)
    return /^[\x20-\x7e]+$/.test(text) ? text : `0x${[...value].map(byte => byte.toString(16).padStart(2, '0')).join('')}`
  }
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
  return String(value)
}
