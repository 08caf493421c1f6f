import { StrKey } from '@stellar/stellar-sdk/base'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import { tsFromUtc } from '../../../src-shared/time.ts'
import { isSameAsset } from './envelope.ts'
import type { AskOptions, Horizon } from './horizon.ts'
import type { AccountState, Asset, LedgerClock, Trustline } from './types.ts'

/** Amounts in lumens or the asset, with up to 7 decimals, exactly. */
const amount = z.string().transform((text, context) => {
  const units = unitsFromTft(text)
  if (units === null) context.addIssue('no amount')
  return units ?? 0n
})
const digits = z.union([z.string().regex(/^\d{1,19}$/), z.number().int().min(0)]).transform(value => BigInt(value))

const balanceSchema = z.object({
  balance: amount,
  limit: amount.optional(),
  buying_liabilities: amount.optional(),
  selling_liabilities: amount.optional(),
  is_authorized: z.boolean().optional(),
  asset_type: z.string(),
  asset_code: z.string().optional(),
  asset_issuer: z.string().optional(),
})

const accountSchema = z.object({
  account_id: z.string(),
  sequence: digits,
  subentry_count: z.number().int(),
  num_sponsoring: z.number().int().default(0),
  num_sponsored: z.number().int().default(0),
  thresholds: z.object({ low_threshold: z.number().int(), med_threshold: z.number().int(), high_threshold: z.number().int() }),
  balances: z.array(balanceSchema),
  signers: z.array(z.object({ key: z.string(), weight: z.number().int(), type: z.string() })),
})

/** An account as Horizon has it; null where it does not exist. Throws AppError usage, stellar.*, cancelled. */
export async function loadAccount(horizon: Horizon, id: string, options?: AskOptions): Promise<AccountState | null> {
  if (!StrKey.isValidEd25519PublicKey(id))
    throw new AppError('usage', 'This is no Stellar account. Enter the 56 characters that begin with G.')
  const answer = await horizon.read(`/accounts/${id}`, {}, accountSchema, options)
  if (!answer) return null
  const { value, ledger } = answer
  if (value.account_id !== id)
    throw new AppError('stellar.answer', `Horizon at ${horizon.url} answered for another account. Use another one.`, {
      details: { url: horizon.url },
    })
  const native = value.balances.find(({ asset_type: type }) => type === 'native')
  return {
    id,
    sequence: value.sequence,
    ledger,
    lumensUnits: native?.balance ?? 0n,
    sellingLumensUnits: native?.selling_liabilities ?? 0n,
    reserves: 2 + value.subentry_count + value.num_sponsoring - value.num_sponsored,
    thresholds: { low: value.thresholds.low_threshold, med: value.thresholds.med_threshold, high: value.thresholds.high_threshold },
    signers: value.signers
      .filter(({ type, weight }) => type === 'ed25519_public_key' && weight > 0)
      .map(({ key, weight }) => ({ key, weight })),
    trustlines: value.balances.flatMap(trustlineOf),
  }
}

function trustlineOf(line: z.infer<typeof balanceSchema>): Trustline[] {
  if (line.asset_code === undefined || line.asset_issuer === undefined) return []
  return [
    {
      asset: { code: line.asset_code, issuer: line.asset_issuer },
      balanceUnits: line.balance,
      limitUnits: line.limit ?? 0n,
      sellingUnits: line.selling_liabilities ?? 0n,
      buyingUnits: line.buying_liabilities ?? 0n,
      isAuthorised: line.is_authorized ?? true,
    },
  ]
}

export function trustlineFor(account: AccountState, asset: Asset): Trustline | null {
  return account.trustlines.find(line => isSameAsset(line.asset, asset)) ?? null
}

/** What an account can pay: lumens above its reserve, or the asset. Units of 1e-7, 0 or more; null: no trustline, or not authorised. */
export function spendable(account: AccountState, asset: Asset | null, baseReserveUnits: bigint): bigint | null {
  if (asset === null) return atLeast0(account.lumensUnits - account.sellingLumensUnits - BigInt(account.reserves) * baseReserveUnits)
  const line = trustlineFor(account, asset)
  return line?.isAuthorised ? atLeast0(line.balanceUnits - line.sellingUnits) : null
}

const atLeast0 = (units: bigint) => (units > 0n ? units : 0n)

const rootSchema = z.object({
  network_passphrase: z.string(),
  history_latest_ledger: z.number().int(),
  history_elder_ledger: z.number().int(),
})

/**
 * Whether this Horizon serves the configured network; the first and last ledger whose history it has. Throws AppError stellar.network,
 * stellar.*.
 */
export async function checkNetwork(horizon: Horizon, options?: AskOptions): Promise<{ elderLedger: number; latestLedger: number }> {
  const answer = await horizon.read('/', {}, rootSchema, options)
  if (!answer) throw missing(horizon, '/')
  const { network_passphrase: passphrase, history_elder_ledger: elderLedger, history_latest_ledger: latestLedger } = answer.value
  if (passphrase !== horizon.passphrase)
    throw new AppError(
      'stellar.network',
      `Horizon at ${horizon.url} serves "${passphrase.slice(0, 100)}", and this network's passphrase is "${horizon.passphrase}". Correct one of them; nothing was sent.`,
      { details: { url: horizon.url } },
    )
  return { elderLedger, latestLedger }
}

const ledgersSchema = z.object({
  _embedded: z.object({
    records: z
      .array(
        z.object({
          sequence: z.number().int(),
          closed_at: z.string(),
          base_fee_in_stroops: z.number().int(),
          base_reserve_in_stroops: z.number().int(),
        }),
      )
      .min(1),
  }),
})

