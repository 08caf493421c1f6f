import type { ChainCall, ChainRequest, ChainStage } from './chain-contract.ts'
import type { ReviewWarning, SignReview } from './review-contract.ts'
import { assetAmount, worstFirst } from './review-text.ts'
import { cleanName } from './text.ts'
import { formatUtc, hasDate } from './time.ts'

/* Calls to the chain in words, for pages and the command line alike. */

export function callText(call: ChainCall): string {
  switch (call.kind) {
    case 'vote':
      return `Vote ${call.approve ? 'for' : 'against'} proposal ${call.proposal.slice(0, 10)}… as farm ${call.farmId}`
    case 'payout-address':
      return `Payouts of farm ${call.farmId} to …${call.address.slice(-6)}`
    case 'claim':
      return `Claim what node ${call.nodeId} earned`
    case 'submit-amount':
      return `Vote for ${assetAmount(BigInt(call.amountUnits), 'TFT')} for ${mintText(call)}`
    case 'trigger':
      return `Trigger ${mintText(call)}`
  }
}

function mintText({ nodeId, periodStart }: { nodeId: number; periodStart: number }): string {
  return `the mint of node ${nodeId} from ${dateText(periodStart)}`
}

function dateText(ts: number): string {
  return hasDate(ts) ? formatUtc(ts) : `${ts} s`
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
  period_start: 'Period from',
  amount: 'Amount',
}

/** A call's bytes, and what is known of it besides. */
export interface CallToSign {
  /** read from the bytes */
  says: {
    call: { pallet: string; name: string; args: Readonly<Record<string, unknown>> }
    nonce: number
    tip: bigint
    specVersion: number
    genesis: string
  }
  /** the same call in Granary's own form */
  call: ChainCall
  network: string
  signer: { name: string; address: string }
  /** the last block that can have it */
  lastBlock: number
  /** what there is to think about, and what a node said: the fee, and what the account has, units of 1e-7 TFT */
  warnings: readonly ReviewWarning[]
  feeUnits: bigint | null
  freeUnits: bigint | null
  /** SHA-256 of the payload, and the payload, hex */
  hash: string
  payload: string
}

/** A call as the one sheet shows it. */
export function callSignReview({ says, call, network, signer, lastBlock, ...known }: CallToSign): SignReview {
  const { pallet, name, args } = says.call
  const { feeUnits, freeUnits } = known
  return {
    kind: 'call',
    decision: `You sign: ${callText(call)}`,
    action: `Sign: ${callText(call)}`,
    warnings: worstFirst(known.warnings),
    unknown: feeUnits === null ? ['What it costs: the node does not say.'] : [],
    fields: [
      { name: 'Network', value: cleanName(network) },
      { name: 'Call', value: `${pallet}.${name}` },
      ...Object.entries(args).map(([arg, value]) => ({ name: argumentNames[arg] ?? arg, value: argumentText(arg, value) })),
      { name: 'Signed by', value: `${cleanName(signer.name)} (${signer.address})`.trimStart() },
      { name: 'Number of the account', value: String(says.nonce) },
      { name: 'Good until', value: `block ${lastBlock}` },
      { name: 'Tip', value: assetAmount(says.tip, 'TFT') },
      ...(feeUnits === null ? [] : [{ name: 'Fee', value: assetAmount(feeUnits, 'TFT') }]),
      ...(freeUnits === null ? [] : [{ name: 'The account has', value: assetAmount(freeUnits, 'TFT') }]),
      { name: 'Runtime', value: String(says.specVersion) },
      { name: 'Genesis', value: says.genesis },
    ],
    values: [],
    signatures: [],
    hash: known.hash,
    bytes: { form: 'payload, hex: the call, then what is signed with it', text: known.payload },
  }
}

function argumentText(name: string, value: unknown): string {
  if (name === 'approve') return value === true ? 'for it' : 'against it'
  if (name === 'amount' && typeof value === 'bigint') return assetAmount(value, 'TFT')
  if (name === 'period_start') return dateText(Number(value))
  if (value instanceof Uint8Array) {
    const text = new TextDecoder().decode(value)
    return /^[\x20-\x7e]+$/.test(text) ? text : `0x${[...value].map(byte => byte.toString(16).padStart(2, '0')).join('')}`
  }
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? inner.toString() : inner))
  return String(value)
}
