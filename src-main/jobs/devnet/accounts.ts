import { accountOf, type CallContext, fail, failWith, setAccount } from './dispatch.ts'

/** Units below which an account is removed (the declared constant). */
export const EXISTENTIAL_DEPOSIT = 500n

/** Moves units between accounts as the balances pallet does, with its events. */
export function transfer(context: CallContext, from: Buffer, to: Buffer, amount: bigint, keepAlive: boolean): void {
  const payer = accountOf(context, from)
  if (payer.free < amount) failWith({ Token: 'FundsUnavailable' })
  const left = payer.free - amount
  if (left < EXISTENTIAL_DEPOSIT && keepAlive) failWith({ Token: 'NotExpendable' })
  if (from.equals(to)) {
    context.deposit('Balances', 'Transfer', { from, to, amount })
    return
  }
  if (!accountOf(context, to).exists && amount < EXISTENTIAL_DEPOSIT) failWith({ Token: 'BelowMinimum' })
  if (left < EXISTENTIAL_DEPOSIT) {
    context.remove('System', 'Account', from)
    context.deposit('System', 'KilledAccount', { account: from })
    if (left > 0n) context.deposit('Balances', 'DustLost', { account: from, amount: left })
    changeIssuance(context, -left)
  } else setAccount(context, from, payer.nonce, left)
  credit(context, to, amount)
  context.deposit('Balances', 'Transfer', { from, to, amount })
}

function credit(context: CallContext, who: Buffer, amount: bigint): void {
  const { nonce, free, exists } = accountOf(context, who)
  setAccount(context, who, nonce, free + amount)
  if (exists) return
  context.deposit('System', 'NewAccount', { account: who })
  context.deposit('Balances', 'Endowed', { account: who, free_balance: amount })
}

/** Makes new units for an account. */
export function mintTo(context: CallContext, who: Buffer, amount: bigint): void {
  credit(context, who, amount)
  changeIssuance(context, amount)
  context.deposit('Balances', 'Deposit', { who, amount })
}

/** Takes units out of the world. */
export function burnFrom(context: CallContext, who: Buffer, amount: bigint): void {
  const { nonce, free } = accountOf(context, who)
  setAccount(context, who, nonce, free - amount)
  changeIssuance(context, -amount)
  context.deposit('Balances', 'Withdraw', { who, amount })
}

function changeIssuance(context: CallContext, by: bigint): void {
  context.put('Balances', 'TotalIssuance', [], (context.get('Balances', 'TotalIssuance') as bigint) + by)
}

/** The twin of whoever calls; without one the call fails. */
export function twinOf(context: CallContext): number {
  const id = context.get('TfgridModule', 'TwinIdByAccountID', context.origin)
  return id === null ? fail('TfgridModule', 'TwinNotExists') : (id as number)
}
