import type { QueryOutput } from '../../src-shared/contract.ts'
import { sumUnits } from '../../src-shared/money.ts'
import type { PayoutPlan } from '../../src-shared/pay.ts'
import type { PayAccount, ShortageRow } from '../../src-shared/pay-contract.ts'
import { loadAccount, loadClock, spendable } from '../clients/stellar/accounts.ts'
import type { AskOptions, Horizon } from '../clients/stellar/horizon.ts'
import type { AccountState, LedgerClock } from '../clients/stellar/types.ts'
import { isNumberFree, isOver, type RowState } from '../engines/payout-plan/row.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import { type Accounts, loadAccounts } from '../jobs/pay/sign.ts'
import { loadRows, loadRun } from '../store/runs.ts'
import { payConfigOf } from './pay-config.ts'
import { type PayRoom, payNetwork, planOf } from './pay-room.ts'

/** How the configured accounts, or those of a run, are on Stellar now, and what the rest of the run lacks. Rejects with AppError pay.refused, stellar.*. */
export async function readAccounts(room: PayRoom, runId: string | undefined): Promise<QueryOutput<'pay.accounts'>> {
  const run = runId === undefined ? null : loadRun(room.books, runId)
  const { config } = payConfigOf(room, run?.network ?? payNetwork(room))
  const horizon = horizonOf(config)
  const plan = run && planOf(room, run)
  const { payer, issuer, channels, assetCode } = plan ?? config
  const clock = await loadClock(horizon)
  const found = new Map(await loadAccounts(horizon, { payer, channels }))
  const issuing = found.get(issuer) ?? (await loadAccount(horizon, issuer))
  if (issuing) found.set(issuer, issuing)
  const stellarKeys = (await room.keys.list()).keys.filter(({ kind }) => kind === 'stellar')
  const view = (address: string, role: PayAccount['role']): PayAccount => {
    const account = found.get(address)
    return {
      address,
      role,
      exists: account !== undefined,
      thresholds: account?.thresholds ?? null,
      signers: (account?.signers ?? []).map(({ key, weight }) => ({
        key,
        weight,
        name: stellarKeys.find(known => known.address === key)?.name ?? null,
      })),
      spendableStroops: account ? spendable(account, null, clock.baseReserveUnits) : null,
      assetUnits: account && address !== issuer ? spendable(account, { code: assetCode, issuer }, clock.baseReserveUnits) : null,
    }
  }
  const roles = [[payer, 'payer'], ...channels.filter(id => id !== payer).map(id => [id, 'channel']), [issuer, 'issuer']] as [
    string,
    PayAccount['role'],
  ][]
  return {
    closeTs: clock.closeTs,
    accounts: roles.map(([address, role]) => view(address, role)),
    shortages: run && plan ? shortagesNow(plan, loadRows(room.books, run.runId), found, clock, BigInt(plan.feeStroops)) : [],
  }
}

/** What the rest of a run lacks now, asking Stellar. Rejects with AppError stellar.*, cancelled. */
export async function missingFunds(
  horizon: Horizon,
  { plan, rows }: { plan: PayoutPlan; rows: readonly RowState[] },
  accounts: Accounts,
  options?: AskOptions,
): Promise<ShortageRow[]> {
  const clock = await loadClock(horizon, options)
  // what Stellar takes at least: the highest fee that was signed may never be asked for
  return shortagesNow(plan, rows, accounts, clock, clock.baseFeeStroops)
}

function shortagesNow(
  plan: PayoutPlan,
  rows: readonly RowState[],
  accounts: ReadonlyMap<string, AccountState>,
  { baseReserveUnits }: LedgerClock,
  feeStroops: bigint,
): ShortageRow[] {
  const { payer, issuer, assetCode } = plan
  const shortages: ShortageRow[] = []
  const add = (account: string, asset: string, needsUnits: bigint, hasUnits: bigint) => {
    if (hasUnits < needsUnits) shortages.push({ account, asset, needsUnits, hasUnits })
  }
  // what only uses its number up pays nothing
  const unpaid = plan.rows.filter((_, place) => {
    const row = rows[place]!
    return row.payment === null && !isOver(row) && row.envelopes.at(-1)?.kind === 'payment'
  })
  const paying = accounts.get(payer)
  if (paying && payer !== issuer)
    add(payer, assetCode, sumUnits(unpaid), spendable(paying, { code: assetCode, issuer }, baseReserveUnits) ?? 0n)
  for (const channel of plan.channels) {
    const count = plan.rows.filter((row, place) => row.channel === channel && isNumberFree(rows[place]!)).length
    const account = accounts.get(channel)
    add(channel, 'XLM', BigInt(count) * feeStroops, account ? (spendable(account, null, baseReserveUnits) ?? 0n) : 0n)
  }
  return shortages
}
