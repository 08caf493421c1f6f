import { join } from 'node:path'
import { type Actor, type CommandName, type Core, commands, type QueryName, queries, type Status } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { isTreasuryCommand, isTreasuryQuery } from '../../src-shared/treasury/table.ts'
import { signDaily } from '../jobs/audit-heads.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { keepHours } from '../jobs/ledger-hours.ts'
import type { SafeStorage } from '../signing/safe-storage.ts'
import { pinnedChain } from '../store/chain.ts'
import { listPeriods, loadSettings, openStore, type Store, saveLabel, saveSettings } from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { createAlerts, isAlertCommand } from './alerts/alerts.ts'
import { createBackups, isBackupCommand, withoutPassphrase } from './backup.ts'
import { isChainCommand, openChainRoom } from './chain-calls.ts'
import { createChainCurves } from './chain-curves.ts'
import { createChainJobs } from './chain-jobs.ts'
import { createComparisons } from './compare.ts'
import { createComputing } from './computing.ts'
import { openDaoRoom } from './dao.ts'
import { openDemo } from './demo-store.ts'
import { createDesk, isDeskCommand } from './desk.ts'
import { createExaminations } from './doctor.ts'
import { createExports, isExportCommand } from './exports.ts'
import { createFollow, isFollowCommand } from './follow.ts'
import { createHelp } from './help.ts'
import { type ImportSources, importCommand, isImportCommand } from './imports.ts'
import { createJobRunner } from './jobs.ts'
import { createKeys, isKeyCommand } from './keys.ts'
import { signLeaving } from './leaving.ts'
import { type Log, noLog } from './log.ts'
import { createLogs, isLogCommand } from './logs.ts'
import { actOnMint, setMintConfig } from './mint-commands.ts'
import { createMintView } from './mint-view.ts'
import { chainEndpoints, findNetwork, listNetworks, readKnownNetworks } from './networks.ts'
import { onceOf } from './once.ts'
import { createPayAnswers } from './pay.ts'
import { createPayJobs } from './pay-jobs.ts'
import { isPayCommand, type PayRoom } from './pay-room.ts'
import { createQueries, type OwnQuery } from './queries.ts'
import { createReviewAnswers } from './reviews.ts'
import { runTaskHere } from './tasks.ts'
import { createTopics } from './topics.ts'
import type { RestAccess } from './treasury/access-tokens.ts'
import { createTreasury } from './treasury/treasury.ts'
import { createUploads, type Uploads } from './uploads.ts'
import { createVault } from './vault.ts'
import { readVaultAsJob } from './vault-jobs.ts'
import { createView } from './view.ts'
import { isVoteCommand, settleVotes, voteCommand } from './vote-commands.ts'
import { createVoteReviews } from './vote-reviews.ts'
import { createVoteAnswers, openVoteRoom } from './votes.ts'

/** Between two steps of reading ahead. */
const WARM_PAUSE_MS = 20
/** After the start, when the first screen has what it needs. */
const MINTS_AFTER_MS = 1_000
/** The audit trail's head: when it is looked whether one was signed today. */
const SIGN_AFTER_MS = 3_000
const SIGN_EVERY_MS = 3_600_000

export interface CoreOptions {
  dataDir: string
  host: Status['host']
  version: string
  /** folder with the embedded demo's archives; null: no demo */
  demoDir: string | null
  /** `read` works beside a running instance and refuses commands */
  mode: 'read' | 'write'
  /** the list of networks that comes with Granary; null: only the user's own */
  networksFile: string | null
  /** folder with the topics of the help; absent: the help is empty */
  helpDir?: string
  /** absent: everything runs on this thread */
  runTask?: TaskRunner
  /** the operating system's, a second layer around the vault's keys; absent: the host has none */
  safeStorage?: SafeStorage
  /** how much a passphrase is stretched (see newStretching); absent: as it has to be. For tests */
  stretchLogN?: number
  nowTs?: () => number
  /** where starts, jobs and failures are written; absent: nowhere */
  log?: Log
  /** between two rounds of a payout, milliseconds; absent: about as long as Stellar takes for a ledger */
  ledgerMs?: number
}

/** The core as the host has it that opened it, pages and all. */
export interface HostCore extends Core {
  /** what serving the REST door takes */
  rest: RestAccess
  /** Runs what scheduled jobs have due now, and looks for alerts: for whoever sets the clock (nowTs). By itself it looks every 15 s, and every minute */
  runDue(): Promise<void>
}

/**
 * Opens the data folder and answers the contract. Until the user has imported something, the embedded demo is shown from a store of
 * its own (`demo` below the data folder), so that it can never mix with real data.
 * Throws AppError store.busy (another instance writes), store.*, io.*.
 */
