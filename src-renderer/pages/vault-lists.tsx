import { Button, Tabs, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useMemo, useState } from 'react'
import { type QueryInput, queries, type Topic } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import type { VaultMintRow, VaultTransferRow } from '../../src-shared/vault-contract.ts'
import { query } from '../api.ts'
import { DataTable, useTableSort } from '../components/data-table.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount } from '../components/values.tsx'
import { downloadText, formatCount } from '../format.ts'
import { IconDownload, IconSearch } from '../icons.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import type { KnownVault } from './bridge-vault.tsx'
import classes from './vault.module.css'
import { mintColumns, transferColumns } from './vault-columns.tsx'
import { MintSheet, TransferSheet } from './vault-sheets.tsx'

const words = texts.vault
const topics: Topic[] = ['vault', 'mints', 'facts']

const tabs = ['missing', 'mints', 'transfers'] as const
type Tab = (typeof tabs)[number]

/** The mints without their transfer, all mints, all transfers. */
export function VaultLists({ vault, readOnly }: { vault: KnownVault; readOnly: boolean }) {
  // not kept: the page opens on what is missing, or where nothing can be, on the transfers
  const [chosen, setTab] = useState<Tab | null>(null)
  const tab = chosen ?? (vault.mints === 0 ? 'transfers' : 'missing')
  const counts: Record<Tab, number> = { missing: vault.missing, mints: vault.mints, transfers: vault.transfers }
  return (
    <Tabs
      className={classes.lists ?? ''}
      value={tab}
      onChange={value => setTab(value as Tab | null)}
      keepMounted={false}
      aria-label={words.lists}
    >
      <Tabs.List aria-label={words.lists}>
        {tabs.map(one => (
          <Tabs.Tab key={one} value={one}>
            {words.tabs[one]} ({formatCount(counts[one])})
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(one => (
        <Tabs.Panel key={one} value={one} className={classes.panel ?? ''}>
          {one === 'transfers' ? (
            <Transfers vault={vault} readOnly={readOnly} />
          ) : (
            <Mints key={one} vault={vault} missing={one === 'missing'} readOnly={readOnly} />
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}

function Mints({ vault, missing, readOnly }: { vault: KnownVault; missing: boolean; readOnly: boolean }) {
  const name = missing ? 'vault-missing' : 'vault-mints'
  const [sort, setSort] = useTableSort(name, { id: 'ts', descending: !missing })
  const [search, setSearch] = useState('')
  const schema = queries['vault.mints'].in
  const input: QueryInput<'vault.mints'> = {
    missing,
    search,
    sort: schema.shape.sort.catch('ts').parse(sort.id),
    descending: sort.descending,
  }
  const key = JSON.stringify(input)
  const source = useWindowSource(key, (offset, limit, signal) => query('vault.mints', { ...input, offset, limit }, signal), topics)
  return (
    <DataTable
      name={name}
      label={words.tabs[missing ? 'missing' : 'mints']}
      columns={mintColumns}
      source={source}
      rowId={row => row.id}
      sort={sort}
      onSort={setSort}
      sums={sumsOfMints}
      onOpen={row => openSheet({ title: words.mintTitle(row.nodeId), body: <MintSheet row={row} vault={vault} readOnly={readOnly} /> })}
      tools={<Search label={words.search.mints} onSearch={setSearch} />}
      empty={search !== '' ? words.noneFound(search) : noMints(vault, missing)}
    />
  )
}

function noMints(vault: KnownVault, missing: boolean): string {
  if (vault.mints > 0 && missing) return words.noneMissing
  return vault.rules === 'v3' ? words.noMintsV3 : words.noMints
}

function sumsOfMints(rows: VaultMintRow[]): { label: string; value: ReactNode }[] {
  return [
    { label: words.sum, value: <Amount units={rows.reduce((sum, row) => sum + row.amountUnits, 0n)} unit /> },
    { label: words.sumLacking, value: <Amount units={rows.reduce((sum, row) => sum + row.lackingUnits, 0n)} unit /> },
  ]
}

function Transfers({ vault, readOnly }: { vault: KnownVault; readOnly: boolean }) {
  const [sort, setSort] = useTableSort('vault-transfers', { id: 'ts', descending: true })
  const [search, setSearch] = useState('')
  const schema = queries['vault.transfers'].in
  const input: QueryInput<'vault.transfers'> = {
    search,
    sort: schema.shape.sort.catch('ts').parse(sort.id),
    descending: sort.descending,
  }
  const key = JSON.stringify(input)
  const source = useWindowSource(key, (offset, limit, signal) => query('vault.transfers', { ...input, offset, limit }, signal), topics)
  const tools = useMemo(
    () => (
      <>
        <Search label={words.search.transfers} onSearch={setSearch} />
        <Button variant="default" h={32} leftSection={<IconDownload />} title={words.saveHow} onClick={saveTransfers}>
          {words.save}
        </Button>
      </>
    ),
    [],
  )
  return (
    <DataTable
      name="vault-transfers"
      label={words.tabs.transfers}
      columns={transferColumns}
      source={source}
      rowId={row => row.tx}
      sort={sort}
      onSort={setSort}
      sums={sumsOfTransfers}
      onOpen={row =>
        openSheet({
          title: words.transferTitle,
          body: <TransferSheet row={row} network={vault.network} readOnly={readOnly} />,
        })
      }
      tools={tools}
      empty={search !== '' ? words.noneFound(search) : words.noTransfers}
    />
  )
}

function sumsOfTransfers(rows: VaultTransferRow[]): { label: string; value: ReactNode }[] {
  return [{ label: words.sum, value: <Amount units={rows.reduce((sum, row) => sum + row.amountUnits, 0n)} unit /> }]
}

function saveTransfers(): void {
  query('vault.csv', {}).then(
    file => downloadText(file.fileName, file.text),
    (reason: unknown) => notifications.show({ title: words.saveFailed, message: toAppError(reason).message, autoClose: false }),
  )
}

function Search({ label, onSearch }: { label: string; onSearch: (text: string) => void }) {
  const settle = useDebouncedCallback((text: string) => onSearch(text.trim()), 200)
  return (
    <TextInput
      className={classes.search}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch />}
      maxLength={200}
      onChange={event => settle(event.currentTarget.value)}
    />
  )
}
