import { burnFrom, mintTo } from './accounts.ts'
import { accountOf, type CallContext, type CallHandler, fail } from './dispatch.ts'

/**
 * The token minting curve (tokenomics.md, "Token minting curve", pricing `spot`: the price is floored before the square root, as a
 * chain does it). Asset 0 is the chain's own token; the part that is not the user's goes to the zap manager's account.
 */

const CURVE = 'TokenMintingCurve'
const K = 10n ** 12n
const U128_MAX = 2n ** 128n - 1n
const U256_MAX = 2n ** 256n - 1n
const USER_SHARE_MILLIONTHS = 333_333n
/** `modl` and the pallet's id, padded */
const ZAP_MANAGER = Buffer.concat([Buffer.from('modltmcurve0')], 32)

interface Curve {
  foreign_asset: number
  creator: Buffer
  initial_price: bigint
  slope: bigint
  initial_issuance: bigint
}

function curveOf(context: CallContext, asset: number): Curve {
  const curve = context.get(CURVE, 'Curves', asset) as unknown as Curve | null
  return curve ?? fail(CURVE, 'NoCurveExists')
}

function held(context: CallContext, asset: number, who: Buffer): bigint {
  return asset === 0 ? accountOf(context, who).free : (context.get(CURVE, 'Holdings', asset, who) as bigint)
}

function issuanceOf(context: CallContext, asset: number): bigint {
  return (asset === 0 ? context.get('Balances', 'TotalIssuance') : context.get(CURVE, 'Issuance', asset)) as bigint
}

function credit(context: CallContext, asset: number, who: Buffer, amount: bigint): void {
  if (asset === 0) {
    mintTo(context, who, amount)
    return
  }
  context.put(CURVE, 'Holdings', [asset, who], held(context, asset, who) + amount)
  context.put(CURVE, 'Issuance', [asset], issuanceOf(context, asset) + amount)
}

function debit(context: CallContext, asset: number, who: Buffer, amount: bigint): void {
  if (held(context, asset, who) < amount) fail(CURVE, 'InsufficientBalance')
  if (asset === 0) {
    burnFrom(context, who, amount)
    return
  }
  context.put(CURVE, 'Holdings', [asset, who], held(context, asset, who) - amount)
  context.put(CURVE, 'Issuance', [asset], issuanceOf(context, asset) - amount)
}

const least = (value: bigint, limit: bigint): bigint => (value < limit ? value : limit)

/** Units minted for a payment at that supply; saturates where the chain does. */
export function mintedFor(payment: bigint, supply: bigint, slope: bigint, initialPrice: bigint): bigint {
  const price = least(initialPrice + least(slope * supply, U128_MAX) / K, U128_MAX)
  const scaled = least(K * price, U256_MAX)
  const sum = least(least(scaled * scaled, U256_MAX) + least(2n * slope * K * K * payment, U256_MAX), U256_MAX)
  const root = squareRoot(sum)
  return root > scaled ? (root - scaled) / slope : 0n
}

/** The largest whole number whose square is not above `value`. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (guess + value / guess) >> 1n
    if (next >= guess) return guess
    guess = next
  }
}

export const curveCalls: Readonly<Record<string, CallHandler>> = {
  'TokenMintingCurve.create_curve'(context, args) {
    const asset = args.asset as number
    const slope = args.slope as bigint
    const initialPrice = args.initial_price as bigint
    if (context.has(CURVE, 'Curves', asset)) fail(CURVE, 'CurveAlreadyExists')
    if (slope === 0n || initialPrice === 0n) fail(CURVE, 'InvalidParameters')
    const foreign = args.foreign_asset as number
    const curve = { creator: context.origin, foreign_asset: foreign, initial_price: initialPrice, slope }
    context.put(CURVE, 'Curves', [asset], { ...curve, initial_issuance: issuanceOf(context, asset) })
    context.deposit(CURVE, 'CurveCreated', { asset, ...curve })
  },
  'TokenMintingCurve.update_curve'(context, args) {
    const asset = args.asset as number
    const curve = curveOf(context, asset)
    if (!Buffer.from(curve.creator).equals(context.origin)) fail(CURVE, 'NotTheCreator')
    if (args.slope === 0n) fail(CURVE, 'InvalidParameters')
    context.put(CURVE, 'Curves', [asset], { ...curve, slope: args.slope! })
    context.deposit(CURVE, 'CurveUpdated', { asset, slope: args.slope! })
  },
  'TokenMintingCurve.mint'(context, args) {
    const asset = args.asset as number
    const payment = args.payment as bigint
    if (payment === 0n) fail(CURVE, 'ZeroAmount')
    const curve = curveOf(context, asset)
    const issuance = issuanceOf(context, asset)
    const supply = issuance > curve.initial_issuance ? issuance - curve.initial_issuance : 0n
    const minted = mintedFor(payment, supply, curve.slope, curve.initial_price)
    if (minted > U128_MAX) fail(CURVE, 'ArithmeticOverflow')
    debit(context, curve.foreign_asset, context.origin, payment)
    if (issuance + minted > U128_MAX) fail(CURVE, 'ExceedsMaxSupply')
    const userShare = (minted * USER_SHARE_MILLIONTHS) / 1_000_000n
    credit(context, asset, context.origin, userShare)
    credit(context, asset, ZAP_MANAGER, minted - userShare)
    const fields = { asset, who: context.origin, payment, user_share: userShare, zap_share: minted - userShare }
    context.deposit(CURVE, 'ZapAllocationDistributed', fields)
  },
  'TokenMintingCurve.burn'(context, args) {
    const asset = args.asset as number
    const amount = args.amount as bigint
    if (amount === 0n) fail(CURVE, 'ZeroAmount')
    curveOf(context, asset)
    debit(context, asset, context.origin, amount)
    context.deposit(CURVE, 'Burned', { asset, who: context.origin, amount })
  },
}
