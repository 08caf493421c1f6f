import type { VaultTransfer } from '../../src-shared/node-period.ts'
import type { VaultDifference } from '../../src-shared/vault-contract.ts'
import { compareWithLedger } from '../engines/bridge-vault/against-ledger.ts'
import type { Store } from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { loadVaultLedger, loadVaultRead, type VaultKey } from '../store/vault-ledger.ts'
import type { KnownNetwork } from './networks.ts'
import { payConfigOf } from './pay-config.ts'

/** Where a network's vault and its payouts are configured. */
export interface VaultPlace {
  books: Store
  known: readonly KnownNetwork[]
}

/** The vault and the asset that its transfers are of; null where either is not entered. */
export function vaultKeyOf({ books, known }: VaultPlace, network: string): VaultKey | null {
  const vault = loadMintConfig(books, network).vault.address
  const { assetCode, issuer } = payConfigOf({ books, known }, network).config
  return vault === '' || assetCode === '' || issuer === '' ? null : { network, vault, asset: `${assetCode}:${issuer}` }
}

/** The books' entries against what was read of Stellar. */
export interface AgainstLedger {
  readTs: number
  untilTs: number | null
  transfers: number
  differences: VaultDifference[]
}

/** null: Stellar was not read for this vault and asset. */
export function againstLedger(place: VaultPlace, network: string, entered: readonly VaultTransfer[]): AgainstLedger | null {
  const key = vaultKeyOf(place, network)
  const read = key && loadVaultRead(place.books, key)
  if (!read) return null
  const ledger = loadVaultLedger(place.books, key)
  const { readTs, untilTs } = read
  return { readTs, untilTs, transfers: ledger.length, differences: compareWithLedger(entered, ledger, untilTs) }
}
