import { create } from 'zustand'
import { AppError } from '../../src-shared/errors.ts'
import { command } from '../api.ts'
import { auditTexts } from '../texts-audit.ts'
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
  const set = (run: Partial<AuditRun>) => useAuditRun.setState({ run: { names, state: 'sending', jobId: null, error: null, ...run } })
  set({})
  try {
    if (files.length > MOST_FILES) throw new AppError('usage', auditTexts.tooMany)
    const { jobId } = await command('desk.start', { period, files: await givenFiles(files), stellar })
    set({ state: 'begun', jobId })
  } catch (error) {
    set({ state: 'failed', error: readError(error, names.join(', ')) })
  }
}

export function forgetAudit(): void {
  useAuditRun.setState({ run: null })
}
