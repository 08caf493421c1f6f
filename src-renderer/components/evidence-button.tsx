import { Button } from '@mantine/core'
import { useState } from 'react'
import type { QueryInput } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { query } from '../api.ts'
import { downloadBlob } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { texts } from '../texts.ts'
import { ErrorPanel } from './error-panel.tsx'

const words = texts.audit

/** Saves all that a receipt of a fixed period, or the mint of a node's own period, rests on, as one file for others to verify. */
export function EvidenceButton({ of }: { of: QueryInput<'desk.bundle'> }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const save = () => {
    setBusy(true)
    setError(null)
    query('desk.bundle', of)
      .then(
        ({ fileName, base64 }) => downloadBlob(fileName, new Blob([Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))])),
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }
  return (
    <>
      <Button variant="default" h={32} leftSection={<IconDownload />} title={words.evidenceWhat} loading={busy} onClick={save}>
        {words.evidence}
      </Button>
      {error ? <ErrorPanel error={error} title={words.evidenceFailed} safe={words.safe} /> : null}
    </>
  )
}
