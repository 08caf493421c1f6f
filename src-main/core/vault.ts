import { commands, type QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { sumUnits, tftExact } from '../../src-shared/money.ts'
import { defaultMintConfig, type MintConfig, type VaultTransfer } from '../../src-shared/node-period.ts'
import { compareText } from '../../src-shared/text.ts'
import type { VaultMintRow, VaultTransferRow } from '../../src-shared/vault-contract.ts'
import { CLOCKS_APART_SEC, checkAmount, readTime } from '../../src-shared/vault-fields.ts'
import { type MintRow, reconcile, type TransferRow, type VaultReport } from '../engines/bridge-vault/reconcile.ts'
import { parseTransfersCsv, transfersCsv } from '../engines/bridge-vault/transfers-csv.ts'
import { counts, type Lacking, lackingOf, mintWords, type RowWords, transferWords, verdictOf } from '../engines/bridge-vault/verdict.ts'
import type { Store } from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import type { StoredDecision } from '../store/mint-decisions.ts'
import { nodeMint } from '../store/node-mints.ts'
import { loadVaultLedger } from '../store/vault-ledger.ts'
import { insertTransfers, loadTransfer, loadTransfers, removeTransfer } from '../store/vault-transfers.ts'
import type { KnownNetwork } from './networks.ts'
import type { Parsed } from './queries.ts'
import { type AgainstLedger, againstLedger, type VaultPlace, vaultKeyOf } from './vault-ledger.ts'
import type { Backing } from './vault-work.ts'

export interface VaultSources {
  /** where transfers and the configuration are, also while the demo is shown */
  books: Store
  /** networks that come with Granary */
  known: readonly KnownNetwork[]
  /** what was decided about the mints of that network */
  decisions(): Iterable<StoredDecision>
  /** changes whenever `decisions` does */
  decisionsVersion(): object
  /** where the mints' records are */
  facts(): Store
  /** the network of what is shown; null: none is known yet */
  network(): string | null
}

type VaultQuery = 'vault.get' | 'vault.mints' | 'vault.transfers' | 'vault.csv' | 'vault.differences' | 'vault.build'

/** Answers to the vault's queries. */
export type VaultAnswers = {
  [N in VaultQuery]: (input: Parsed<N>) => N extends 'vault.build' ? Promise<QueryOutput<N>> : QueryOutput<N>
}

export interface Vault {
  answers: VaultAnswers
  /** the change that a command of the contract asks for; refuses one that was meant for another network's vault than is shown by now */
  change(name: VaultCommand, input: unknown): VaultChange<unknown>
  /** what was read of Stellar, or entered by it, is another: to be looked at again */
  changed(): void
}

interface Loaded {
  key: string
  decided: object
  overview: QueryOutput<'vault.get'>
  report: VaultReport
  lacking: Lacking
  ledger: AgainstLedger | null
  /** the decisions by mint id */
  decisions: ReadonlyMap<string, StoredDecision>
}

/**
 * The vault of the network that is shown: its decided and paid mints (each with the amount and the time of the decision) against the
 * transfers in the books. What was decided stays minted whatever rule set pays today. The reconciliation is kept until something of it
 * changes: on a large grid it takes a second.
 */
export function createVault(sources: VaultSources): Vault {
  const { books, facts, network } = sources
  let held: Loaded | null = null
  /** grows with every change of the transfers by this program; what another one does shows in data_version */
  let changes = 0

  function current(): Loaded {
    const name = network()
    const config = name === null ? defaultMintConfig : loadMintConfig(books, name)
    const { mode, address } = config.vault
    const asset = name === null ? null : (vaultKeyOf(sources, name)?.asset ?? null)
    const key = JSON.stringify([name, config.rules, mode, address, asset, changes, books.books.pragma('data_version', { simple: true })])
    const decided = sources.decisionsVersion()
    if (held?.key === key && held.decided === decided) return held
    const decisions = [...sources.decisions()].filter(({ decision }) => decision.decided)
    const mints = decisions.map(({ mintId, nodeId, decision }) => {
      const { amountUnits, ts } = decision.decided!
      return { id: mintId, nodeId, amountUnits, ts }
    })
    const entered = name === null ? [] : loadTransfers(books, name)
    const report = reconcile({ mode, mints, transfers: entered })
    const ledger = name === null ? null : againstLedger(sources, name, entered)
    const parts = { report, lacking: lackingOf(report), ledger, decisions: new Map(decisions.map(one => [one.mintId, one])) }
    held = { key, decided, ...parts, overview: overviewOf(name, config, parts) }
    return held
  }

  function mintRow({ decisions, lacking }: Loaded, { id, nodeId, amountUnits, ts, state, txs }: MintRow, words: RowWords): VaultMintRow {
    const { startTs, decision } = decisions.get(id)!
    const farm = nodeMint(facts(), nodeId, startTs)
    return {
      id,
      nodeId,
      start: startTs,
      farmId: farm?.farmId ?? null,
      farmName: farm?.farmName ?? '',
      amountUnits,
      ts,
      paid: isPaid(decision),
      state,
      ...words,
      lackingUnits: lacking.get(id) ?? 0n,
      txs,
    }
  }

  const answers: VaultAnswers = {
    'vault.get': () => current().overview,
    'vault.mints': ({ missing, search = '', offset, limit, sort, descending }) => {
      const loaded = current()
      const { report, lacking } = loaded
      const text = search.trim().toLowerCase()
      const found = report.mints.filter(
        row => (!missing || lacking.has(row.id)) && (text === '' || String(row.nodeId) === text || isBeginning(text, row.id)),
      )
      const by = {
        ts: (a: MintRow, b: MintRow) => a.ts - b.ts,
        nodeId: (a: MintRow, b: MintRow) => a.nodeId - b.nodeId,
        amount: (a: MintRow, b: MintRow) => compareBig(a.amountUnits, b.amountUnits),
        lacking: (a: MintRow, b: MintRow) => compareBig(lacking.get(a.id) ?? 0n, lacking.get(b.id) ?? 0n),
      }[sort]
      const sign = descending ? -1 : 1
      const rows = found.sort((a, b) => sign * by(a, b) || a.ts - b.ts || compareText(a.id, b.id)).slice(offset, offset + limit)
      const words = mintWords(report)
      return { rows: rows.map(row => mintRow(loaded, row, words(row))), total: found.length }
    },
    'vault.transfers': ({ search = '', offset, limit, sort, descending }) => {
      const text = search.trim().toLowerCase()
      const found = current().report.transfers.filter(
        ({ tx, memo, note }) => text === '' || tx.startsWith(text) || memo?.startsWith(text) || note.toLowerCase().includes(text),
      )
      const by = {
        ts: (a: TransferRow, b: TransferRow) => a.ts - b.ts,
        amount: (a: TransferRow, b: TransferRow) => compareBig(a.amountUnits, b.amountUnits),
        excess: (a: TransferRow, b: TransferRow) => compareBig(a.excessUnits, b.excessUnits),
      }[sort]
      const sign = descending ? -1 : 1
      const rows = found.sort((a, b) => sign * by(a, b) || a.ts - b.ts || compareText(a.tx, b.tx)).slice(offset, offset + limit)
      return { rows: rows.map(transferRow), total: found.length }
    },
    'vault.differences': ({ offset, limit }) => {
      const found = current().ledger?.differences ?? []
      return { rows: found.slice(offset, offset + limit), total: found.length }
    },
    'vault.build': async ({ network: asked, mintId }) => {
      onShown(network(), asked)
      const backing = backingOf(current(), mintId)
      return (await import('./vault-work.ts')).buildVaultEnvelope(sources, asked, backing)
    },
    'vault.csv': () => ({
      fileName: `bridge-vault-transfers-${network() ?? 'no-network'}.csv`,
      text: transfersCsv(current().report.transfers),
    }),
  }

  return {
    answers,
    changed() {
      changes++
    },
    change(name, input) {
      const { subject, work } = changeFor(sources, network(), name, input)
      return {
        subject,
        work: () => {
          changes++
          return work()
        },
      }
    },
  }
}

function overviewOf(
  network: string | null,
  config: MintConfig,
  { report, lacking, decisions, ledger }: Pick<Loaded, 'report' | 'lacking' | 'decisions' | 'ledger'>,
): QueryOutput<'vault.get'> {
  const { mode, mintedUnits, vaultedUnits, differenceUnits, mints, transfers } = report
  const byPaid = Object.groupBy(mints, ({ id }) => (isPaid(decisions.get(id)!.decision) ? 'paid' : 'decided'))
  const uses = Map.groupBy(transfers.filter(counts), ({ state }) => state)
  return {
    network,
    rules: config.rules,
    mode,
    address: config.vault.address,
    mintedUnits,
    vaultedUnits,
    differenceUnits,
    verdict: verdictOf(report, lacking),
    missing: lacking.size,
    mints: mints.length,
    transfers: transfers.length,
    decided: part(byPaid.decided ?? []),
    paid: part(byPaid.paid ?? []),
    uses: [...uses].map(([state, rows]) => ({ state, word: transferWords(rows[0]!).word, ...part(rows) })),
    uncoveredUnits: mints.reduce((sum, row) => sum + row.uncoveredUnits, 0n),
    excessUnits: transfers.reduce((sum, row) => sum + row.excessUnits, 0n),
    ledger: ledger && { ...ledger, differences: ledger.differences.length },
  }
}

/** What a transfer has to back: what a mint lacks, with its id as the memo in mode per-mint; without a mint all that is not backed. */
function backingOf({ report, lacking }: Loaded, mintId: string | undefined): Backing {
  const { mode, differenceUnits } = report
  if (mode === 'per-mint' && mintId === undefined)
    throw new AppError('usage', 'In mode per-mint every mint has a transfer of its own. Nothing was built. Say which mint it is for.')
  const amountUnits = mintId === undefined ? differenceUnits : (lacking.get(mintId) ?? 0n)
  if (amountUnits <= 0n)
    throw new AppError('usage', `${mintId === undefined ? 'Everything' : 'This mint'} is backed, or is not known here. Nothing was built.`)
  return { amountUnits, memo: mode === 'per-mint' ? (mintId ?? null) : null }
}

/** Fewer than four digits are a node's number, not the beginning of a hash. */
function isBeginning(text: string, hash: string): boolean {
  return text.length >= 4 && hash.startsWith(text)
}

/** A mint is known to be paid once its payment stands on the ledger. */
function isPaid({ payments }: StoredDecision['decision']): boolean {
  return payments.some(({ result }) => result === 'paid')
}

function part(rows: readonly { amountUnits: bigint }[]): { count: number; units: bigint } {
  return { count: rows.length, units: sumUnits(rows) }
}

function transferRow(row: TransferRow): VaultTransferRow {
  const { mintIds, expectedUnits: _expected, differenceThenUnits: _then, ...rest } = row
  return { ...rest, ...transferWords(row), mints: mintIds.length, firstMintId: mintIds[0] ?? null }
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A change of the vault that is checked and ready; `work` does it inside the books' transaction. */
export interface VaultChange<T> {
  /** for the audit trail */
  subject: string
  work: () => T
}

/** Enters one transfer. Throws AppError usage for a figure that can't be; `work` store.conflict where the books have another one. */
export function addTransfer(books: Store, network: string, transfer: VaultTransfer): VaultChange<{ added: number }> {
  for (const read of [checkAmount(transfer.amountUnits), readTime(String(transfer.ts), latestTs(books))])
    if ('problem' in read) throw new AppError('usage', `${capital(read.problem.what)}. Nothing was added. ${read.problem.wayOut}`)
  return {
    subject: subjectOf(network),
    work: () => ({ added: insertTransfers(books, network, [transfer]) }),
  }
}

/** Enters all transfers of a CSV text. Throws AppError usage naming line and column; `work` store.conflict. */
export function importTransfers(books: Store, network: string, text: string): VaultChange<{ added: number; unchanged: number }> {
  const transfers = parseTransfersCsv(text, latestTs(books))
  if (transfers.length === 0)
    throw new AppError('usage', 'There is no transfer in this file, only its header. Nothing was added. Choose another file.')
  const once = new Map(transfers.map(transfer => [transfer.tx, transfer]))
  return {
    subject: `${subjectOf(network)}, ${once.size} of ${tftExact(sumUnits(once.values()))} TFT`,
    work: () => {
      const added = insertTransfers(books, network, once.values())
      return { added, unchanged: once.size - added }
    },
  }
}

/** Takes a transfer out of the books. `work` throws AppError not-found. */
export function takeOutTransfer(books: Store, network: string, tx: string): VaultChange<Record<string, never>> {
  return {
    subject: subjectOf(network),
    work: () => {
      if (!removeTransfer(books, network, tx))
        throw new AppError('not-found', `There is no transfer ${tx} to the vault of "${network}" in the books. Nothing was removed.`, {
          details: { network, tx },
        })
      return {}
    },
  }
}

/** Puts what Stellar has of a transaction in the place of its entry, whose note stays. `work` throws AppError not-found. */
export function takeOverTransfer(place: VaultPlace, network: string, tx: string): VaultChange<Record<string, never>> {
  const { books } = place
  return {
    subject: subjectOf(network),
    work: () => {
      const key = vaultKeyOf(place, network)
      const there = key && loadVaultLedger(books, key).find(transfer => transfer.tx === tx)
      if (!there)
        throw new AppError('not-found', `No transfer ${tx} to the vault was read from Stellar. Nothing was changed. Read it again.`, {
          details: { network, tx },
        })
      const note = loadTransfer(books, network, tx)?.note ?? ''
      removeTransfer(books, network, tx)
      insertTransfers(books, network, [{ ...there, note }])
      return {}
    },
  }
}

export type VaultCommand = 'vault.addTransfer' | 'vault.importTransfers' | 'vault.removeTransfer' | 'vault.takeOver'

/** Refuses what was meant for another network's vault than is shown by now. */
export function onShown(shown: string | null, network: string): string {
  if (shown === network) return network
  throw new AppError(
    'usage',
    `This is for the vault of "${network}", and by now ${shown === null ? 'no network is shown' : `"${shown}" is shown`}. Nothing was changed. Look at the page again.`,
    { details: { network, shown } },
  )
}

function changeFor(place: VaultPlace, shown: string | null, name: VaultCommand, input: unknown): VaultChange<unknown> {
  const { books } = place
  switch (name) {
    case 'vault.addTransfer': {
      const { network, transfer } = commands[name].in.parse(input)
      return addTransfer(books, onShown(shown, network), transfer)
    }
    case 'vault.importTransfers': {
      const { network, text } = commands[name].in.parse(input)
      return importTransfers(books, onShown(shown, network), text)
    }
    case 'vault.removeTransfer': {
      const { network, tx } = commands[name].in.parse(input)
      return takeOutTransfer(books, onShown(shown, network), tx)
    }
    case 'vault.takeOver': {
      const { network, tx } = commands[name].in.parse(input)
      return takeOverTransfer(place, onShown(shown, network), tx)
    }
  }
}

function subjectOf(network: string): string {
  return `bridge vault of ${network}`
}

function latestTs(books: Store): number {
  return books.now() + CLOCKS_APART_SEC
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
