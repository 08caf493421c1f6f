import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { DoctorReport } from '../../src-shared/sync.ts'
import type { JobContext, TaskRunner } from '../jobs/context.ts'
import type { DoctorInput } from '../jobs/doctor.ts'
import { checkHours, rebuildHours } from '../jobs/ledger-hours.ts'
import { dropDamaged, findGaps, type Gap, gapInWords } from '../store/gaps.ts'
import { openStore, pinnedChain, runCommand, type Store } from '../store/index.ts'
import { taskContext } from './imports.ts'
import type { JobDescription } from './jobs.ts'
import { findNetwork, type KnownNetwork, readKnownNetworks } from './networks.ts'
import type { Once } from './once.ts'
import { keptSync } from './sync.ts'

/** Blocks that are fetched again where nobody says how many. */
export const DOCTOR_SAMPLE = 20

type Asked = Pick<DoctorInput, 'dataDir' | 'sample' | 'seed'>

/** What to examine: the folder against the network that it follows. */
export function doctorInput(store: Store, known: readonly KnownNetwork[], asked: Asked): DoctorInput {
  const name = keptSync(store)?.config.network ?? pinnedChain(store)?.network
  if (name === undefined) return { ...asked, network: null, noNetwork: 'This data folder does not follow a chain.' }
  try {
    const { endpoints, genesis } = findNetwork(known, store, name)
    return { ...asked, network: { name, genesis, endpoints: endpoints.map(({ url }) => url) }, noNetwork: '' }
  } catch (error) {
    // its endpoints were taken away
    if (!(error instanceof AppError) || error.code !== 'not-found') throw error
    return { ...asked, network: null, noNetwork: error.message }
  }
}

export interface ExaminationSources {
  books: Store
  known: readonly KnownNetwork[]
  runTask: TaskRunner
  start(job: JobDescription): void
  changed(): void
}

/** The examinations that a page asks for, each a job of its own lane; the last one's report is kept. */
export function createExaminations({ books, known, runTask, start, changed }: ExaminationSources) {
  let report: DoctorReport | null = null

  function examine(id: string): void {
    const run = async (context: JobContext) => {
      const input = doctorInput(books, known, { dataDir: books.dataDir, sample: DOCTOR_SAMPLE, seed: null })
      report = (await runTask('doctor', input, taskContext(context))) as DoctorReport
      changed()
      return { period: null }
    }
    start({ id, kind: 'doctor', title: 'Examine', lane: 'doctor', run })
  }

  return {
    /** null: there was none yet */
    last: () => report,
    /** Begins one, once what asked for it is committed. */
    begin(once: Once): unknown {
      let after = () => {}
      const answered = once(null, () => {
        const jobId = randomUUID()
        after = () => examine(jobId)
        return { jobId }
      })
      after()
      return answered
    },
  }
}

/** What `granary doctor` is asked. */
export interface DoctorCommand extends Asked {
  networksFile: string | null
  actor: string
  /** asks no endpoint */
  offline: boolean
  /** takes damaged synced periods out of the store before, so that the next sync reads them again, and counts wrong figures of the ledger anew */
  repair: boolean
}

/**
 * Examines a data folder, also beside a Granary that is running (not with `repair`). `repaired` tells in words what was taken out, `recounted`
 * whether the ledger's figures by the hour were counted anew.
 * Throws AppError cancelled; with `repair` also store.busy (another instance writes) and store.*, io.* where the store can't be opened.
 */
export async function examineFolder(
  command: DoctorCommand,
  context: JobContext,
): Promise<{ report: DoctorReport; repaired: string[]; recounted: boolean }> {
  const done = command.repair ? repair(command) : { repaired: [], recounted: false }
  // the chain's libraries take their time to load
  const { examine } = await import('../jobs/doctor.ts')
  return { report: await examine(networkInput(command), context), ...done }
}

function networkInput({ dataDir, sample, seed, offline, networksFile }: DoctorCommand): DoctorInput {
  const asked = { dataDir, sample, seed }
  const without = (noNetwork: string): DoctorInput => ({ ...asked, network: null, noNetwork })
  if (offline) return without('Not asked for (--offline).')
  if (!existsSync(dataDir)) return without('There is no data folder.')
  let store: Store | null = null
  try {
    const known = networksFile === null ? [] : readKnownNetworks(networksFile)
    store = openStore(dataDir, { mode: 'read' })
    return doctorInput(store, known, asked)
  } catch (cause) {
    // the examination says what is wrong with the store itself
    return without(`Which network is followed can’t be read: ${toAppError(cause).message}`)
  } finally {
    store?.close()
  }
}

function repair({ dataDir, actor }: DoctorCommand): { repaired: string[]; recounted: boolean } {
  const store = openStore(dataDir, { mode: 'write' })
  const audited = (input: unknown, subject: string, work: () => void) =>
    runCommand(store, { actor, idempotencyKey: randomUUID(), command: 'doctor.repair', input, audit: { subject } }, () => {
      work()
      return null
    })
  try {
    const recounted = checkHours(store).length > 0
    if (recounted) audited({ figures: true }, 'figures by the hour', () => rebuildHours(store))
    const gaps = findGaps(store)
    const periods = dropDamaged(store, gaps)
    if (periods.length > 0) audited({ periods }, `periods ${periods.join(', ')}`, () => {})
    const isRepaired = ({ kind, origin, period }: Gap) => origin === 'sync' && kind !== 'unfinished' && periods.includes(period)
    return { repaired: gaps.filter(isRepaired).map(gapInWords), recounted }
  } finally {
    store.close()
  }
}
