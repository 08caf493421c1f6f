import type { StateReader } from './state.ts'
import type { Runtime } from './types.ts'
import { bytes32, fieldsOf, id, record, type Shape, u128 } from './values.ts'

/*
 * A chain's minting curves. Which pallet has them is found by its events, whose names are the specification's (tokenomics.md, Token minting
 * curve), and the rest by the names of fields, so that whatever runtime has them is read by its own metadata.
 */

export interface CurveOnChain {
  asset: number
  foreignAsset: number
  /** 32 bytes; null: the chain keeps none */
  creator: Uint8Array | null
  initialPrice: bigint
  slope: bigint
  initialIssuance: bigint
  /** null: it is nowhere that is known here */
  issuance: bigint | null
}

export interface CurvesOnChain {
  pallet: string
  /** the constant PalletId: 8 bytes; null: the runtime names none */
  palletId: Uint8Array | null
  /** the constant Precision; null: the runtime names none */
  precision: bigint | null
  curves: CurveOnChain[]
}

/** The number of the chain's own token. */
const OWN_TOKEN = 0

/** The pallet that has the curves; null: this runtime has none. */
export function curvePallet(runtime: Runtime): string | null {
  const events = ['CurveCreated', 'CurveUpdated']
  return runtime.pallets.find(pallet => events.every(event => runtime.hasStorage(pallet, event))) ?? null
}

/** All curves in the state after one block; null: its runtime has no minting curve. Rejects with AppError chain.*, cancelled. */
export async function readCurves(state: StateReader): Promise<CurvesOnChain | null> {
  const { runtime } = state
  const pallet = curvePallet(runtime)
  if (pallet === null) return null
  const curves = await state.all(pallet, 'Curves')
  const precision = runtime.constant(pallet, 'Precision')
  const palletId = runtime.constant(pallet, 'PalletId')
  return {
    pallet,
    palletId: palletId?.length === 8 ? palletId : null,
    precision: precision?.length === 16 ? littleEndian(precision) : null,
    curves: await Promise.all(
      curves.map(async ([asset, bytes]) => {
        const found = runtime.read(pallet, 'Curves', curve, bytes)
        return { asset, ...found, issuance: await issuanceOf(state, pallet, asset) }
      }),
    ),
  }
}

/** What an account holds of an asset; null: it is nowhere that is known here. Rejects as `readCurves`. */
export async function readHeld(state: StateReader, pallet: string, asset: number, account: Uint8Array): Promise<bigint | null> {
  const { runtime } = state
  if (asset === OWN_TOKEN) {
    const bytes = await state.value('System', 'Account', account)
    return bytes && runtime.read('System', 'Account', accountInfo, bytes).data.free
  }
  for (const [owner, item, shape] of holdings(pallet)) {
    if (!runtime.hasStorage(owner, item)) continue
    const bytes = await state.value(owner, item, asset, account)
    return bytes === null ? 0n : runtime.read(owner, item, shape, bytes)
  }
  return null
}

/** Whether the chain has an account: something holds it. Rejects as `readCurves`. */
export async function isAccountThere(state: StateReader, account: Uint8Array): Promise<boolean> {
  const bytes = await state.value('System', 'Account', account)
  return bytes?.some(byte => byte !== 0) ?? false
}

async function issuanceOf(state: StateReader, pallet: string, asset: number): Promise<bigint | null> {
  const { runtime } = state
  if (asset === OWN_TOKEN && runtime.hasStorage('Balances', 'TotalIssuance')) {
    const bytes = await state.value('Balances', 'TotalIssuance')
    return bytes && runtime.read('Balances', 'TotalIssuance', u128, bytes)
  }
  for (const [owner, item, shape] of issuances(pallet)) {
    if (!runtime.hasStorage(owner, item)) continue
    const bytes = await state.value(owner, item, asset)
    return bytes === null ? 0n : runtime.read(owner, item, shape, bytes)
  }
  return null
}

interface CurveRecord {
  foreignAsset: number
  creator: Uint8Array | null
  initialPrice: bigint
  slope: bigint
  initialIssuance: bigint
}

/** What the foreign asset's field is called, and whether a creator is kept, is not said by the specification. */
const curve: Shape<CurveRecord> = (schema, type, what) => {
  const has = (name: string) => fieldsOf(schema, type, what).some(field => field.name === name)
  const foreign = has('foreign_asset_id') ? 'foreign_asset_id' : 'foreign_asset'
  const numbers = { initial_price: u128, slope: u128, initial_issuance: u128 }
  const read = record<Partial<Record<string, bigint | number | Uint8Array>>>({
    ...{ ...numbers, [foreign]: id },
    ...(has('creator') && { creator: bytes32 }),
  })(schema, type, what)
  return cursor => {
    const found = read(cursor)
    return {
      ...{ foreignAsset: found[foreign] as number, creator: (found.creator as Uint8Array | undefined) ?? null },
      ...{ initialPrice: found.initial_price as bigint, slope: found.slope as bigint, initialIssuance: found.initial_issuance as bigint },
    }
  }
}

const accountInfo = record<{ data: { free: bigint } }>({ data: record<{ free: bigint }>({ free: u128 }) })
const supply = map(record<{ supply: bigint }>({ supply: u128 }), found => found.supply)
const balance = map(record<{ balance: bigint }>({ balance: u128 }), found => found.balance)

/** Where the issuance of an asset may stand, and what somebody holds of it: with the pallet itself, or with the one of assets in general. */
const issuances = (pallet: string): [pallet: string, item: string, shape: Shape<bigint>][] => [
  [pallet, 'Issuance', u128],
  ['Assets', 'Asset', supply],
]
const holdings = (pallet: string): [pallet: string, item: string, shape: Shape<bigint>][] => [
  [pallet, 'Holdings', u128],
  ['Assets', 'Account', balance],
]

function map<T, U>(shape: Shape<T>, change: (value: T) => U): Shape<U> {
  return (schema, type, what) => {
    const read = shape(schema, type, what)
    return cursor => change(read(cursor))
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
