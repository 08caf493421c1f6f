import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Core, Status } from '../../src-shared/contract.ts'
import { openCore, type SafeStorage } from '../core/index.ts'
import type { Log } from '../core/log.ts'
import { hostLog } from './host-log.ts'
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
  nowTs,
  log = hostLog(dataDir, 'server'),
}: {
  dataDir: string
  host: Status['host']
  safeStorage?: SafeStorage
  stretchLogN?: number
  ledgerMs?: number
  nowTs?: () => number
  /** of this process; absent: one is opened */
  log?: Log
}): Promise<Core> {
  // one core stays for answers; more than four threads only wait for the disk
  // and two more for what never ends and mostly waits: the sync, and the demo's made-up chain
  const runTask = workerTaskRunner(Math.min(Math.max(availableParallelism() - 1, 1), 4) + 2, {
    onDied: (error, exitCode) => log.crash({ kind: 'ended', part: 'worker', exitCode, ...(error !== undefined && { error }) }),
  })
  const startedMs = performance.now()
  log.write('started', { version: programVersion(), platform: process.platform, runtime: `node-${process.versions.node}` })
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
      log,
      ...(safeStorage && { safeStorage }),
      ...(stretchLogN !== undefined && { stretchLogN }),
      ...(ledgerMs !== undefined && { ledgerMs }),
      ...(nowTs && { nowTs }),
    })
    const door = await keepRestDoor(core, programVersion(), log.internal)
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
        log.write('ended', { ranSec: (performance.now() - startedMs) / 1000 })
      },
    }
  } catch (error) {
    log.write('start-failed', log.said(error))
    await runTask.close()
    throw error
  }
}
