import { randomInt } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { DoctorCheck, DoctorReport } from '../../src-shared/sync.ts'
import { pinnedChain } from '../store/chain.ts'
import { openStore, type Store } from '../store/open.ts'
import { examinePayments } from './audit/payment-records.ts'
import { examineVotes } from './audit/vote-records.ts'
import type { JobContext } from './context.ts'
import { checkAlerts, checkBackups, checkGuards } from './doctor/books.ts'
import { type Connect, checkChainClock, checkHashes, connectChain, examineEndpoint, knownSpecs } from './doctor/chain.ts'
import { type Finding, problem, recordsFinding, unknown } from './doctor/finding.ts'
import {
  checkAudit,
  checkBooks,
  checkChunks,
  checkClock,
  checkCrashes,
  checkDatabase,
  checkFigures,
  checkFormats,
  checkGaps,
  checkPermissions,
  checkResults,
  checkSpace,
  checkStarts,
  gapsOf,
} from './doctor/local.ts'
import { compareSample } from './doctor/sample.ts'

export interface DoctorInput {
  dataDir: string
  /** the network that the store follows, with the endpoints to ask; null: none, and `noNetwork` says why */
  network: { name: string; endpoints: string[]; genesis: string } | null
  noNetwork: string
  /** how many stored blocks are fetched again and compared; 0: none */
  sample: number
  /** of the choice of those blocks; null: any */
  seed: number | null
}

/** For tests. */
export interface DoctorTools {
  connect?: Connect
  nowMs?: () => number
  freeBytes?: (path: string) => number
}

const STORE_CHECKS = [
  ...['Guards', 'Audit trail', 'Votes', 'Payments', 'Ledger', 'Figures', 'Alerts', 'Backups'],
  ...['Stored events', 'Gaps', 'Results', 'Clock'],
]
const CHAIN_CHECKS = ['Endpoints', 'Clock against the chain', 'Block hashes', 'Store against the chain'] as const

/**
 * Examines a data folder, read-only and beside a Granary that is running: both databases and the rules that they keep on their own, the
 * books record by record, backups, every stored chunk, gaps, results, rights, space, the clock; and against the chain: each endpoint, the kept hashes, and a random sample of stored blocks.
 * What can't be read is a problem in the report, with its way out; without a network those checks are `unknown` with the reason.
 * Rejects with AppError cancelled only.
 */
export async function examine(input: DoctorInput, context: JobContext, tools: DoctorTools = {}): Promise<DoctorReport> {
  const nowMs = tools.nowMs ?? Date.now
  const signal = context.signal ?? new AbortController().signal
  const checks: DoctorCheck[] = []
  const total = 6 + STORE_CHECKS.length + CHAIN_CHECKS.length

  async function check(name: string, wayOut: string, work: () => Finding | Promise<Finding>): Promise<void> {
    context.onProgress?.({ fraction: Math.min(checks.length / total, 1), detail: `looks at: ${name.toLowerCase()}`, secondsLeft: null })
    // so that a request to stop is heard between two checks
    await new Promise(resolve => setImmediate(resolve))
    if (signal.aborted) throw new AppError('cancelled', 'Stopped on request.')
    checks.push({ name, ...(await patiently(work, wayOut, signal)) })
  }
  const report = (): DoctorReport => ({ ts: Math.floor(nowMs() / 1000), checks })

  const { dataDir } = input
  const noStore = whyNoStore(dataDir)
  if (noStore) {
    checks.push({ name: 'Data folder', ...noStore })
    return report()
  }
  await check('Books', MEND_BOOKS, () => checkDatabase(dataDir, 'books'))
  await check('Chain data', MEND_FACTS, () => checkDatabase(dataDir, 'facts'))
  await check('Formats', MEND_FACTS, () => checkFormats(dataDir))
  await check('Permissions', 'Look at the rights of the data folder.', () => checkPermissions(dataDir))
  await check('Disk space', 'Look at the disk that the data folder is on.', () => checkSpace(dataDir, tools.freeBytes))
  await check('Crash reports', 'Look at the rights of the folder logs in the data folder.', () => checkCrashes(dataDir))

  let store: Store | null = null
  try {
    store = openStore(dataDir, { mode: 'read', nowMs })
  } catch (cause) {
    // which of the two is missing, and what to do about it, is said above once
    const isWhole = ['books.db', 'facts.db'].every(name => existsSync(join(dataDir, name)))
    const why = isWhole ? toAppError(cause).message : 'One of its two databases is missing.'
    for (const name of STORE_CHECKS) checks.push({ name, ...unknown(`The store can’t be opened: ${why}`, 'Put that right first.') })
  }
  try {
    if (store) await examineStore(store, check)
    await examineChain(input, store, { connect: tools.connect ?? connectChain, nowMs, context, signal, check, checks })
  } catch (cause) {
    // a call that was cut off by it may have failed in its own way
    if (signal.aborted) throw new AppError('cancelled', 'Stopped on request.', { cause })
    throw cause
  } finally {
    store?.close()
  }
  return report()
}

/** What stands in the place of a data folder; null where there is one, with a store or a part of it. */
function whyNoStore(dataDir: string): Finding | null {
  const found = statSync(dataDir, { throwIfNoEntry: false })
  const newOne = 'or sync or import something first, which makes it.'
  if (!found) return problem(`There is no folder ${dataDir}.`, `Name the right one with --data; ${newOne}`)
  if (!found.isDirectory()) return problem(`${dataDir} is a file, and no data folder.`, 'Name the right folder with --data.')
  if (existsSync(join(dataDir, 'books.db')) || existsSync(join(dataDir, 'facts.db'))) return null
  return problem(
    `There is no store in ${dataDir}: neither books.db nor facts.db.`,
    `Name the right folder with --data; bring a lost store back from a backup (granary restore FILE); ${newOne}`,
  )
}

