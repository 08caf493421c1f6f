import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { group, tftExact } from '../../src-shared/money.ts'
import type { VaultDifference, VaultEnvelope } from '../../src-shared/vault-contract.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { Note } from '../components/note.tsx'
import { ReviewSheet } from '../components/review-sheet.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { downloadText, formatCount } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import type { KnownVault } from './bridge-vault.tsx'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.vault.ledger

/** How far Stellar was read and whether the books agree with it, and the way to read it. */
export function VaultLedger({ vault, readOnly }: { vault: KnownVault; readOnly: boolean }) {
  const { network, ledger, mode, differenceUnits } = vault
  const jobs = useQuery('jobs.list', {}, ['jobs']).data
  const sending = useSend()
  const job = jobs?.find(({ title }) => title === `Read the transfers to the vault of ${network}`)
  const read = () => sending.send(async () => void (await command('vault.read', { network })))
  return (
    <section className={page.stack} aria-label={words.title}>
      <div className={page.buttons}>
        <Standing ledger={ledger} />
        <Button variant="default" h={32} disabled={readOnly || job?.state === 'running'} loading={sending.busy} onClick={read}>
          {words.read}
        </Button>
        {ledger && ledger.differences > 0 ? (
          <Button
            variant="default"
            h={32}
            onClick={() => openSheet({ title: words.differences, body: <Differences network={network} readOnly={readOnly} /> })}
          >
            {words.show}
          </Button>
        ) : null}
        {mode !== 'per-mint' && differenceUnits > 0n ? <BuildButton network={network} amountUnits={differenceUnits} /> : null}
      </div>
      {job && job.state !== 'done' ? <JobProgress job={job} /> : null}
      {sending.error ? <ErrorPanel error={sending.error} safe={words.safe} /> : null}
    </section>
  )
}

function Standing({ ledger }: { ledger: KnownVault['ledger'] }) {
  if (ledger === null) return <span className={page.dim}>{words.never}</span>
  const { untilTs, transfers, differences } = ledger
  return (
    <Note state={untilTs === null ? 'unknown' : differences > 0 ? 'at-risk' : 'up'}>
      {untilTs === null ? (
        words.broken
      ) : (
        <>
          {words.until} <DateTime ts={untilTs} />
        </>
      )}
      : {words.count(formatCount(transfers), transfers)},{' '}
      {differences === 0 ? words.agree : words.differ(formatCount(differences), differences)}
    </Note>
  )
}

/** Entries that are not what Stellar has, each with the way to mend it. */
function Differences({ network, readOnly }: { network: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('vault.differences', { limit: 200 }, ['vault'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={120} />
  return (
    <div className={page.stack}>
      <p className={page.dim}>{words.how}</p>
      {data.rows.map(row => (
        <Difference key={row.tx} row={row} network={network} readOnly={readOnly} />
      ))}
      {data.total === 0 ? <Note state="up">{words.agree}</Note> : null}
      {data.total > data.rows.length ? <p>{words.more(formatCount(data.total - data.rows.length))}</p> : null}
    </div>
  )
}

function Difference({
  row: { tx, kind, entered, ledger, why },
  network,
  readOnly,
}: {
  row: VaultDifference
  network: string
  readOnly: boolean
}) {
  const sending = useSend()
  const amount = group(tftExact((ledger ?? entered)!.amountUnits))
  const mend = () =>
    sending.send(async () => {
      if (ledger) await command('vault.takeOver', { network, tx })
      else await command('vault.removeTransfer', { network, tx })
    })
  return (
    <section className={page.panel} aria-label={words.of(tx.slice(0, 8))}>
      <StateMark state="at-risk" word={words.kinds[kind]} /> <span className={page.hash}>{tx}</span>
      <p>{why}</p>
      <Button variant="default" disabled={readOnly} loading={sending.busy} onClick={mend}>
        {ledger ? words.take(amount) : texts.vault.remove(amount)}
      </Button>
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
    </section>
  )
}

/** Builds a transfer to the vault, and shows it as what it is: not signed, to be signed elsewhere. */
export function BuildButton({ network, mintId, amountUnits }: { network: string; mintId?: string; amountUnits: bigint }) {
  const sending = useSend()
  const build = () =>
    sending.send(async () => {
      const built = await query('vault.build', { network, ...(mintId !== undefined && { mintId }) })
      openSheet({ title: words.built, body: <Built built={built} /> })
    })
  return (
    <>
      <Button variant="default" loading={sending.busy} onClick={build}>
        {words.build(group(tftExact(amountUnits)))}
      </Button>
      {sending.error ? <ErrorPanel error={sending.error} safe={words.safe} /> : null}
    </>
  )
}

function Built({ built }: { built: VaultEnvelope }) {
  const [saved, setSaved] = useState(false)
  const save = () => {
    downloadText(built.fileName, `${built.envelope}\n`, 'text/plain')
    setSaved(true)
  }
  return (
    <ReviewSheet of={{ kind: 'envelope', text: built.envelope }}>
      {() => (
        <div className={page.stack}>
          <p className={page.dim}>
            {words.builtHow} <DateTime ts={built.maxTs} />.
          </p>
          <div>
            <Button onClick={save}>{words.save(group(tftExact(built.amountUnits)))}</Button>
          </div>
          {saved ? <p role="status">{words.saved(built.fileName)}</p> : null}
        </div>
      )}
    </ReviewSheet>
  )
}
