import { create } from 'zustand'
import { AppError } from '../../src-shared/errors.ts'
import { command } from '../api.ts'
import { texts } from '../texts.ts'
import { givenFiles } from './compare-files.ts'
import { readError } from './import-queue.ts'

/** The audit that was begun in this window; outlives the page, as one may look at a node meanwhile. */
export interface AuditRun {
  names: string[]
  state: 'sending' | 'begun' | 'failed'
  jobId: string | null
  error: AppError | null
}

export const useAuditRun = create<{ run: AuditRun | null }>(() => ({ run: null }))

/** As the contract has it. */
const MOST_FILES = 8

/** Begins an audit of a period of the own store, or of files: the desktop hands over their paths, a browser sends them. */
export async function beginAudit({
  period,
  files,
  stellar,
}: {
  period: number | null
  files: readonly File[]
  stellar: boolean
}): Promise<void> {
  const names = period === null ? files.map(file => file.name) : [`period ${period}`]
  return begin(names, {
    ...{ period, stellar },
    files() {
      if (files.length > MOST_FILES) throw new AppError('usage', texts.audit.tooMany)
      return givenFiles(files)
    },
  })
}

interface Begun {
  period: number | null
  files(): Promise<({ path: string } | { uploadId: string })[]>
  stellar: boolean
}

async function begin(names: string[], { period, files, stellar }: Begun): Promise<void> {
  const set = (run: Partial<AuditRun>) => useAuditRun.setState({ run: { names, state: 'sending', jobId: null, error: null, ...run } })
  set({})
  try {
    const { jobId } = await command('desk.start', { period, files: await files(), stellar })
    set({ state: 'begun', jobId })
  } catch (error) {
    set({ state: 'failed', error: readError(error, names.join(', ')) })
  }
}

/** The same with files of this machine that the desktop was handed. */
export function beginAuditOfPaths(paths: readonly string[]): Promise<void> {
  const names = paths.map(path => path.replace(/^.*[\\/]/, ''))
  return begin(names, { period: null, files: () => Promise.resolve(paths.map(path => ({ path }))), stellar: false })
}

export function forgetAudit(): void {
  useAuditRun.setState({ run: null })
}
