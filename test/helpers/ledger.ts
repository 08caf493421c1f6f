import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store } from '../../src-main/store/open.ts'

/** Books on the disk, in a folder that goes with them. */
export function openLedger(): { store: Store; close: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'granary-ledger-'))
  const store = openStore(folder, { mode: 'write' })
  return {
    store,
    close() {
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
