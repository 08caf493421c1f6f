import { randomUUID } from 'node:crypto'
import { type Actor, commands } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { group } from '../../src-shared/money.ts'
import type { JobContext, TaskRunner } from '../jobs/context.ts'
import { loadSettings, runCommand, type Store } from '../store/index.ts'
import type { Computing } from './computing.ts'
import type { JobRunner } from './jobs.ts'
import type { Once } from './once.ts'
import type { ImportTaskInput, ImportTaskOutput } from './tasks.ts'
import type { Topics } from './topics.ts'
import type { Uploads } from './uploads.ts'

export interface ImportOrder {
  /** of the job; makes its end stand in the audit trail once */
  id: string
  path: string
  /** the file's own name, where the path is a copy's */
  name: string
  actor: Actor
}

/**
 * Imports one archive into the store that this process writes, computes its results, and says in the audit trail how that ended.
 * Throws what the import throws.
 */
export async function importAudited(store: Store, order: ImportOrder, runTask: TaskRunner, context: JobContext): Promise<ImportTaskOutput> {
  const input: ImportTaskInput = { dataDir: store.dataDir, path: order.path, name: order.name, resources: loadSettings(store).resources }
  const note = (action: string, subject: string, details: Record<string, unknown>) =>
    runCommand(
      store,
      { actor: order.actor.id, idempotencyKey: `${order.id}:end`, command: action, input: details, audit: { subject } },
      () => null,
    )
  let done: ImportTaskOutput
  try {
    done = (await runTask('import', input, taskContext(context))) as ImportTaskOutput
  } catch (cause) {
    const error = toAppError(cause)
    try {
      note(error.code === 'cancelled' ? 'import.stopped' : 'import.failed', order.name, { code: error.code, message: error.message })
    } catch {
      // books that can't take a note (a full disk) must not hide why the import failed
    }
    throw error
  }
  const { period, outcome, events, digest, v3Lack } = done
  try {
    note('import.finished', `period ${period}`, { file: order.name, outcome, events, digest, ...(v3Lack !== null && { v3Lack }) })
  } catch (cause) {
    const error = toAppError(cause)
    throw new AppError(
      error.code,
      `Period ${period} is imported, but the audit trail could not take note of it: ${error.message} Import the file once more then; nothing changes but the trail.`,
      { cause },
    )
  }
  return done
}

/** A job's context as a task runner takes it. */
export function taskContext(context: JobContext): Parameters<TaskRunner>[2] {
  const { signal, onProgress } = context
  return { ...(signal && { signal }), ...(onProgress && { onProgress: progress => onProgress(progress as never) }) }
}

const importCommands = ['import.uploadBegin', 'import.uploadPart', 'import.uploadCancel', 'import.uploadEnd', 'import.start'] as const
type ImportCommand = (typeof importCommands)[number]

export function isImportCommand(name: string): name is ImportCommand {
  return (importCommands as readonly string[]).includes(name)
}

export interface ImportSources {
  books: Store
  jobs: JobRunner
  runTask: TaskRunner
  changed: Topics['changed']
  computing: Computing
  /** forgets what was read of the store, and reads ahead what pages need first */
  readAgain(): void
}

/** Carries out one command of importing; `once` does its work in the books' transaction. Throws AppError usage, not-found, io.*. */
export function importCommand(
  sources: ImportSources,
  name: ImportCommand,
  input: unknown,
  { uploads, actor, once }: { uploads: Uploads; actor: Actor; once: Once },
): unknown {
  /** `file` gives what is imported, inside the transaction; the job begins once that is committed. */
  const start = (subject: string, file: () => { path: string; name: string }, afterwards: (path: string) => void): unknown => {
    let begin = (): void => {}
    const answered = once(subject, () => {
      const order = { ...file(), id: randomUUID(), actor }
      begin = () => startImport(sources, order, () => afterwards(order.path))
      return { jobId: order.id }
    })
    begin()
    sources.changed('audit')
    return answered
  }
  switch (name) {
    case 'import.uploadBegin': {
      const { name: file, size } = commands[name].in.parse(input)
      return { uploadId: uploads.begin(file, size) }
    }
    case 'import.uploadPart': {
      const { uploadId, offset, base64 } = commands[name].in.parse(input)
      uploads.part(uploadId, offset, base64)
      return {}
    }
    case 'import.uploadCancel': {
      uploads.cancel(commands[name].in.parse(input).uploadId)
      return {}
    }
    case 'import.uploadEnd': {
      const { uploadId } = commands[name].in.parse(input)
      return start(
        uploadId,
        () => uploads.end(uploadId),
        path => uploads.remove(path),
      )
    }
    case 'import.start': {
      const { path } = commands[name].in.parse(input)
      return start(
        path,
        () => ({ path, name: path.split(/[\\/]/).at(-1) ?? path }),
        () => {},
      )
    }
  }
}

function startImport(sources: ImportSources, order: ImportOrder, afterwards: () => void): void {
  const { books, jobs, runTask, computing } = sources
  jobs.start({
    id: order.id,
    kind: 'import',
    title: `Import ${order.name}`,
    run: async context => {
      try {
        const { period, outcome, events, v3Lack } = await importAudited(books, order, runTask, context)
        const lack = v3Lack === null ? '' : `. ${v3Lack}`
        return { period, detail: outcome === 'unchanged' ? 'was there already, nothing changed' : `${group(String(events))} events${lack}` }
      } finally {
        // also after a failure: an import that was stopped at its very end may have got through
        sources.readAgain()
        sources.changed('facts', 'results', 'labels', 'audit')
        afterwards()
        computing.startNodeRuns(books)
      }
    },
  })
}
