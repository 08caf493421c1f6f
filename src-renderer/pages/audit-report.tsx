import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { SealSigner } from '../../src-shared/sealed.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { downloadText } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './audit.module.css'
import { UnlockForm, useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.audit

/** The report of an audit as files, and its signature. */
export function AuditReportTools({ jobId, signer }: { jobId: string; signer: SealSigner | null }) {
  const sending = useSend()
  const save = (form: 'json' | 'html') =>
    sending.send(async () => {
      const { fileName, text } = await query('desk.file', { jobId, form })
      downloadText(fileName, text, form === 'json' ? 'application/json' : 'text/html')
    })
  const sign = () => openSheet({ title: words.sign, body: <SignReport jobId={jobId} /> })
  return (
    <section aria-label={words.report} className={classes.report}>
      <div className={page.buttons}>
        <Button
          variant="default"
          h={32}
          leftSection={<IconDownload />}
          disabled={sending.busy}
          title={words.reportFileWhat}
          onClick={() => save('json')}
        >
          {words.reportFile}
        </Button>
        <Button variant="default" h={32} leftSection={<IconDownload />} disabled={sending.busy} onClick={() => save('html')}>
          {words.reportPage}
        </Button>
        {signer ? null : (
          <Button variant="default" h={32} onClick={sign}>
            {words.sign}
          </Button>
        )}
      </div>
      <p className={page.dim}>{signer ? words.signed(cleanName(signer.name), `${signer.publicKey.slice(0, 16)}…`) : words.notSigned}</p>
      {sending.error ? <ErrorPanel error={sending.error} title={words.fileFailed} safe={words.safe} /> : null}
    </section>
  )
}

function SignReport({ jobId }: { jobId: string }) {
  const keys = useQuery('keys.list', {}, ['keys'])
  const sending = useSend()
  const [chosen, setChosen] = useState<string | null>(null)
  const able = (keys.data?.keys ?? []).filter(({ forms, confirmed }) => forms.length > 0 && confirmed)
  const key = able.find(({ keyId }) => keyId === chosen) ?? able[0]
  if (keys.error) return <ErrorPanel error={keys.error} onRetry={keys.refetch} />
  if (keys.data && !key)
    return (
      <p>
        {words.noKey} <Link href="/keys">{texts.keys.title}</Link>
      </p>
    )
  if (!key) return null
  const reopen = () => openSheet({ title: words.sign, body: <SignReport jobId={jobId} /> })
  const sign = () =>
    sending.send(async () => {
      await command('desk.sign', { jobId, keyId: key.keyId })
      closeSheet()
    })
  return (
    <div className={page.stack}>
      <p>{words.signHow}</p>
      <Select
        label={words.signKey}
        data={able.map(({ keyId, name }) => ({ value: keyId, label: cleanName(name) }))}
        value={key.keyId}
        onChange={setChosen}
        allowDeselect={false}
      />
      <div className={page.buttons}>
        {key.unlocked ? (
          <Button loading={sending.busy} onClick={sign}>
            {words.signAction}
          </Button>
        ) : (
          <Button onClick={() => openSheet({ title: words.unlock, body: <UnlockForm keyId={key.keyId} onDone={reopen} /> })}>
            {words.unlock}
          </Button>
        )}
      </div>
      {sending.error ? <ErrorPanel error={sending.error} safe={words.safe} /> : null}
    </div>
  )
}
