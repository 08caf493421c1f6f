import { mkdirSync } from 'node:fs'
import { type BackupOrder, type MadeBackup, makeBackup } from '../../src-main/jobs/backup/make.ts'
import { restoreBackup } from '../../src-main/jobs/backup/restore.ts'
import { newStretching, stretch } from '../../src-main/signing/key-box.ts'
import { loadNote, openStore, runCommand, type Store, saveNote, verifyAudit } from '../../src-main/store/index.ts'
import { weakly } from './weak-stretching.ts'

/* Stores whose commits have numbers, and backups of them. */

let keys = 0

/** Commits steps, each in a transaction of its own with an entry in the audit trail; `done` is told after each commit. */
export function writeSteps(store: Store, count: number, done: (step: number) => void = () => {}): void {
  const first = stepOf(store) + 1
  for (let step = first; step < first + count; step++) {
    runCommand(store, { actor: 'test', idempotencyKey: `step ${process.pid} ${keys++}`, command: 'step', input: step }, () => {
      saveNote(store, 'step', step)
      return null
    })
    done(step)
  }
}

/** The last step that a store has; 0: none. */
export function stepOf(store: Store): number {
  return (loadNote(store, 'step') as number | undefined) ?? 0
}

/** A new store with so many steps, closed. */
export function makeStore(dataDir: string, steps: number): void {
  const store = openStore(dataDir, { mode: 'write' })
  writeSteps(store, steps)
  store.close()
}

/** The steps of a folder's store, which must be whole: its audit trail too. */
export function stepsIn(dataDir: string): number {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    if (store.books.pragma('integrity_check(1)', { simple: true }) !== 'ok') throw new Error('the books are damaged')
    const { intact, entries } = verifyAudit(store)
    if (!intact || entries < stepOf(store)) throw new Error('the audit trail is broken')
    return stepOf(store)
  } finally {
    store.close()
  }
}

export const backupPassphrase = 'a passphrase of the test'

export async function backUp(
  dataDir: string,
  target: string,
  more: Partial<BackupOrder> & { passphrase?: string } = {},
): Promise<MadeBackup> {
  const { passphrase, ...order } = more
  const stretching = newStretching(weakly.stretchLogN)
  const lock = passphrase === undefined ? null : { stretched: await stretch(passphrase, stretching), stretching }
  return makeBackup({ dataDir, target, withFacts: false, lock, version: '1', nowTs: Math.floor(Date.now() / 1000), ...order })
}

export const restored = (dataDir: string, path: string, passphrase = '', nowTs = Math.floor(Date.now() / 1000)) =>
  restoreBackup({ path, passphrase, dataDir, actor: 'test', nowTs })

export function folderIn(root: string, name: string): string {
  mkdirSync(`${root}/${name}`)
  return `${root}/${name}`
}
