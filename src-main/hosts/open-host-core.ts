import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Core, Status } from '../../src-shared/contract.ts'
import { openCore, type SafeStorage } from '../core/index.ts'
import { keepRestDoor } from './loopback/rest-door.ts'
import { helpDir, networksFile, programDir, programVersion } from './program.ts'
import { openRestorable } from './restorable-core.ts'
import { workerTaskRunner } from './spawn-worker.ts'

/** The built page. */
export const pageDir = join(programDir, 'out/renderer')

/**
 * Opens the data folder as the one writer, with heavy work in worker threads and the embedded demo until there is real data.
 * The REST door is kept as it is set, and a backup can take the store's place meanwhile. Closing the core closes it, and ends the threads too. Rejects like openCore.
 */
export async function openHostCore({
  dataDir,
  host,
  safeStorage,
  stretchLogN,
  ledgerMs,
}: {
  dataDir: string
  host: Status['host']
  safeStorage?: SafeStorage
  stretchLogN?: number
  ledgerMs?: number
}): Promise<Core> {
  // one core stays for answers; more than four threads only wait for the disk
  // and two more for what never ends and mostly waits: the sync, and the demo's made-up chain
  const runTask = workerTaskRunner(Math.min(Math.max(availableParallelism() - 1, 1), 4) + 2)
  const demoDir = join(programDir, 'resources/demo')
  const open = async (): Promise<Core> => {
    const core = await openCore({
      dataDir,
      host,
      version: programVersion(),
      networksFile,
      helpDir,
      demoDir: existsSync(demoDir) ? demoDir : null,
      mode: 'write',
      runTask,
      ...(safeStorage && { safeStorage }),
      ...(stretchLogN !== undefined && { stretchLogN }),
      ...(ledgerMs !== undefined && { ledgerMs }),
    })
    const door = await keepRestDoor(core, programVersion(), error => console.error(error))
    return {
      ...core,
      close: async () => {
        await door.close()
        await core.close()
      },
    }
  }
  try {
    const core = await openRestorable({
      open,
      restore: async order => (await import('../core/backup-command.ts')).restore({ ...order, dataDir }, {}),
    })
    return {
      ...core,
      close: async () => {
        await core.close()
        await runTask.close()
      },
    }
  } catch (error) {
    await runTask.close()
    throw error
  }
}
