import { mintTo, twinOf } from './accounts.ts'
import { type CallContext, type CallHandler, fail } from './dispatch.ts'
import type { Value } from './scale.ts'

/**
 * The minting pallet: who triggers a payout (minting.md, "Who triggers the payout"). The devnet keeps no accounts of uptime: what a node
 * has earned in a period is saved by a signer's call, in the place of the runtime's own calculation.
 */

interface MintingInfo {
  node_id: number
  period_start: bigint
  period_end: bigint
  uptime: bigint
  amount: bigint
  paid: bigint | null
}
type Vote = readonly [Buffer, bigint]
interface Farm {
  twin_id: number
}

const MINTING = 'Minting'

function signersOf(context: CallContext): readonly Buffer[] {
  return context.get(MINTING, 'Signers') as readonly Buffer[]
}

export function isSigner(context: CallContext): boolean {
  return signersOf(context).some(signer => signer.equals(context.origin))
}

function checkSigner(context: CallContext): void {
  if (!isSigner(context)) fail(MINTING, 'NotASigner')
}

function checkMode(context: CallContext, ...allowed: string[]): void {
  if (!allowed.includes(context.get(MINTING, 'Mode') as string)) fail(MINTING, 'WrongMode')
}

function unpaidInfo(context: CallContext, nodeId: number, periodStart: bigint): MintingInfo {
  const info = context.get(MINTING, 'MintingInfos', nodeId, periodStart) as unknown as MintingInfo | null
  if (info === null) fail(MINTING, 'InfoNotFound')
  if (info.paid !== null) fail(MINTING, 'AlreadyPaid')
  return info
}

function unpaidPeriods(context: CallContext, nodeId: number): readonly bigint[] {
  return context.get(MINTING, 'UnpaidPeriods', nodeId) as readonly bigint[]
}

function farmOf(context: CallContext, nodeId: number): Farm {
  const node = context.get('TfgridModule', 'Nodes', nodeId) as { farm_id: number } | null
  if (node === null) fail('TfgridModule', 'NodeNotExists')
  const farm = context.get('TfgridModule', 'Farms', node.farm_id) as unknown as Farm | null
  return farm ?? fail('TfgridModule', 'FarmNotExists')
}

/** Pays to the account of the farm's twin and marks the info, so that it is paid once. */
function pay(context: CallContext, info: MintingInfo, amount: bigint): void {
  const { twin_id: twinId } = farmOf(context, info.node_id)
  const twin = context.get('TfgridModule', 'Twins', twinId) as { account_id: Buffer } | null
  if (twin === null) fail('TfgridModule', 'TwinNotExists')
  context.put(MINTING, 'MintingInfos', [info.node_id, info.period_start], { ...info, paid: amount })
  const left = unpaidPeriods(context, info.node_id).filter(start => start !== info.period_start)
  context.put(MINTING, 'UnpaidPeriods', [info.node_id], left)
  if (amount > 0n) mintTo(context, Buffer.from(twin.account_id), amount)
  context.deposit(MINTING, 'Minted', {
    node_id: info.node_id,
    period_start: info.period_start,
    twin_id: twinId,
    calculated: info.amount,
    paid: amount,
  })
}

export const mintingCalls: Readonly<Record<string, CallHandler>> = {
  'Minting.set_mode'(context, args) {
    checkSigner(context)
    context.put(MINTING, 'Mode', [], args.mode!)
    context.deposit(MINTING, 'ModeSet', { mode: args.mode! })
  },
  'Minting.save_minting_info'(context, args) {
    checkSigner(context)
    const nodeId = args.node_id as number
    farmOf(context, nodeId)
    if (context.has(MINTING, 'MintingInfos', nodeId, args.period_start!)) fail(MINTING, 'InfoExists')
    context.put(MINTING, 'MintingInfos', [nodeId, args.period_start!], { ...args, paid: null })
    context.put(MINTING, 'UnpaidPeriods', [nodeId], [...unpaidPeriods(context, nodeId), args.period_start!])
    const { period_start, period_end, amount } = args as { [name: string]: Value }
    context.deposit(MINTING, 'MintingInfoSaved', { node_id: nodeId, period_start: period_start!, period_end: period_end!, amount: amount! })
  },
  /** One vote per signer, the last one counts; the first amount with a majority of equal votes is paid. */
  'Minting.submit_amount'(context, args) {
    checkSigner(context)
    checkMode(context, 'OfflineAmount', 'VerifiedAmount')
    const nodeId = args.node_id as number
    const periodStart = args.period_start as bigint
    const amount = args.amount as bigint
    const info = unpaidInfo(context, nodeId, periodStart)
    if (context.get(MINTING, 'Mode') === 'VerifiedAmount' && amount !== info.amount) fail(MINTING, 'AmountDiffers')
    const earlier = context.get(MINTING, 'Votes', nodeId, periodStart) as unknown as readonly Vote[]
    const votes: Vote[] = [...earlier.filter(([who]) => !who.equals(context.origin)), [context.origin, amount]]
    context.put(MINTING, 'Votes', [nodeId, periodStart], votes)
    context.deposit(MINTING, 'AmountSubmitted', { who: context.origin, node_id: nodeId, period_start: periodStart, amount })
    const equal = votes.filter(([, vote]) => vote === amount).length
    if (equal * 2 > signersOf(context).length) pay(context, info, amount)
  },
  'Minting.trigger'(context, args) {
    checkMode(context, 'Permissionless')
    const info = unpaidInfo(context, args.node_id as number, args.period_start as bigint)
    pay(context, info, info.amount)
  },
  /** The farmer claims all that is saved and unpaid of a node; a signer may do it too. */
  'Minting.claim'(context, args) {
    checkMode(context, 'Claim')
    const nodeId = args.node_id as number
    if (!isSigner(context) && farmOf(context, nodeId).twin_id !== twinOf(context)) fail(MINTING, 'NotTheFarmer')
    const unpaid = unpaidPeriods(context, nodeId)
    if (unpaid.length === 0) fail(MINTING, 'NothingToClaim')
    for (const periodStart of unpaid) {
      const info = unpaidInfo(context, nodeId, periodStart)
      pay(context, info, info.amount)
    }
  },
}
