import type { Rules } from '../../../src-shared/mint.ts'
import type { PayConfig } from '../../../src-shared/pay.ts'
import { checkNetwork, checkPayee, loadAccount, loadClock, loadFeeStats, spendable, trustlineFor } from '../../clients/stellar/accounts.ts'
import { readTransactions } from '../../clients/stellar/history.ts'
import { type AskOptions, checkHorizonUrl, createHorizon, type Horizon, type HorizonOptions } from '../../clients/stellar/horizon.ts'
import type { AccountState } from '../../clients/stellar/types.ts'
import { type Channel, type Payable, type PayeeCheck, type Planned, planRun } from '../../engines/payout-plan/plan.ts'
import type { Store } from '../../store/index.ts'
import { busyChannels, originsUnderWay } from '../../store/runs.ts'
import type { JobContext } from '../context.ts'
import { historyStart } from './ledger.ts'
import { refused } from './state.ts'

/** Accounts that are looked at at once. */
const CONCURRENCY = 10

/** Something about the accounts that a person should mend or know before signing. */
export interface PlanWarning {
  subject: string
  message: string
}

export interface MadePlan extends Planned {
  warnings: PlanWarning[]
}

export interface PlanOrder {
  network: string
  config: PayConfig
  rules: Rules
  period: number | null
  /** the maker's own signing account; empty: none */
  maker: string
  payables: readonly Payable[]
}

/** A Horizon of the configuration. Throws AppError usage, naming what is not entered yet. */
export function horizonOf(config: PayConfig, more: Partial<HorizonOptions> = {}): Horizon {
  const missing = (['horizon', 'passphrase', 'assetCode', 'issuer', 'payer'] as const).find(name => config[name] === '')
  if (missing)
    throw refused(
      'not-configured',
      `How this network pays is not entered yet: ${names[missing]} is missing. Enter it in the payout settings.`,
    )
  return createHorizon({ url: checkHorizonUrl(config.horizon), passphrase: config.passphrase, ...more })
}

const names = {
  horizon: "Horizon's address",
  passphrase: 'the network passphrase',
  assetCode: "the asset's code",
  issuer: "the asset's issuer",
  payer: 'the paying account',
}

/**
 * Plans a run: looks at the payees, the payer and the channels as they are on the ledger, leaves out what is paid already, and says what is
 * short and who is left out. Nothing is kept. Throws AppError `pay.refused` where a receipt is under way in another run or an account is
 * missing, stellar.*, cancelled.
 */
export async function makePlan(store: Store, horizon: Horizon, order: PlanOrder, context: JobContext = {}): Promise<MadePlan> {
  const { network, config, rules, period, maker, payables } = order
  const options: AskOptions = { signal: context.signal }
  await checkNetwork(horizon, options)
  refuseUnderWay(store, network, payables)
  const { assetCode: code, issuer, payer: payerId, passphrase, feeStroops, signSec } = config
  const clock = await loadClock(horizon, options)
  const payer = await loadAccount(horizon, payerId, options)
  if (!payer) throw refused('no-payer', `The paying account ${payerId} does not exist on Stellar. Correct it in the payout settings.`)
  const warnings: PlanWarning[] = []
  if (!isMajority(payer))
    warnings.push({
      subject: payerId,
      message:
        "The paying account's threshold is not more than half of its signers' weight: two different runs could both find enough signers. Raise its medium threshold.",
    })
  const busy = busyChannels(store, network)
  const channels: Channel[] = []
  for (const address of config.channels.length > 0 ? config.channels : [payerId]) {
    const run = busy.get(address)
    if (run) {
      warnings.push({ subject: address, message: `The channel account is in use by run ${run.slice(0, 16)} and is left out.` })
      continue
    }
    const account = await loadAccount(horizon, address, options)
    if (account)
      channels.push({ address, sequence: account.sequence, spendableStroops: spendable(account, null, clock.baseReserveUnits) ?? 0n })
    else warnings.push({ subject: address, message: 'The channel account does not exist on Stellar and is left out.' })
  }
  if (channels.length === 0)
    throw refused(
      'no-channels',
      'There is no account free that transactions could come from. Wait for the other run, or add channel accounts.',
    )
  const fees = await loadFeeStats(horizon, options)
  if (BigInt(feeStroops) < fees.p50Stroops)
    warnings.push({
      subject: 'fee',
      message: `The most that a transaction may cost, ${feeStroops} stroops, is less than what half of all pay now (${fees.p50Stroops}).`,
    })
  const payerUnits = payerId === issuer ? null : (spendable(payer, { code, issuer }, clock.baseReserveUnits) ?? 0n)
  const planned = planRun({
    network,
    passphrase,
    assetCode: code,
    issuer,
    payer: payerId,
    payerUnits,
    rules,
    period,
    maker,
    channels,
    feeStroops,
    ledgerTs: clock.closeTs,
    signSec,
    payables,
    payees: await checkPayees(horizon, payables, { code, issuer }, context),
    paid: await paidMemos(horizon, config, Math.min(clock.closeTs, ...payables.map(({ startTs }) => startTs)), options),
  })
  return { ...planned, warnings }
}

