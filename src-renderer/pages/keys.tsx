import { Button, Select, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useEffect } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import type { KeyRow } from '../../src-shared/keys-contract.ts'
import { command, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Clip, shortAddress } from '../components/names.tsx'
import { DateTime } from '../components/values.tsx'
import { formatDateTime } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { ChainCalls } from './chain-calls.tsx'
import { CreateForm, ImportForm, UnlockForm, WatchForm } from './key-forms.tsx'
import { giveBack, KeySheet, KeyState } from './key-sheet.tsx'
import classes from './keys.module.css'
import page from './page.module.css'

const words = texts.keys
type Vault = QueryOutput<'keys.list'>

function sheet(title: string, body: ReactNode): () => void {
  return () => openSheet({ title, body })
}

/** Sends something without a form of its own; says so where it fails. */
function act(work: Promise<unknown>): void {
  work.catch((error: unknown) =>
    notifications.show({ title: words.error, message: `${toAppError(error).message} ${words.errorSafe}`, autoClose: false }),
  )
}

/** The vault of keys: what you sign with, what is unlocked, and the one thing to do next. */
export function KeysPage() {
  const vault = useQuery('keys.list', {}, ['keys'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const { data, refetch } = vault
  const nextTryTs = data?.nextTryTs ?? null
  // nothing in the core changes when a wait is over
  useEffect(() => {
    if (nextTryTs === null) return
    const timer = setTimeout(refetch, Math.max(nextTryTs * 1000 - Date.now(), 0) + 1000)
    return () => clearTimeout(timer)
  }, [nextTryTs, refetch])
  const open = data?.keys.filter(({ unlocked }) => unlocked).length ?? 0
  const own = data?.keys.filter(({ origin }) => origin !== 'watch').length ?? 0
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {own > 0 ? <span className={page.dim}>{words.unlocked(open, own)}</span> : null}
        <div className={page.right}>
          {readOnly ? <span className={page.dim}>{words.readOnly}</span> : null}
          {own > open ? (
            <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.unlock, <UnlockForm />)}>
              {words.unlockAll}
            </Button>
          ) : null}
          {open > 0 ? (
            <Button h={32} variant="default" disabled={readOnly} onClick={() => act(command('keys.lock', {}))}>
              {words.lockAll}
            </Button>
          ) : null}
          <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.watch, <WatchForm />)}>
            {words.watch}
          </Button>
          <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.import, <ImportForm />)}>
            {words.import}
          </Button>
          <Button h={32} disabled={readOnly} onClick={sheet(words.make, <CreateForm />)}>
            {words.make}
          </Button>
        </div>
      </header>
      {vault.error && !data ? <ErrorPanel error={vault.error} onRetry={vault.refetch} /> : null}
      {!data && !vault.error ? <Skeleton height={220} /> : null}
      {data ? <Contents vault={data} readOnly={readOnly} /> : null}
      <ChainCalls readOnly={readOnly} />
    </div>
  )
}

function Contents({ vault, readOnly }: { vault: Vault; readOnly: boolean }) {
  const { keys, nextTryTs, safeStorage } = vault
  const unconfirmed = keys.find(({ ask }) => ask !== null)
  return (
    <>
      {nextTryTs === null ? null : (
        <p role="status" className={page.bad}>
          {words.waits(formatDateTime(nextTryTs, true))}
        </p>
      )}
      {unconfirmed && !readOnly ? (
        <section className={page.panel} aria-label={words.next(unconfirmed.name)}>
          <div className={classes.next}>
            <p>
              <strong>{words.next(unconfirmed.name)}.</strong> {words.nextWhy}
            </p>
            <Button h={32} onClick={() => giveBack(unconfirmed)}>
              {words.nextAction}
            </Button>
          </div>
        </section>
      ) : null}
      {keys.length === 0 ? <EmptyState title={words.none}>{words.noneWhat}</EmptyState> : <KeyTable keys={keys} readOnly={readOnly} />}
      <div className={classes.idle}>
        <Idle idleSec={vault.idleSec} readOnly={readOnly} />
        <p className={page.dim}>{safeStorage === null ? words.notBound : words.bound(safeStorage)}</p>
      </div>
    </>
  )
}

function KeyTable({ keys, readOnly }: { keys: KeyRow[]; readOnly: boolean }) {
  const { columns } = words
  return (
    <div className={`${page.panel} ${page.scroll}`}>
      <table className={page.table} aria-label={words.list}>
        <thead>
          <tr>
            <th scope="col">{columns.name}</th>
            <th scope="col">{columns.kind}</th>
            <th scope="col">{columns.address}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col">{columns.since}</th>
            <th scope="col">{columns.details}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map(row => (
            <tr key={row.keyId} className={classes.row}>
              <td>
                <Clip text={row.name} />
              </td>
              <td>{words.kinds[row.kind]}</td>
              <td>
                <code title={row.address}>{shortAddress(row.address)}</code>
                <CopyButton text={row.address} label={texts.table.copy} name={`${words.copyAddress}: ${row.name}`} compact />
              </td>
              <td>
                <KeyState row={row} />
              </td>
              <td>
                <DateTime ts={row.createdTs} />
              </td>
              <td>
                <Button
                  h={32}
                  variant="default"
                  aria-label={words.open(row.name)}
                  onClick={sheet(row.name, <KeySheet keyId={row.keyId} readOnly={readOnly} />)}
                >
                  {columns.open}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Idle({ idleSec, readOnly }: { idleSec: number; readOnly: boolean }) {
  const times = words.idleTimes
  const known = String(idleSec) in times ? times : { [String(idleSec)]: words.idleOther(idleSec), ...times }
  return (
    <Select
      label={words.idle}
      data={Object.entries(known).map(([value, label]) => ({ value, label }))}
      value={String(idleSec)}
      onChange={value => act(command('keys.setIdle', { idleSec: Number(value) }))}
      allowDeselect={false}
      disabled={readOnly}
      w={300}
    />
  )
}
