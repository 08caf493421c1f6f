import type { BackupManifest, BackupPreview, RestoreOutcome } from './backup-contract.ts'
import { group } from './money.ts'
import { formatUtc } from './time.ts'

/* What a backup holds and what a restore does, in lines of text: the same on the page and on the command line. */

/** `2 payout runs (1 under way), 3 keys`. */
export function holdingsText({ runs, runsUnderWay, keys, votes, ledgerEntries, labels, auditEntries }: BackupManifest['counts']): string {
  const some = (n: number, one: string, many = `${one}s`) => (n === 0 ? [] : [`${group(String(n))} ${n === 1 ? one : many}`])
  const parts = [
    ...some(runs, 'payout run').map(text => (runsUnderWay > 0 ? `${text} (${group(String(runsUnderWay))} under way)` : text)),
    ...some(keys, 'key'),
    ...some(votes, 'vote'),
    ...some(ledgerEntries, 'ledger entry', 'ledger entries'),
    ...some(labels, 'label'),
    ...some(auditEntries, 'audit entry', 'audit entries'),
  ]
  return parts.length === 0 ? 'nothing yet' : parts.join(', ')
}

/** What stands in a backup, by name. */
export function partsText({ parts }: BackupManifest): string {
  const names = { 'books.db': 'the books', 'facts.db': "the chain's data", 'installation.key': "this installation's key" }
  return parts.map(({ name, size }) => `${names[name]} (${bytesText(size)})`).join(', ')
}

export function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${group(String(bytes))} bytes`
  if (bytes < 10_000_000) return `${group(String(Math.round(bytes / 1000)))} kB`
  return `${group(String(Math.round(bytes / 1_000_000)))} MB`
}

export const factsText: Record<BackupPreview['facts'], string> = {
  'from the backup': 'comes from the backup',
  stays: 'stays as it is',
  'fetched again': 'is fetched again',
}

/** What of the present would be replaced, a line each; none: nothing is there. */
export function presentLines({ present }: Pick<BackupPreview, 'present'>): string[] {
  if (!present) return []
  if (!present.counts) return [present.problem]
  const { counts, lastAudit, entriesSince, runsUnderWay } = present
  const last = lastAudit
    ? ` The last entry is ${group(String(lastAudit.seq))}, ${lastAudit.action} by ${lastAudit.actor}, ${formatUtc(lastAudit.ts)}.`
    : ''
  const since =
    entriesSince === null
      ? 'These are other books than the backup’s: it says nothing of what they hold.'
      : entriesSince === 0
        ? 'Nothing was written since the backup.'
        : `${group(String(entriesSince))} ${entriesSince === 1 ? 'entry of the audit trail was' : 'entries of the audit trail were'} written since the backup, and go with it.`
  return [
    `${holdingsText(counts)}.${last}`,
    since,
    ...runsUnderWay.map(({ runId, network, subject, stage }) => `Payout run ${runId.slice(0, 16)} (${network}, ${subject}) is ${stage}.`),
  ]
}

/** What payouts wait for after a restore, a line each. */
export function payLines({ runsToReconcile, noNewRunUntilTs }: { runsToReconcile: number; noNewRunUntilTs: number }): string[] {
  return [
    ...(runsToReconcile > 0
      ? [
          `${runsToReconcile === 1 ? 'One payout run is' : `${group(String(runsToReconcile))} payout runs are`} to be reconciled with Stellar before anything of ${runsToReconcile === 1 ? 'it' : 'them'} is signed or sent.`,
        ]
      : []),
    ...(noNewRunUntilTs > 0 ? [noNewRunText(noNewRunUntilTs)] : []),
  ]
}

/**
 * Until when no new payout is planned after a restore, and why. Reconciling does not make it shorter: the ledger knows nothing of an envelope that is
 * signed and not sent. Where the books that were replaced came of the same backup, it is exactly their envelopes' end, else the most that any has.
 */
export function noNewRunText(untilTs: number): string {
  return `A new payout is planned after ${formatUtc(untilTs)} at the earliest. One that was signed after the backup may lie unsent with whoever signed it, where Stellar does not show it, and could pay the same; what is signed is good for a day at the most.`
}

/** How a restore ended, a line each. */
export function outcomeLines({ keptDir, madeTs, facts, notes, ...pay }: RestoreOutcome): string[] {
  return [
    `The store is as it was at ${formatUtc(madeTs)}.`,
    ...(keptDir === null ? [] : [`The former store is kept in ${keptDir}.`]),
    ...payLines(pay),
    ...notes,
  ]
}