/** A retry is planned only when every envelope of the earlier run has expired or failed (issue 5), and so is whatever else runs already. */
function refuseUnderWay(store: Store, network: string, payables: readonly Payable[]): void {
  const held = originsUnderWay(store, network)
  const found = payables.find(({ receipt, retryFor }) => held.has(retryFor ?? receipt))
  if (found)
    throw refused(
      'under-way',
      `The receipt of node ${found.nodeId} (${(found.retryFor ?? found.receipt).slice(0, 16)}) is paid, or still can be, by another run. Nothing was planned. Reconcile that run: this one is planned once every envelope of it has expired or failed.`,
    )
}

/** Two sets of signers that each meet the threshold share a signer, who signs one run of a period only. */
function isMajority({ thresholds, signers }: AccountState): boolean {
  const total = signers.reduce((sum, { weight }) => sum + weight, 0)
  return Math.max(1, thresholds.med) * 2 > total
}

async function checkPayees(
  horizon: Horizon,
  payables: readonly Payable[],
  asset: { code: string; issuer: string },
  { signal, onProgress }: JobContext,
): Promise<Map<string, PayeeCheck>> {
  const addresses = [...new Set(payables.map(({ address }) => address))].filter(address => address !== '')
  const checks = new Map<string, PayeeCheck>()
  let next = 0
  async function work(): Promise<void> {
    for (let address = addresses[next++]; address !== undefined; address = addresses[next++]) {
      checks.set(address, await payeeCheck(horizon, address, asset, { signal }))
      onProgress?.({ fraction: checks.size / addresses.length, detail: `${checks.size} of ${addresses.length} payees`, secondsLeft: null })
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work))
  return checks
}

/** The plan adds up what an address gets; whether its trustline has room for one unit is asked here. */
async function payeeCheck(
  horizon: Horizon,
  address: string,
  asset: { code: string; issuer: string },
  options: AskOptions,
): Promise<PayeeCheck> {
  const check = await checkPayee(horizon, { address, asset, amountUnits: 1n }, options)
  if (!check.isPayable) return { ok: false, reason: check.reason, wayOut: check.wayOut }
  const line = trustlineFor(check.account, asset)
  return { ok: true, roomUnits: line && line.limitUnits - line.balanceUnits - line.buyingUnits }
}

/**
 * The memos of successful payments of the asset by payer or issuer since `floorTs` (seconds), page by page: the receipts that are on the
 * ledger (minting.md, Retries). Throws AppError stellar.*, cancelled.
 */
export async function paidMemos(
  horizon: Horizon,
  { payer, issuer, assetCode }: Pick<PayConfig, 'payer' | 'issuer' | 'assetCode'>,
  floorTs: number,
  options?: AskOptions,
): Promise<Set<string>> {
  const found = new Set<string>()
  for (const account of new Set([payer, issuer])) {
    if (!(await loadAccount(horizon, account, options))) continue
    const cursor = await historyStart(horizon, account, floorTs, options)
    for await (const { txs } of readTransactions(horizon, { account, cursor }, options))
      for (const { successful, memoHash, payments } of txs) {
        // anybody can send the issuer something under any memo: only what these two pay counts
        const isPaid = payments.some(
          ({ from, asset }) => (from === payer || from === issuer) && asset?.code === assetCode && asset.issuer === issuer,
        )
        if (successful && memoHash !== null && isPaid) found.add(memoHash)
      }
  }
  return found
}
