import { fromBufferToBase58 } from '@polkadot-api/substrate-bindings'
import { AppError } from '../../../src-shared/errors.ts'

/** The pallet of the token minting curve, by its id on a chain. */
export const CURVE_PALLET_ID = 'tmcurve0'

const toAddress = fromBufferToBase58(42)

/**
 * The account that a pallet owns, 32 bytes: `modl`, the pallet's id, and zeros (a chain's PalletId, into_account_truncating). Nobody has a key of it.
 * @param subId one of the pallet's own accounts: u32, little-endian after the id
 * @throws AppError usage: an id is 8 ASCII characters
 */
export function palletAccount(palletId: string, subId?: number): Uint8Array {
  if (!/^[\x20-\x7e]{8}$/.test(palletId)) throw new AppError('usage', `"${palletId}" is no id of a pallet: it has 8 letters or digits.`)
  const account = new Uint8Array(32)
  account.set(new TextEncoder().encode(`modl${palletId}`))
  if (subId !== undefined) new DataView(account.buffer).setUint32(12, subId, true)
  return account
}

/** Its address, SS58 of the general kind (prefix 42). */
export function palletAddress(palletId: string, subId?: number): string {
  return toAddress(palletAccount(palletId, subId))
}
