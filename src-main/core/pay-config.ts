import { AppError } from '../../src-shared/errors.ts'
import { type PayConfig, payConfigSchema } from '../../src-shared/pay.ts'
import type { PayEntry, PayProblem } from '../../src-shared/pay-contract.ts'
import { SIGN_SEC } from '../engines/payout-plan/plan.ts'
import { loadPayConfig } from '../store/pay-config.ts'
import type { PayRoom } from './pay-room.ts'

/** The most that one transaction may cost where nobody chose, stroops: ten times Stellar's least. */
const FEE_STROOPS = 1_000

/** How a network pays: what the operator entered, else what is known of it (resources/networks.json), else empty. */
export function payConfigOf(
  { books, known: list }: { books: PayRoom['books'] | null; known: PayRoom['known'] },
  network: string | null,
): { config: PayConfig; isKept: boolean } {
  const kept = network === null || books === null ? null : loadPayConfig(books, network)
  if (kept) return { config: kept, isKept: true }
  const known = list.find(({ name }) => name === network)
  const config = {
    horizon: known?.horizon ?? '',
    passphrase: known?.passphrase ?? '',
    assetCode: known?.assetCode ?? '',
    issuer: known?.issuer ?? '',
    payer: known?.payer ?? '',
    channels: [],
    feeStroops: FEE_STROOPS,
    signSec: SIGN_SEC,
  }
  return { config, isKept: false }
}

/** What is wrong with what was entered, in the order of the form; what is empty is missing. Whether the accounts exist is for pay.accounts. */
export async function payProblems(entry: PayEntry): Promise<PayProblem[]> {
  // the library that knows Stellar's addresses takes a while to load
  const [{ checkStellarNetwork }, { isAccountId }] = await Promise.all([
    import('../clients/stellar/network.ts'),
    import('../engines/minting/strkey.ts'),
  ])
  const { horizon, passphrase, assetCode, issuer, payer, channels, feeStroops, signSec } = entry
  const problems: PayProblem[] = checkStellarNetwork({ horizon, passphrase, asset: { code: assetCode, issuer } })
  if (!isAccountId(payer))
    problems.push({ field: 'payer', message: 'Paying account: this is no Stellar account. Enter the 56 characters that begin with G.' })
  const bad = channels.find(channel => !isAccountId(channel))
  if (bad !== undefined)
    problems.push({
      field: 'channels',
      message: `Channel accounts: "${bad.slice(0, 60)}" is no Stellar account. Correct it or take it out.`,
    })
  else if (new Set(channels).size < channels.length)
    problems.push({ field: 'channels', message: 'Channel accounts: one stands there twice. Take one of the two out.' })
  const { feeStroops: fee, signSec: sign } = payConfigSchema.shape
  if (!fee.safeParse(feeStroops).success)
    problems.push({ field: 'feeStroops', message: 'Highest fee: enter 100 to 1,000,000 stroops for one transaction.' })
  if (!sign.safeParse(signSec).success) problems.push({ field: 'signSec', message: 'Time for signing: enter 1 minute to 20 hours.' })
  return problems
}

/** The configuration in the form in which it is kept. Rejects with AppError usage: details.field says where. */
export async function readPayConfig(entry: PayEntry): Promise<PayConfig> {
  const [problem] = await payProblems(entry)
  if (problem) throw new AppError('usage', `${problem.message} Nothing was changed.`, { details: { field: problem.field } })
  return payConfigSchema.parse(entry)
}
