import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { EXISTENTIAL_DEPOSIT, transfer, twinOf } from './accounts.ts'
import { curveCalls } from './calls-curve.ts'
import { daoCalls } from './calls-dao.ts'
import { mintingCalls } from './calls-minting.ts'
import { accountOf, type CallContext, type CallHandler, fail, failWith } from './dispatch.ts'
import { power } from './grid-state.ts'
import type { DecodedCall } from './runtime.ts'
import type { Value } from './scale.ts'

const HINT_DRIFT_SEC = 60
const MOST_CALLS = 1_000

function destination(args: DecodedCall['args']): Buffer {
  const { Id: id } = args.dest as { Id?: Buffer }
  return id ?? failWith('CannotLookup')
}

interface NodeIds {
  id: number
  farm_id: number
}

function nodeOfCaller(context: CallContext): NodeIds {
  const nodeId = context.get('TfgridModule', 'NodeIdByTwinID', twinOf(context)) as number
  const node = context.get('TfgridModule', 'Nodes', nodeId)
  return node === null ? fail('TfgridModule', 'NodeNotExists') : (node as unknown as NodeIds)
}

function isFarmer(context: CallContext, farmId: number): boolean {
  const farm = context.get('TfgridModule', 'Farms', farmId) as { twin_id: number } | null
  return farm === null ? fail('TfgridModule', 'FarmNotExists') : farm.twin_id === twinOf(context)
}

function putTwin(context: CallContext, id: number, args: DecodedCall['args'], event: string): void {
  const twin: Value = { id, account_id: context.origin, relay: args.relay!, entities: [], pk: args.pk! }
  context.put('TfgridModule', 'Twins', [id], twin)
  context.put('TfgridModule', 'TwinIdByAccountID', [context.origin], id)
  context.deposit('TfgridModule', event, twin)
}

/** The calls that the devnet carries out, by pallet and name; those declared and not here fail with BadOrigin. */
export const callHandlers: Readonly<Record<string, CallHandler>> = {
  'System.remark': () => undefined,
  'System.remark_with_event'(context, args) {
    context.deposit('System', 'Remarked', { sender: context.origin, hash: Blake2256(args.remark as Buffer) })
  },
  'Utility.batch'(context, args) {
    const calls = callsOf(args)
    for (const [index, call] of calls.entries()) {
      const error = context.attempt(call)
      if (error !== null) {
        context.deposit('Utility', 'BatchInterrupted', { index, error })
        return
      }
      context.deposit('Utility', 'ItemCompleted', null)
    }
    context.deposit('Utility', 'BatchCompleted', null)
  },
  'Utility.batch_all'(context, args) {
    for (const call of callsOf(args)) {
      context.dispatch(call)
      context.deposit('Utility', 'ItemCompleted', null)
    }
    context.deposit('Utility', 'BatchCompleted', null)
  },
  'Balances.transfer_allow_death'(context, args) {
    transfer(context, context.origin, destination(args), args.value as bigint, false)
  },
  'Balances.transfer_keep_alive'(context, args) {
    transfer(context, context.origin, destination(args), args.value as bigint, true)
  },
  'Balances.transfer_all'(context, args) {
    const { free } = accountOf(context, context.origin)
    const keepAlive = args.keep_alive as boolean
    transfer(context, context.origin, destination(args), keepAlive ? free - EXISTENTIAL_DEPOSIT : free, keepAlive)
  },
  'TfgridModule.add_stellar_payout_v2address'(context, args) {
    const farmId = args.farm_id as number
    if (!isFarmer(context, farmId)) fail('TfgridModule', 'CannotUpdateFarmWrongTwin')
    context.put('TfgridModule', 'FarmPayoutV2AddressByFarmID', [farmId], args.stellar_address!)
    context.deposit('TfgridModule', 'FarmPayoutV2AddressRegistered', [farmId, args.stellar_address!])
  },
  'TfgridModule.create_twin'(context, args) {
    if (context.has('TfgridModule', 'TwinIdByAccountID', context.origin)) fail('TfgridModule', 'TwinWithPubkeyExists')
    const id = (context.get('TfgridModule', 'TwinID') as number) + 1
    context.put('TfgridModule', 'TwinID', [], id)
    putTwin(context, id, args, 'TwinStored')
  },
  'TfgridModule.update_twin'(context, args) {
    putTwin(context, twinOf(context), args, 'TwinUpdated')
  },
  'TfgridModule.change_power_target'(context, args) {
    const nodeId = args.node_id as number
    const node = context.get('TfgridModule', 'Nodes', nodeId) as unknown as NodeIds | null
    if (node === null) fail('TfgridModule', 'NodeNotExists')
    if (!isFarmer(context, node.farm_id)) fail('TfgridModule', 'UnauthorizedToChangePowerTarget')
    context.put('TfgridModule', 'NodePower', [nodeId], { ...power(context, nodeId), target: args.power_target! })
    const fields = { farm_id: node.farm_id, node_id: nodeId, power_target: args.power_target! }
    context.deposit('TfgridModule', 'PowerTargetChanged', fields)
  },
  'TfgridModule.change_power_state'(context, args) {
    const node = nodeOfCaller(context)
    const state: Value = args.power_state === 'Up' ? 'Up' : { Down: context.block }
    context.put('TfgridModule', 'NodePower', [node.id], { ...power(context, node.id), state })
    context.deposit('TfgridModule', 'PowerStateChanged', { farm_id: node.farm_id, node_id: node.id, power_state: state })
  },
  'TfgridModule.report_uptime_v2'(context, args) {
    const node = nodeOfCaller(context)
    const drift = Number(args.timestamp_hint) - context.now
    if (Math.abs(drift) > HINT_DRIFT_SEC) fail('TfgridModule', 'InvalidTimestampHint')
    context.deposit('TfgridModule', 'NodeUptimeReported', [node.id, context.now, args.uptime!])
  },
  ...daoCalls,
  ...mintingCalls,
  ...curveCalls,
}

function callsOf(args: DecodedCall['args']): DecodedCall[] {
  const calls = args.calls as readonly { [pallet: string]: { [name: string]: DecodedCall['args'] } }[]
  if (calls.length > MOST_CALLS) fail('Utility', 'TooManyCalls')
  return calls.map(outer => {
    const [pallet, inner] = Object.entries(outer)[0]!
    const [name, innerArgs] = Object.entries(inner)[0]!
    return { pallet, name, args: innerArgs }
  })
}
