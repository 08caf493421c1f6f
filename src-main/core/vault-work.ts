import { AppError } from '../../src-shared/errors.ts'
import { group } from '../../src-shared/money.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { VaultEnvelope } from '../../src-shared/vault-contract.ts'
import { checkNetwork, loadAccount, loadClock } from '../clients/stellar/accounts.ts'
import { buildVaultTransfer, readVaultPages } from '../clients/stellar/vault.ts'
import type { JobContext } from '../jobs/context.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import { busyChannels } from '../store/runs.ts'
import { endVaultRead, loadVaultLedger, loadVaultRead, saveVaultPage, type VaultKey } from '../store/vault-ledger.ts'
import { loadTransfers } from '../store/vault-transfers.ts'
import { payConfigOf } from './pay-config.ts'
import type { Note } from './pay-work.ts'
import { againstLedger, type VaultPlace, vaultKeyOf } from './vault-ledger.ts'

function keyOrThrow(place: VaultPlace, network: string): VaultKey {
  const key = vaultKeyOf(place, network)
  if (key) return key
  throw new AppError(
    'usage',
    `The vault's account, or how network "${network}" pays on Stellar, is not entered. Nothing was done. Enter both in the settings.`,
    { details: { network } },
  )
}

/**
 * Reads the transfers to a network's vault from Stellar, from where it stopped last, page by page; each page is kept with the place to go on
 * from. Gives what came of it in words. Rejects with AppError usage, pay.refused, stellar.*, cancelled: what was read stays.
 */
export async function readVaultLedger(
  place: VaultPlace,
  network: string,
  { signal, onProgress }: JobContext,
  { note, onPage }: { note: Note; onPage: () => void },
): Promise<string> {
  const { books } = place
  const key = keyOrThrow(place, network)
  const { config } = payConfigOf(place, network)
  const horizon = horizonOf(config)
  await checkNetwork(horizon, { signal })
  const { closeTs } = await loadClock(horizon, { signal })
  const asset = { code: config.assetCode, issuer: config.issuer }
  const cursor = loadVaultRead(books, key)?.cursor ?? null
  let found = 0
  let entered = 0
  for await (const page of readVaultPages(horizon, { vault: key.vault, asset, cursor }, { signal })) {
    entered += saveVaultPage(books, key, page.transfers, page.cursor)
    found += page.transfers.length
    const last = page.transfers.at(-1)
    const detail = `${transfers(found)}${last ? `, to ${formatUtc(last.ts)}` : ''}`
    onProgress?.({ fraction: null, detail, secondsLeft: null })
    onPage()
  }
  note('vault.readEnd', `bridge vault of ${network}`, { network, vault: key.vault, found, entered, untilTs: closeTs }, () =>
    endVaultRead(books, key, closeTs),
  )
  onPage()
  const differing = againstLedger(place, network, loadTransfers(books, network))?.differences.length ?? 0
  const differ =
    differing === 0
      ? 'the books agree with Stellar'
      : `${entries(differing)} of the books ${differing === 1 ? 'differs' : 'differ'} from Stellar`
  return `${transfers(found)} new on Stellar, ${group(String(entered))} entered; ${differ}.`
}

const transfers = (count: number) => `${group(String(count))} ${count === 1 ? 'transfer' : 'transfers'}`
const entries = (count: number) => `${group(String(count))} ${count === 1 ? 'entry' : 'entries'}`

/** What a transfer would back: an amount, and in mode per-mint the mint that it names. */
export interface Backing {
  amountUnits: bigint
  memo: string | null
}

/**
 * A transfer from the paying account to the vault, not signed: under the next number of an account that no payout uses, good for the time for
 * signing that is configured. Rejects with AppError usage (nothing to back, or the ledger has its transfer), pay.refused, stellar.*.
 */
export async function buildVaultEnvelope(place: VaultPlace, network: string, { amountUnits, memo }: Backing): Promise<VaultEnvelope> {
  const { books } = place
  const key = keyOrThrow(place, network)
  const { config } = payConfigOf(place, network)
  const horizon = horizonOf(config)
  const { payer, channels, passphrase, feeStroops, signSec, assetCode: code, issuer } = config
  const there = memo === null ? undefined : loadVaultLedger(books, key).find(transfer => transfer.memo === memo)
  if (there)
    throw new AppError(
      'usage',
      `Stellar has a transfer for this mint already, ${there.tx}. Nothing was built. Look at the differences first.`,
    )
  await checkNetwork(horizon)
  const busy = busyChannels(books, network)
  const source = [...channels, payer].find(account => !busy.has(account))
  if (source === undefined)
    throw new AppError(
      'usage',
      'Every account that a transaction could come from is in use by a payout. Nothing was built. Wait for its end.',
    )
  const [account, { closeTs }] = [await loadAccount(horizon, source), await loadClock(horizon)]
  if (!account)
    throw new AppError('usage', `The account ${source} does not exist on Stellar. Nothing was built. Correct it in the settings.`)
  const maxTs = closeTs + signSec
  const built = buildVaultTransfer({
    ...{ passphrase, source, payer, vault: key.vault, amountUnits, memo },
    sequence: account.sequence + 1n,
    minTime: 0,
    maxTime: maxTs,
    feeStroops: BigInt(feeStroops),
    asset: { code, issuer },
  })
  const fileName = `vault-transfer-${network}-${built.hash.slice(0, 8)}.txt`
  return { ...built, fileName, from: payer, to: key.vault, amountUnits, memo, maxTs }
}
