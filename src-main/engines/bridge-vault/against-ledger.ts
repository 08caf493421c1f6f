import { group, tftExact } from '../../../src-shared/money.ts'
import type { VaultTransfer } from '../../../src-shared/node-period.ts'
import { compareText } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { VaultDifference } from '../../../src-shared/vault-contract.ts'

/**
 * In what the entries of the books are not what Stellar has: other figures, an entry of no transaction there, a transfer without its entry. An
 * entry from after `untilTs` (seconds) may stand there by now, and is no difference. By time, then transaction.
 */
export function compareWithLedger(
  entered: readonly VaultTransfer[],
  ledger: readonly VaultTransfer[],
  untilTs: number | null,
): VaultDifference[] {
  const there = new Map(ledger.map(transfer => [transfer.tx, transfer]))
  const own = new Set(entered.map(({ tx }) => tx))
  const found: VaultDifference[] = []
  for (const entry of entered) {
    const transfer = there.get(entry.tx) ?? null
    if (!transfer) {
      if (untilTs !== null && entry.ts <= untilTs)
        found.push({
          tx: entry.tx,
          kind: 'not-on-stellar',
          entered: entry,
          ledger: null,
          why: 'Stellar has no such transfer of the asset to the vault.',
        })
      continue
    }
    const why = figuresText(entry, transfer)
    if (why !== '') found.push({ tx: entry.tx, kind: 'figures', entered: entry, ledger: transfer, why })
  }
  for (const transfer of ledger)
    if (!own.has(transfer.tx))
      found.push({
        tx: transfer.tx,
        kind: 'not-entered',
        entered: null,
        ledger: transfer,
        why: 'It stands on Stellar and not in the books.',
      })
  const tsOf = ({ entered: entry, ledger: transfer }: VaultDifference) => (transfer ?? entry)!.ts
  return found.sort((a, b) => tsOf(a) - tsOf(b) || compareText(a.tx, b.tx))
}

/** What Stellar has otherwise; empty: nothing. */
function figuresText(entry: VaultTransfer, transfer: VaultTransfer): string {
  const parts: string[] = []
  if (entry.amountUnits !== transfer.amountUnits) parts.push(`${tft(transfer.amountUnits)}, entered are ${tft(entry.amountUnits)}`)
  if (entry.memo !== transfer.memo) parts.push(`memo ${transfer.memo ?? 'none'}, entered is ${entry.memo ?? 'none'}`)
  if (entry.ts !== transfer.ts) parts.push(`${formatUtc(transfer.ts)}, entered is ${formatUtc(entry.ts)}`)
  return parts.length === 0 ? '' : `Stellar has: ${parts.join('; ')}.`
}

function tft(units: bigint): string {
  return `${group(tftExact(units))} TFT`
}