export async function openCore(options: CoreOptions): Promise<HostCore> {
  const nowTs = options.nowTs ?? (() => Math.floor(Date.now() / 1000))
  const runTask: TaskRunner = options.runTask ?? runTaskHere
  const topics = createTopics()
  const real = openStore(options.dataDir, { mode: options.mode, ...(options.nowTs ? { nowMs: () => nowTs() * 1000 } : {}) })
  let demo: Store | null = null
  let closed = false
  const log = options.log ?? noLog
  const jobs = createJobRunner(() => topics.changed('jobs'), nowTs, log)
  let uploads: Uploads | null = null

  const hasReal = () => listPeriods(real).length > 0
  const settings = () => loadSettings(real)
  const known = options.networksFile === null ? [] : readKnownNetworks(options.networksFile)
  const view = createView(
    () => {
      if (hasReal()) return { store: real, demo: false }
      const live = follow.liveDemo.current()?.store
      if (live && listPeriods(live).length > 0) return { store: live, demo: true }
      return demo ? { store: demo, demo: true } : { store: real, demo: false }
    },
    () => settings().resources,
    network => loadMintConfig(real, network),
  )
  const computing = createComputing({
    ...{ books: real, view, settings, jobs, runTask, changed: topics.changed },
    mints: () => mints,
    votes: () => votes,
    isClosed: () => closed,
  })
  const follow = createFollow({
    ...{ books: real, known, view, computing, settings, jobs, runTask, changed: topics.changed },
    isClosed: () => closed,
  })
  const { sync } = follow
  const mints = createMintView({ active: view.active, books: real, followed: () => sync().config?.network ?? null })
  const vault = createVault({
    books: real,
    known,
    facts: () => view.active().store,
    network: mints.network,
    decisions: () => [...mints.decisions().values()].flat(),
    decisionsVersion: mints.version,
  })
  const keys = createKeys({
    books: real,
    changed: topics.changed,
    safeStorage: options.safeStorage ?? null,
    stretchLogN: options.stretchLogN,
  })
  const treasury = createTreasury({
    ...{ books: real, keys, changed: topics.changed, network: mints.network },
    stretchLogN: options.stretchLogN,
  })
  const votes = openVoteRoom({
    books: real,
    mints,
    keys,
    genesisOf: network => {
      const chain = pinnedChain(real)
      return chain?.network === network ? chain.genesis : (listNetworks(known, real).find(({ name }) => name === network)?.genesis ?? null)
    },
  })
  const payJobs = createPayJobs({
    books: real,
    room: () => pay,
    jobs,
    changed: () => topics.changed('pay', 'mints', 'vault', 'audit', 'votes'),
    uploads: uploadsOrThrow,
    isClosed: () => closed,
  })
  const pay: PayRoom = {
    books: real,
    mints,
    known,
    keys,
    votes,
    jobOf: payJobs.jobOf,
    plans: new Map(),
    ledgerMs: options.ledgerMs,
  }
  const chainRoom = openChainRoom({
    books: real,
    facts: () => view.active().store,
    network: mints.network,
    endpointsOf: name => chainEndpoints(findNetwork(known, real, name)),
    keys,
    changed: topics.changed,
  })
  const chainJobs = createChainJobs(chainRoom, real, jobs.start)
  const daoRoom = openDaoRoom({
    books: real,
    chain: chainRoom,
    network: mints.network,
    myFarms: () => settings().myFarms,
    changed: topics.changed,
  })
  const comparisons = createComparisons({
    store: () => view.active().store,
    books: real,
    resources: () => settings().resources,
    runTask,
    start: jobs.start,
  })
  const desk = createDesk({
    ...{ store: () => view.active().store, books: real, known, keys, madeBy: options.version, runTask, start: jobs.start },
    resources: () => settings().resources,
    changed: () => topics.changed('jobs', 'audit'),
  })
  const exported = createExports({
    books: real,
    facts: () => view.active().store,
    runTask,
    start: jobs.start,
    changed: topics.changed,
    folder: join(real.dataDir, 'exports'),
  })
  const voteAnswers = createVoteAnswers(votes)
  const alerts = createAlerts({
    ...{ books: real, view, settings, sync, mints, votes: voteAnswers, secrets: keys.secrets },
    ...{ changed: topics.changed, subscribe: topics.subscribe },
  })
  const backups = createBackups({
    ...{ books: real, runTask, start: jobs.start, changed: topics.changed },
    ...{ version: options.version, stretchLogN: options.stretchLogN },
  })
  const examinations = createExaminations({ books: real, known, runTask, start: jobs.start, changed: () => topics.changed('sync') })
  const logs = createLogs(real.dataDir, log, () => topics.changed('logs'))
  const importing: ImportSources = {
    ...{ books: real, jobs, runTask, computing, changed: topics.changed },
    readAgain() {
      view.forget()
      warmSoon()
    },
  }
  const answer = createQueries({
    view,
    mints,
    settings,
    books: real,
    jobs: jobs.list,
    networks: () => listNetworks(known, real),
    sync,
    ask: (task, input, signal) => runTask(task, input, signal ? { signal } : {}) as never,
    doctor: examinations.last,
    compared: comparisons.answers,
    desk: desk.answers,
    help: createHelp(options.helpDir ?? null),
    vault: vault.answers,
    keys,
    votes: voteAnswers,
    alerts: alerts.answers,
    logs: logs.answers,
    chain: chainRoom.answers,
    chainCurves: createChainCurves({
      ...{ books: real, network: mints.network, endpointsOf: name => chainEndpoints(findNetwork(known, real, name)) },
      ask: (input, signal) => runTask('chain-curves', input, signal ? { signal } : {}) as never,
      ...{ changed: topics.changed, canWrite: options.mode === 'write', nowTs },
    }),
    dao: daoRoom.answers,
    pay: createPayAnswers(pay),
    exports: exported.answers,
    backups,
    reviews: createReviewAnswers(pay, createVoteReviews(votes)),
    status: () => ({ version: options.version, host: options.host, dataDir: real.dataDir, readOnly: options.mode === 'read' }),
  })

  try {
    if (options.mode === 'write') {
      uploads = createUploads(join(real.dataDir, 'uploads'))
      if (!hasReal() && options.demoDir !== null) demo = await openDemo(join(real.dataDir, 'demo'), options.demoDir, runTask)
    }
  } catch (error) {
    uploads?.close()
    real.close()
    throw toAppError(error)
  }
  const signing = setInterval(signTrail, SIGN_EVERY_MS).unref()
  setTimeout(signTrail, SIGN_AFTER_MS).unref()
  if (options.mode === 'write') {
    computing.startStale()
    follow.resume()
    chainJobs.resume()
    treasury.resume()
    void payJobs.resume()
    alerts.start()
  }
  for (const step of view.warmSteps()) step()
  // what was saved before a stop and not triggered yet; read ahead either way
  setTimeout(() => {
    try {
      computing.mintsSaved()
    } catch (error) {
      log.write('upkeep-failed', { what: 'mints', ...log.said(error) })
      // whatever is wrong with the store is told to whoever asks for its mints
    }
  }, MINTS_AFTER_MS).unref()

  /** Once a day; asked for more often, because the machine may have slept. */
  function signTrail(): void {
    if (closed || options.mode === 'read') return
    try {
      signDaily(real)
    } catch (error) {
      log.write('upkeep-failed', { what: 'audit-head', ...log.said(error) })
      // a trail or key that is not what it was is told by audit.list, the doctor and granary audit check
    }
    try {
      keepHours(real, real.now())
    } catch (error) {
      log.write('upkeep-failed', { what: 'ledger-hours', ...log.said(error) })
      // charts are counted from the ledger itself then, which takes longer
    }
  }

  /** Reads ahead while questions are answered between the steps. */
  function warmSoon([step, ...rest] = view.warmSteps()): void {
    if (!step || closed) return
    step()
    setTimeout(() => warmSoon(rest), WARM_PAUSE_MS).unref()
  }

  function uploadsOrThrow() {
    if (!uploads)
      throw new AppError('store.busy', 'This view only reads. Use the Granary that has the data folder open, or close it first.')
    return uploads
  }

  /** Each command's work inside the books' transaction gives its answer; `after` begins what must not start before that is committed. */
  function perform(name: CommandName, input: unknown, actor: Actor, key: string, signal: AbortSignal | undefined): unknown {
    const uploading = uploadsOrThrow()
    let after: () => void = () => {}
    const call = { actor: actor.id, idempotencyKey: key, command: name }
    const once = onceOf(real, { ...call, input })
    if (isTreasuryCommand(name)) return treasury.command(name, input, actor, key)
    if (isKeyCommand(name)) return keys.command(name, input, actor, key)
    if (isChainCommand(name)) return name === 'chain.submit' ? chainJobs.submit(input, once) : chainRoom.command(name, input, once, signal)
    if (name === 'dao.read') return daoRoom.read(once, signal)
    if (isVoteCommand(name))
      return voteCommand(votes, name, input, once).then(answered => {
        settleVotes(votes)
        topics.changed('votes', 'mints', 'vault', 'audit')
        return answered
      })
    if (isDeskCommand(name)) return desk.command(name, input, once, uploading)
    if (isExportCommand(name)) return exported.command(name, input, once)
    if (isBackupCommand(name)) return backups.command(name, input, onceOf(real, { ...call, input: withoutPassphrase(input) }), signal)
    if (isAlertCommand(name)) return alerts.command(name, input, actor, key)
    if (isLogCommand(name)) return logs.command(name, input)
    if (isPayCommand(name)) return payJobs.command(name, input, actor, once)
    if (isImportCommand(name)) return importCommand(importing, name, input, { uploads: uploading, actor, once })
    if (isFollowCommand(name)) return follow.command(name, input, once, signal)
    switch (name) {
      case 'jobs.cancel':
        return payJobs.stop(commands[name].in.parse(input).jobId, actor).then(() => ({}))
      case 'compare.start': {
        const given = commands[name].in.parse(input)
        const answered = once(null, () => {
          const { jobId, start } = comparisons.begin(given, uploading)
          after = start
          return { jobId }
        })
        after()
        return answered
      }
      case 'doctor.start':
        return examinations.begin(once)
      case 'node.setLabel': {
        const { nodeId, label, note } = commands[name].in.parse(input)
        const { store, demo: onDemo } = view.active()
        const answered = once(`node ${nodeId}${onDemo ? ' (demo)' : ''}`, () => {
          saveLabel(store, { nodeId, label: label.trim(), note: note.trim() })
          return {}
        })
        topics.changed('labels', 'audit')
        return answered
      }
      case 'settings.set': {
        const change = commands[name].in.parse(input)
        // how a table is sorted is kept, but is nothing to prove later
        const onlyLooks = Object.keys(change).every(member => member === 'ui')
        const answered = once(onlyLooks ? null : 'settings', () => {
          saveSettings(real, change)
          return {}
        })
        if (change.resources !== undefined) {
          view.forget()
          computing.startStale()
        }
        topics.changed('settings', 'audit')
        return answered
      }
      case 'mintConfig.set': {
        const answered = setMintConfig(mints, commands[name].in.parse(input).config, once)
        // the other rule set judges the nodes from here
        view.forget()
        topics.changed('mints', 'vault', 'audit', 'results')
        computing.startNodeRuns(view.active().store)
        computing.mintsSaved()
        return answered
      }
      case 'mints.act': {
        const answered = actOnMint(mints, commands[name].in.parse(input), actor, once)
        // after a failed payment votes on the next attempt may be here already
        settleVotes(votes)
        topics.changed('mints', 'vault', 'audit', 'votes')
        return answered
      }
      case 'vault.read': {
        const changed = () => topics.changed('vault', 'audit')
        return readVaultAsJob({ books: real, known, vault, network: mints.network, start: jobs.start, changed }, input, actor, once)
      }
      case 'vault.addTransfer':
      case 'vault.importTransfers':
      case 'vault.removeTransfer':
      case 'vault.takeOver': {
        const { subject, work } = vault.change(name, input)
        const answered = once(subject, work)
        topics.changed('vault', 'audit')
        return answered
      }
    }
    // one of the contract's that nobody carries out is an error of the types
    throw new AppError('usage', `There is no command "${name satisfies never}".`)
  }

  return {
    async query(name, input, context) {
      context?.signal?.throwIfAborted()
      const table: Record<QueryName, unknown> = queries
      if (!(name in table)) throw new AppError('usage', `There is no query "${name}".`)
      try {
        if (isTreasuryQuery(name)) return signLeaving(real, treasury.query(name, input, context?.actor)) as never
        const parsed = queries[name].in.parse(input)
        for (let attempt = 1; ; attempt++) {
          try {
            return signLeaving(real, await answer(name as OwnQuery, parsed as never, context?.signal)) as never
          } catch (error) {
            // the sync wrote to what was being read: what is there now answers
            if (toAppError(error).code !== 'store.busy' || attempt === 3) throw error
            view.forget()
          }
        }
      } catch (error) {
        throw toAppError(error)
      }
    },
    async command(name, input, { actor, idempotencyKey, signal }) {
      signal?.throwIfAborted()
      try {
        return signLeaving(real, await perform(name, input, actor, idempotencyKey, signal)) as never
      } catch (error) {
        throw toAppError(error)
      }
    },
    rest: treasury.rest,
    async runDue() {
      backups.runDue()
      await treasury.runDue()
      await alerts.look()
    },
    subscribe: topics.subscribe,
    async close() {
      if (closed) return
      clearInterval(signing)
      backups.close()
      await alerts.close()
      keys.lock()
      await treasury.close()
      follow.end()
      await jobs.close()
      closed = true
      follow.liveDemo.close()
      topics.close()
      uploads?.close()
      exported.close()
      demo?.close()
      real.close()
    },
  }
}
