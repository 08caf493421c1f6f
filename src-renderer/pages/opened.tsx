import { Button, Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { FileLook } from '../../src-shared/given-file.ts'
import { cleanName } from '../../src-shared/text.ts'
import { desktop, useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { texts } from '../texts.ts'
import { beginAuditOfPaths } from './audit-run.ts'
import { addPath } from './import-queue.ts'
import classes from './linked.module.css'
import page from './page.module.css'
import { bytesText } from './upload.ts'

const words = texts.desktop.opened

/** Files that the system handed over: what each is, and what can be done with it. Nothing is done by itself. */
export function OpenedPage({ params }: { params: Record<string, string | undefined> }) {
  const number = Number(params.number)
  const [paths, setPaths] = useState<string[] | null>(null)
  const [error, setError] = useState<AppError | null>(null)
  useEffect(() => {
    setPaths(null)
    setError(null)
    let isCurrent = true
    desktop?.openedFiles(number).then(
      found => isCurrent && setPaths(found),
      (reason: unknown) => isCurrent && setError(toAppError(reason)),
    )
    return () => {
      isCurrent = false
    }
  }, [number])
  if (!desktop)
    return (
      <EmptyState
        title={words.browser}
        action={
          <>
            <Link href="/import">{texts.rail.import}</Link> <Link href="/audit">{texts.audit.title}</Link>
          </>
        }
      >
        {words.browserText}
      </EmptyState>
    )
  if (error) return <ErrorPanel error={error} />
  if (paths?.length === 0) return <EmptyState title={words.gone}>{words.goneText}</EmptyState>
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{words.title}</h1>
        <span className={page.dim}>{words.safe}</span>
      </header>
      {paths ? paths.map(path => <GivenFile key={path} path={path} />) : <Skeleton height={180} />}
    </div>
  )
}

function GivenFile({ path }: { path: string }) {
  const { data, error, refetch } = useQuery('file.look', { path })
  const name = cleanName(path.replace(/^.*[\\/]/, ''))
  return (
    <section className={page.panel} aria-label={name}>
      <h2>{name}</h2>
      {error ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {data ? <Looked look={data} path={path} /> : error ? null : <Skeleton height={110} />}
    </section>
  )
}

function Looked({ look, path }: { look: FileLook; path: string }) {
  const facts: Fact[] = [
    [words.kind, words.kinds[look.kind]],
    [words.size, bytesText(look.bytes)],
    [words.place, <code key="path">{cleanName(path)}</code>],
  ]
  const own: Fact[] = [
    ...(look.network === null ? [] : [[words.network, look.network] as const]),
    ...(look.period === null ? [] : [[words.period, String(look.period)] as const]),
    ...(look.nodeId === null ? [] : [[words.node, String(look.nodeId)] as const]),
  ]
  return (
    <>
      <FactList facts={facts} />
      {own.length > 0 ? (
        <section aria-label={words.saysOfItself}>
          <h3 className={page.below}>{words.saysOfItself}</h3>
          <FactList facts={own} />
        </section>
      ) : null}
      <WayOn look={look} path={path} />
    </>
  )
}

function WayOn({ look: { kind, name }, path }: { look: FileLook; path: string }) {
  const [, navigate] = useLocation()
  if (kind === 'unknown') return <p className={page.dim}>{words.unknownText}</p>
  const isArchive = kind === 'archive'
  return (
    <div className={page.buttons}>
      <Button
        h={36}
        onClick={() => {
          if (isArchive) addPath(path)
          else void beginAuditOfPaths([path])
          navigate(isArchive ? '/import' : '/audit')
        }}
      >
        {isArchive ? words.import(name) : words.audit(name)}
      </Button>
      <span className={classes.beside}>{isArchive ? words.importWhat : words.auditWhat}</span>
    </div>
  )
}
