import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { CommandInput, Job } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { downloadBlob } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { texts } from '../texts.ts'

const words = texts.exports.file

export interface FileExport {
  job: Job | undefined
  error: AppError | null
  busy: boolean
  start(subject: CommandInput<'exports.start'>): void
}

/** Makes a file in the core, in the background, and hands it to the user when it is there. One at a time. */
export function useFileExport(): FileExport {
  const [jobId, setJobId] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const jobs = useQuery('jobs.list', {}, ['jobs'], { enabled: jobId !== null })
  const job = jobs.data?.find(({ id }) => id === jobId)
  const state = job?.state
  const failure = job?.error?.message
  const taken = useRef<string | null>(null)

  useEffect(() => {
    if (jobId === null || state === undefined || state === 'running' || taken.current === jobId) return
    taken.current = jobId
    const end = (problem: AppError | null) => {
      setBusy(false)
      setError(problem)
      setJobId(null)
    }
    if (state === 'cancelled') end(null)
    else if (state === 'failed') end(new AppError('internal', failure ?? ''))
    else
      saveFile(jobId).then(
        () => end(null),
        (reason: unknown) => end(toAppError(reason)),
      )
  }, [jobId, state, failure])

  return {
    job,
    error,
    busy,
    start(subject) {
      setBusy(true)
      setError(null)
      command('exports.start', subject).then(
        started => setJobId(started.jobId),
        (reason: unknown) => {
          setBusy(false)
          setError(toAppError(reason))
        },
      )
    },
  }
}

/** Fetches a finished file part by part, saves it, and lets the core forget it. */
async function saveFile(jobId: string): Promise<void> {
  const parts: BlobPart[] = []
  for (let offset = 0; ; ) {
    const { fileName, size, base64 } = await query('exports.part', { jobId, offset })
    const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0))
    parts.push(bytes)
    offset += bytes.length
    if (offset < size && bytes.length > 0) continue
    downloadBlob(fileName, new Blob(parts))
    notifications.show({ message: words.saved(fileName) })
    break
  }
  await command('exports.drop', { jobId })
}

interface ExportButtonProps {
  file: FileExport
  subject: CommandInput<'exports.start'>
  disabled?: boolean
  isFirst?: boolean
  children: ReactNode
}

export function ExportButton({ file, subject, disabled = false, isFirst = false, children }: ExportButtonProps) {
  return (
    <Button
      h={32}
      {...(isFirst ? {} : { variant: 'default' })}
      leftSection={<IconDownload />}
      disabled={disabled || file.busy}
      onClick={() => file.start(subject)}
    >
      {children}
    </Button>
  )
}

/** How far the file is, and its stop; or why it was not made. */
export function ExportState({ file: { job, error, busy } }: { file: FileExport }) {
  if (error) return <ErrorPanel error={error} title={words.failed} safe={words.safe} />
  return busy && job?.state === 'running' ? <JobProgress job={job} /> : null
}
