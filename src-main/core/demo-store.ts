import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { listPeriods, openStore, type Store } from '../store/index.ts'

/**
 * The store of the embedded demo in `dataDir`, filled with the archives of `folder` that it lacks. Nothing of it is worth a word about how to
 * mend it: one that is damaged, or another version's, is made anew. Rejects with AppError store.busy, io.*, and as the import does.
 */
export async function openDemo(dataDir: string, folder: string, runTask: TaskRunner): Promise<Store> {
  try {
    return await fill(dataDir, folder, runTask)
  } catch (error) {
    const { code } = toAppError(error)
    if (!code.startsWith('store.') || code === 'store.busy') throw error
    rmSync(dataDir, { recursive: true, force: true })
    return fill(dataDir, folder, runTask)
  }
}

async function fill(dataDir: string, folder: string, runTask: TaskRunner): Promise<Store> {
  const files = readdirSync(folder)
    .filter(name => name.includes('.ndjson'))
    .sort()
  const store = openStore(dataDir, { mode: 'write' })
  try {
    if (listPeriods(store).length < files.length)
      for (const name of files) await runTask('import', { dataDir, path: join(folder, name), name, resources: 'latest' }, {})
    return store
  } catch (error) {
    store.close()
    throw error
  }
}