const MEND_FACTS = 'Close Granary and move facts.db in the data folder aside; then sync or import again. The books are not touched by that.'
const MEND_BOOKS =
  'Restore a backup (granary restore FILE), or close Granary and put a copy from the folder "backups" in the data folder in the place of books.db.'

type Check = (name: string, wayOut: string, work: () => Finding | Promise<Finding>) => Promise<void>

async function examineStore(store: Store, check: Check): Promise<void> {
  await check('Guards', MEND_BOOKS, () => checkGuards(store))
  await check('Audit trail', MEND_BOOKS, () => checkAudit(store))
  await check('Votes', MEND_BOOKS, async () => recordsFinding(await examineVotes(store), MEND_BOOKS))
  await check('Payments', MEND_BOOKS, async () => recordsFinding(await examinePayments(store), MEND_BOOKS))
  await check('Ledger', MEND_BOOKS, () => checkBooks(store))
  await check('Figures', MEND_BOOKS, () => checkFigures(store))
  await check('Alerts', MEND_BOOKS, () => checkAlerts(store))
  await check('Backups', 'Look at Settings, Backup.', () => checkBackups(store))
  let found: ReturnType<typeof gapsOf> | null = null
  await check('Stored events', MEND_FACTS, () => {
    found = gapsOf(store)
    const chunks = checkChunks(found.gaps, found.periods)
    return (chunks.state === 'ok' ? checkStarts(store) : null) ?? chunks
  })
  await check('Gaps', MEND_FACTS, () => (found ? checkGaps(found.gaps, found.periods) : unknown('The stored events can’t be read.')))
  await check('Results', MEND_FACTS, () => checkResults(store))
  await check('Clock', 'Look at the clock of this machine.', () => checkClock(store))
}

interface ChainTools {
  context: JobContext
  connect: Connect
  nowMs: () => number
  signal: AbortSignal
  check: Check
  checks: DoctorCheck[]
}

async function examineChain(input: DoctorInput, store: Store | null, tools: ChainTools): Promise<void> {
  const { network } = input
  const { connect, nowMs, context, signal, check, checks } = tools
  const cannot = (names: readonly string[], why: string, wayOut: string): void => {
    for (const name of names) checks.push({ name, ...unknown(why, wayOut) })
  }
  if (!network) return cannot(CHAIN_CHECKS, input.noNetwork, '')
  if (network.endpoints.length === 0)
    return cannot(CHAIN_CHECKS, `Network ${network.name} has no endpoint.`, 'Add one (Settings, Networks).')
  const genesis = readOr(() => store && pinnedChain(store)?.genesis, null) ?? network.genesis
  const specs = readOr(() => knownSpecs(store), [])
  const found = await Promise.all(network.endpoints.map(url => examineEndpoint(connect, url, genesis, specs, signal)))
  const usable = found.filter(endpoint => endpoint.usable)
  // when none answers it is more likely that this machine is offline than that all of them are gone
  for (const { url, finding, isAway } of found)
    checks.push({ name: `Endpoint ${url}`, ...(isAway && usable.length === 0 ? unknown(finding.detail, finding.wayOut) : finding) })
  if (usable.length === 0)
    return cannot(CHAIN_CHECKS.slice(1), `No endpoint of ${network.name} can be asked now.`, 'Examine again when you are online.')

  const isLocal = usable.every(({ url }) => url.startsWith('ws:'))
  const headTs = Math.max(...usable.map(endpoint => endpoint.headTs ?? 0))
  await check('Clock against the chain', '', () => checkChainClock(Math.floor(nowMs() / 1000), headTs, isLocal))
  if (!store) return cannot(CHAIN_CHECKS.slice(2), 'The store can’t be opened.', 'Put that right first.')
  const opened = store
  const endpoints = usable.map(({ url }) => url)
  const chain = await connect({ endpoints, genesis, signal }).catch((cause: unknown) => toAppError(cause))
  if (chain instanceof AppError) {
    if (signal.aborted) throw chain
    return cannot(CHAIN_CHECKS.slice(2), chain.message, 'Examine again when you are online.')
  }
  try {
    await check('Block hashes', MEND_FACTS, () => checkHashes(opened, chain, network.name, signal))
    await check('Store against the chain', MEND_FACTS, () => {
      if (input.sample === 0) return unknown('Not asked for (--sample 0).')
      const seed = input.seed ?? randomInt(2 ** 31)
      const onProgress = (done: number, of: number) =>
        context.onProgress?.({ fraction: done / of, detail: `compares block ${done} of ${of}`, secondsLeft: null })
      return compareSample(opened, chain, { count: input.sample, seed, onProgress }, signal)
    })
  } finally {
    await chain.close()
  }
}

/** What helps a check but is none itself: that it can't be read is found by the checks of the store. */
function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}

/** Asks again what a sync that writes at the same time got in the way of; what can't be read is a problem, what can't be reached not. */
async function patiently(work: () => Finding | Promise<Finding>, wayOut: string, signal: AbortSignal): Promise<Finding> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (cause) {
      const error = toAppError(cause)
      if (signal.aborted || error.code === 'cancelled') throw error
      if (error.code === 'store.busy' && attempt < 4) continue
      if (error.code === 'store.busy') return unknown(error.message, 'Examine again, or pause the sync for it.')
      if (error.code === 'chain.offline' || error.code === 'chain.busy') return unknown(error.message, 'Examine again when you are online.')
      return problem(error.message, wayOut)
    }
  }
}
