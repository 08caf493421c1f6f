import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toAppError } from '../../src-shared/errors.ts'
import { signForExport } from '../jobs/audit-heads.ts'
// not by the index, with which all of the store would be loaded after every file
import { openStore, type Store } from '../store/open.ts'

/* Whatever leaves as a file has the audit trail's head signed with it: for the answers of the core, and for commands of the command line. */

/** Whether an answer is a file for its asker to keep, or holds one. */
export function isFile(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false
  const hasFile = (value: unknown) =>
    typeof value === 'object' && value !== null && 'fileName' in value && ('text' in value || 'base64' in value)
  return hasFile(answer) || Object.values(answer).some(hasFile)
}

/** Signs where an answer is a file and these books may be written; gives the answer. */
export function signLeaving<T>(store: Store, answer: T): T {
  // what keeps a trail from being signed is told by audit.list, the doctor and granary audit check
  if (store.mode === 'write' && isFile(answer)) signForExport(store)
  return answer
}

/**
 * Signs for a command that wrote or printed a file, also beside a Granary that has the folder open. Gives what keeps it from being signed, in
 * words, or null: the file is there either way.
 */
export function signLeavingFrom(dataDir: string): string | null {
  // what was written came from files alone: there is no trail, and none is begun for it
  if (!existsSync(join(dataDir, 'books.db'))) return null
  try {
    const store = openStore(dataDir, { mode: 'write', lock: false })
    try {
      return signForExport(store)
    } finally {
      store.close()
    }
  } catch (cause) {
    const { code, message } = toAppError(cause)
    if (code === 'internal') throw cause
    return message
  }
}
