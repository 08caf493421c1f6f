import { fromBufferToBase58 } from '@polkadot-api/substrate-bindings'
import type { ChainCurve, ChainCurveAccount, ChainCurvesRead } from '../../../src-shared/chain-curves.ts'
import { type CurveOnChain, isAccountThere, readCurves, readHeld } from '../../clients/tfchain/curve.ts'
import type { StateReader } from '../../clients/tfchain/state.ts'
import { CURVE_PALLET_ID, palletAccount, palletAddress } from '../../engines/curve/account.ts'
import { PRECISION, spotPrice, suppliedUnits } from '../../engines/curve/quote.ts'
import { type AskInput, asking } from './ask.ts'

const toAddress = fromBufferToBase58(42)

/**
 * A chain's minting curves after its finalized head, with their prices as the chain works them out, and the pallet's account held against the id
 * that the chain names. Rejects with AppError chain.*, cancelled.
 */
export function askCurves(input: AskInput, signal?: AbortSignal): Promise<ChainCurvesRead> {
  return asking(input, signal, ({ state }) => curvesAt(state))
}

/** The same of the state after one block. */
export async function curvesAt(state: StateReader): Promise<ChainCurvesRead> {
  const { block, runtime } = state
  const at = { block: block.n, blockTs: block.ts, blockHash: block.hash, specVersion: runtime.specVersion }
  const found = await readCurves(state)
  if (found === null) return { ...at, pallet: null, precision: PRECISION, curves: [], account: null }
  const { pallet, palletId } = found
  const precision = found.precision ?? PRECISION
  const account = palletAccount(CURVE_PALLET_ID)
  const curves = await Promise.all(
    found.curves.map(async curve => shown(curve, precision, await readHeld(state, pallet, curve.asset, account))),
  )
  return { ...at, pallet, precision, curves, account: checked(palletId, await isAccountThere(state, account)) }
}

function shown(curve: CurveOnChain, precision: bigint, held: bigint | null): ChainCurve {
  const { asset, foreignAsset, creator, initialPrice, slope, initialIssuance, issuance } = curve
  const shape = { initialPrice, slope, initialIssuanceUnits: initialIssuance, precision }
  return {
    ...{ asset, foreignAsset, creator: creator && toAddress(creator), initialPrice, slope, initialIssuance, issuance, held },
    supply: issuance === null ? null : suppliedUnits(shape, issuance),
    price: issuance === null ? null : spotPrice(shape, issuance, 'spot'),
  }
}

/** The account by the specification's id, held against the one that the chain's own id gives. */
function checked(said: Uint8Array | null, exists: boolean): ChainCurveAccount {
  const palletId = CURVE_PALLET_ID
  const own = { palletId, accountHex: Buffer.from(palletAccount(palletId)).toString('hex'), address: palletAddress(palletId), exists }
  if (said === null) return { ...own, saidPalletId: null, check: 'unsaid', saidAddress: null }
  const account = new Uint8Array(32)
  account.set([...new TextEncoder().encode('modl'), ...said])
  const saidAddress = toAddress(account)
  const saidPalletId = /^[\x20-\x7e]{8}$/.test(latin(said)) ? latin(said) : `0x${Buffer.from(said).toString('hex')}`
  return { ...own, saidPalletId, check: saidAddress === own.address ? 'same' : 'differs', saidAddress }
}

function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
