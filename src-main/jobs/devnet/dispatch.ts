import { dispatchInfo, type EventRecord } from './event-log.ts'
import { type Extrinsic, feeOf } from './extrinsic.ts'
import { account } from './grid-state.ts'
import type { DecodedCall } from './runtime.ts'
import type { Value } from './scale.ts'
import { overlay, type StateView } from './state.ts'

/** What a call may do and see. Its changes and events count only if it does not fail. */
export interface CallContext extends StateView {
  readonly origin: Buffer
  /** seconds since the epoch, of the block */
  readonly now: number
  readonly block: number
  deposit(pallet: string, event: string, fields: Value): void
  /** runs another call in the same context, for batches */
  dispatch(call: DecodedCall): void
  /** as `dispatch`, but what the call did is dropped if it fails; gives the dispatch error, or null */
  attempt(call: DecodedCall): Value
}

export type CallHandler = (context: CallContext, args: DecodedCall['args']) => void

/** Thrown by a call that fails: an error of its pallet, or a dispatch error as it is encoded. */
export class CallFailure extends Error {
  readonly reason: { pallet: string; error: string } | { dispatchError: Value }

  constructor(reason: CallFailure['reason']) {
    super('pallet' in reason ? `${reason.pallet}.${reason.error}` : 'dispatch error')
    this.reason = reason
  }
}

export function fail(pallet: string, error: string): never {
  throw new CallFailure({ pallet, error })
}

export function failWith(dispatchError: Value): never {
  throw new CallFailure({ dispatchError })
}

interface AccountRecord {
  nonce: number
  data: { free: bigint }
}

export function accountOf(view: StateView, who: Buffer): { nonce: number; free: bigint; exists: boolean } {
  const record = view.get('System', 'Account', who) as unknown as AccountRecord
  return { nonce: record.nonce, free: record.data.free, exists: view.has('System', 'Account', who) }
}

export function setAccount(view: StateView, who: Buffer, nonce: number, free: bigint): void {
  view.put('System', 'Account', [who], account(nonce, free))
}

/**
 * Executes an extrinsic in the block under way: takes the fee, counts the nonce, dispatches the call and reports what came of it. The
 * events are those of a real chain, in its order.
 */
export function applyExtrinsic(
  view: StateView,
  extrinsic: Extrinsic,
  at: { index: number; block: number; now: number },
  handlers: Readonly<Record<string, CallHandler>>,
): EventRecord[] {
  const records: EventRecord[] = []
  const emit = (pallet: string, event: string, fields: Value): void => {
    records.push({ extrinsic: at.index, event: view.runtime.event(pallet, event, fields) })
  }
  const origin = Buffer.from(extrinsic.signer, 'hex')
  const fee = feeOf(extrinsic.bytes.length) + extrinsic.tip
  const payer = accountOf(view, origin)
  setAccount(view, origin, payer.nonce + 1, payer.free - fee)
  view.put('Balances', 'TotalIssuance', [], (view.get('Balances', 'TotalIssuance') as bigint) - fee)
  emit('Balances', 'Withdraw', { who: origin, amount: fee })
  const { error, events } = run(view, extrinsic.call, { origin, block: at.block, now: at.now }, handlers)
  for (const [pallet, event, fields] of events) emit(pallet, event, fields)
  emit('TransactionPayment', 'TransactionFeePaid', { who: origin, actual_fee: fee, tip: extrinsic.tip })
  const info = dispatchInfo('Normal')
  if (error === null) emit('System', 'ExtrinsicSuccess', { dispatch_info: info })
  else emit('System', 'ExtrinsicFailed', { dispatch_error: error, dispatch_info: info })
  return records
}

type Deposit = [pallet: string, event: string, fields: Value]

/** Runs a call; where it fails nothing of it is kept but the error. */
function run(
  view: StateView,
  call: DecodedCall,
  at: { origin: Buffer; block: number; now: number },
  handlers: Readonly<Record<string, CallHandler>>,
): { error: Value; events: Deposit[] } {
  const own = overlay(view)
  const events: Deposit[] = []
  const context: CallContext = {
    ...own,
    ...at,
    deposit: (pallet, event, fields) => void events.push([pallet, event, fields]),
    dispatch(inner) {
      const handler = handlers[`${inner.pallet}.${inner.name}`]
      // Declared and without a handler are the calls that only the block's author or the root origin may make.
      if (!handler) failWith('BadOrigin')
      handler(context, inner.args)
    },
    attempt(inner) {
      const result = run(own, inner, at, handlers)
      events.push(...result.events)
      return result.error
    },
  }
  try {
    context.dispatch(call)
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error
    const { reason } = error
    return { error: 'pallet' in reason ? view.runtime.moduleError(reason.pallet, reason.error) : reason.dispatchError, events: [] }
  }
  own.commit()
  return { error: null, events }
}
