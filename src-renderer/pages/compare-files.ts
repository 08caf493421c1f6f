import { create } from 'zustand'
import { AppError } from '../../src-shared/errors.ts'
import { command } from '../api.ts'
import { texts } from '../texts.ts'
import { desktop, readable, readError } from './import-queue.ts'
import { sendFile } from './upload.ts'

/** A comparison that was begun in this window. */
export interface Comparison {
  names: string[]
  state: 'sending' | 'begun' | 'failed'
  jobId: string | null
  error: AppError | null
}

/** By period; outlives the page, as one may look at a node meanwhile. */
export const useComparisons = create<{ byPeriod: Record<number, Comparison> }>(() => ({ byPeriod: {} }))

/** As the contract has it. */
const MOST_FILES = 8

/** Takes files that were dropped or chosen: the desktop hands over their paths, a browser sends them; then the core compares. */
export async function compareWith(period: number, files: readonly File[]): Promise<void> {
  const names = files.map(file => file.name)
  const set = (change: Partial<Comparison>) =>
    useComparisons.setState(({ byPeriod }) => ({
      byPeriod: { ...byPeriod, [period]: { ...(byPeriod[period] ?? begun), names, ...change } },
    }))
  set({ ...begun, names })
  try {
    if (files.length > MOST_FILES) throw new AppError('usage', texts.compare.tooMany)
    const { jobId } = await command('compare.start', { period, files: await givenFiles(files) })
    set({ state: 'begun', jobId })
  } catch (error) {
    set({ state: 'failed', error: readError(error, names.join(', ')) })
  }
}

/** Files as a command takes them: the desktop's paths, a browser's after they were sent. Rejects with AppError. */
export async function givenFiles(files: readonly File[]): Promise<({ path: string } | { uploadId: string })[]> {
  const given: ({ path: string } | { uploadId: string })[] = []
  for (const file of files) {
    const path = desktop()?.pathForFile(file)
    given.push(path ? { path } : { uploadId: await sent(file) })
  }
  return given
}

/** Makes room for another proposal. */
export function forgetComparison(period: number): void {
  useComparisons.setState(({ byPeriod }) => {
    const { [period]: _, ...rest } = byPeriod
    return { byPeriod: rest }
  })
}

const begun: Comparison = { names: [], state: 'sending', jobId: null, error: null }

function sent(file: File): Promise<string> {
  const send: Parameters<typeof sendFile>[1] = (name, input) => command(name, input)
  return sendFile(
    readable(file),
    send,
    new AbortController().signal,
    () => undefined,
    uploadId => Promise.resolve(uploadId),
  )
}
