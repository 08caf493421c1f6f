import { create } from 'zustand'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { DesktopBridge } from '../../src-shared/page-connection.ts'
import { command } from '../api.ts'
import { texts } from '../texts.ts'
import { type UploadFile, uploadFile } from './upload.ts'

/** One file that the user gave in this window. Once it has a job, the job says the rest. */
export interface ImportItem {
  id: string
  name: string
  state: 'waiting' | 'sending' | 'handed-over' | 'failed' | 'cancelled'
  /** bytes that the core has, and the whole; both 0 where a path was handed over */
  sent: number
  size: number
  startedMs: number
  jobId: string | null
  error: AppError | null
}

type Source = { kind: 'file'; file: File } | { kind: 'path'; path: string }

/** Outlives the page: one may look elsewhere while files are on their way. `dismissed`: jobs that the user took off the list; the core keeps them a while. */
export const useImports = create<{ items: ImportItem[]; dismissed: string[] }>(() => ({ items: [], dismissed: [] }))

const sources = new Map<string, Source>()
const aborts = new Map<string, AbortController>()
let working = false

/** The desktop's bridge; undefined in a browser. */
export function desktop(): DesktopBridge | undefined {
  return (window as unknown as { granary?: DesktopBridge }).granary
}

/** Takes files that were dropped or chosen; the desktop hands over their paths, a browser sends them. */
export function addFiles(files: readonly File[]): void {
  const bridge = desktop()
  for (const file of files) {
    const path = bridge?.pathForFile(file)
    add(file.name, path ? 0 : file.size, path ? { kind: 'path', path } : { kind: 'file', file })
  }
}

/** Takes a file of this machine by its path (the desktop's own dialog). */
export function addPath(path: string): void {
  add(path.replace(/^.*[\\/]/, ''), 0, { kind: 'path', path })
}

/** Stops a file that waits or is being sent; the store is as it was. What has a job is stopped by its job. */
export function cancelItem(id: string): void {
  aborts.get(id)?.abort()
  const item = useImports.getState().items.find(one => one.id === id)
  if (item?.state === 'waiting') update(id, { state: 'cancelled' })
}

/** The same file once more. */
export function retryItem(id: string): void {
  const jobId = useImports.getState().items.find(item => item.id === id)?.jobId
  if (jobId) dismissJob(jobId)
  update(id, { state: 'waiting', sent: 0, error: null, jobId: null })
  void work()
}

/** Takes a file that is over with off the list; whatever was imported stays. */
export function removeItem(id: string): void {
  sources.delete(id)
  const jobId = useImports.getState().items.find(item => item.id === id)?.jobId
  if (jobId) dismissJob(jobId)
  useImports.setState(state => ({ items: state.items.filter(item => item.id !== id) }))
}

/** Takes a job that is over with off this window's list. */
export function dismissJob(jobId: string): void {
  useImports.setState(state => ({ dismissed: [...state.dismissed, jobId] }))
}

function add(name: string, size: number, source: Source): void {
  const id = crypto.randomUUID()
  sources.set(id, source)
  const item: ImportItem = { id, name, state: 'waiting', sent: 0, size, startedMs: 0, jobId: null, error: null }
  useImports.setState(state => ({ items: [...state.items, item] }))
  void work()
}

function update(id: string, change: Partial<ImportItem>): void {
  useImports.setState(state => ({ items: state.items.map(item => (item.id === id ? { ...item, ...change } : item)) }))
}

/** One file after the other; the core imports the one before meanwhile. */
async function work(): Promise<void> {
  if (working) return
  working = true
  // what a browser sends is lost with the page; the desktop hands over paths, and its window may close
  if (!desktop()) window.addEventListener('beforeunload', askBeforeLeaving)
  try {
    for (;;) {
      const item = useImports.getState().items.find(one => one.state === 'waiting')
      if (!item) return
      await handOver(item)
    }
  } finally {
    working = false
    window.removeEventListener('beforeunload', askBeforeLeaving)
  }
}

/** The browser asks in its own words whether to leave. */
function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault()
}

async function handOver(item: ImportItem): Promise<void> {
  const source = sources.get(item.id)!
  const abort = new AbortController()
  aborts.set(item.id, abort)
  update(item.id, { state: 'sending', startedMs: performance.now() })
  try {
    const jobId =
      source.kind === 'path'
        ? (await command('import.start', { path: source.path })).jobId
        : await uploadFile(
            readable(source.file),
            (name, input) => command(name, input),
            abort.signal,
            sent => update(item.id, { sent }),
          )
    update(item.id, { state: 'handed-over', jobId })
  } catch (error) {
    if (abort.signal.aborted) update(item.id, { state: 'cancelled' })
    else update(item.id, { state: 'failed', error: readError(error, item.name) })
  } finally {
    aborts.delete(item.id)
  }
}

/** What went wrong with a file of this machine, which may have been moved meanwhile. */
export function readError(error: unknown, name: string): AppError {
  if (error instanceof DOMException) return new AppError('io.failed', texts.import.unreadable(name, error.message))
  return toAppError(error)
}

/** A file that a browser gave, as it is sent. */
export function readable(file: File): UploadFile {
  return {
    name: file.name,
    size: file.size,
    readBase64: (from, to) =>
      new Promise((resolve, reject) => {
        // the browser's own base64 is much faster than one in script
        const reader = new FileReader()
        reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''))
        reader.onerror = () => reject(reader.error)
        reader.readAsDataURL(file.slice(from, to))
      }),
  }
}