/** The last closed ledger. Throws AppError stellar.*, cancelled. */
export async function loadClock(horizon: Horizon, options?: AskOptions): Promise<LedgerClock> {
  const answer = await horizon.read('/ledgers', { order: 'desc', limit: '1' }, ledgersSchema, options)
  const row = answer?.value._embedded.records[0]
  const closeTs = row ? tsFromUtc(row.closed_at) : null
  if (!row || closeTs === null) throw missing(horizon, '/ledgers')
  return {
    ledger: row.sequence,
    closeTs,
    baseFeeStroops: BigInt(row.base_fee_in_stroops),
    baseReserveUnits: BigInt(row.base_reserve_in_stroops),
  }
}

/**
 * The oldest ledger whose history Horizon keeps; `isFirst`: the network's own first (Horizon can't hold the genesis ledger itself). Throws
 * AppError stellar.*, cancelled.
 */
export async function loadElder(horizon: Horizon, options?: AskOptions): Promise<{ closeTs: number; isFirst: boolean }> {
  const answer = await horizon.read('/ledgers', { order: 'asc', limit: '1' }, ledgersSchema, options)
  const row = answer?.value._embedded.records[0]
  const closeTs = row ? tsFromUtc(row.closed_at) : null
  if (!row || closeTs === null) throw missing(horizon, '/ledgers')
  return { closeTs, isFirst: row.sequence <= 2 }
}

const chargedSchema = z.object({ min: digits, p50: digits, p90: digits, p99: digits, max: digits })
const feesSchema = z.object({ last_ledger_base_fee: digits, ledger_capacity_usage: z.string(), fee_charged: chargedSchema })

/** What transactions paid of late, stroops for each operation, and how full ledgers are, permille. */
export interface FeeStats {
  baseStroops: bigint
  p50Stroops: bigint
  p90Stroops: bigint
  p99Stroops: bigint
  maxStroops: bigint
  fullPermille: number
}

/** Throws AppError stellar.*, cancelled. */
export async function loadFeeStats(horizon: Horizon, options?: AskOptions): Promise<FeeStats> {
  const answer = await horizon.read('/fee_stats', {}, feesSchema, options)
  if (!answer) throw missing(horizon, '/fee_stats')
  const { last_ledger_base_fee: baseStroops, fee_charged: charged, ledger_capacity_usage: usage } = answer.value
  const full = Math.round(Number(usage) * 1000)
  return {
    baseStroops,
    p50Stroops: charged.p50,
    p90Stroops: charged.p90,
    p99Stroops: charged.p99,
    maxStroops: charged.max,
    fullPermille: Number.isFinite(full) ? full : 0,
  }
}

function missing(horizon: Horizon, path: string): AppError {
  return new AppError('stellar.answer', `Horizon at ${horizon.url} has no ${path}. Check its address, or use another one.`, {
    details: { url: horizon.url, path },
  })
}

/** Why an address can't be paid. */
export type PayeeProblem = 'not-an-account' | 'is-issuer' | 'missing' | 'no-trustline' | 'not-authorised' | 'limit'

export type PayeeCheck =
  | { isPayable: true; account: AccountState }
  /** `wayOut`: what the farmer must do */
  | { isPayable: false; problem: PayeeProblem; reason: string; wayOut: string }

/**
 * Whether an address can take this amount of the asset. Throws AppError stellar.*, cancelled: then it is unknown, which is neither.
 * Amounts are units of 1e-7.
 */
export async function checkPayee(
  horizon: Horizon,
  { address, asset, amountUnits }: { address: string; asset: Asset; amountUnits: bigint },
  options?: AskOptions,
): Promise<PayeeCheck> {
  if (!StrKey.isValidEd25519PublicKey(address))
    return unpayable(
      'not-an-account',
      'The payout address is no Stellar account.',
      "Set the farm's payout address to a Stellar account: 56 characters that begin with G.",
    )
  if (address === asset.issuer)
    return unpayable(
      'is-issuer',
      `The payout address is the issuer of ${asset.code}: a payment to it destroys the tokens.`,
      "Set the farm's payout address to an account of your own.",
    )
  const account = await loadAccount(horizon, address, options)
  if (!account)
    return unpayable(
      'missing',
      'The account does not exist on Stellar.',
      'Create it by sending it at least 1.5 XLM, then add the trustline.',
    )
  const line = trustlineFor(account, asset)
  const named = `${asset.code} of ${asset.issuer.slice(0, 4)}…${asset.issuer.slice(-6)}`
  if (!line) return unpayable('no-trustline', `The account has no trustline for ${named}.`, `Add a trustline for ${named} in your wallet.`)
  if (!line.isAuthorised)
    return unpayable('not-authorised', `The issuer does not let the account hold ${named}.`, 'Ask the issuer to authorise the trustline.')
  const room = line.limitUnits - line.balanceUnits - line.buyingUnits
  if (amountUnits > room)
    return unpayable(
      'limit',
      `The trustline has room for ${tftExact(room > 0n ? room : 0n)} ${asset.code}, and ${tftExact(amountUnits)} is due.`,
      "Raise the trustline's limit in your wallet, or move some of the balance away.",
    )
  return { isPayable: true, account }
}

function unpayable(problem: PayeeProblem, reason: string, wayOut: string): PayeeCheck {
  return { isPayable: false, problem, reason, wayOut }
}
