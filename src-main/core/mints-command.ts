import { randomUUID } from 'node:crypto'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { Explanation } from '../../src-shared/mint.ts'
import { type MintActionInput, type MintRow, type MintRowStage, mintQueries } from '../../src-shared/mints-contract.ts'
import type { MintConfig, MintStage } from '../../src-shared/node-period.ts'
import { computeNodeRuns, staleRuns } from '../jobs/node-runs.ts'
import { openStore, type Store } from '../store/index.ts'
import { nodeMintByHash } from '../store/node-mints.ts'
import { actOnMint, setMintConfig, triggerSaved } from './mint-commands.ts'
import { createMintAnswers, type MintAnswers } from './mint-queries.ts'
import { createMintView, type MintView } from './mint-view.ts'
import { type Once, onceOf } from './once.ts'
import { keptSync } from './sync.ts'

/*
 * Mints for the command line: the same answers and commands as in the app, on a data folder that this process opens. Node periods that are
 * not worked out yet are worked out first; beside a running Granary, which has the folder's lock, what it has worked out is read.
 */

/** Which mints; no member, no filter. */
export interface MintsWanted {
  nodeId?: number | undefined
  farmId?: number | undefined
  stage?: MintRowStage | undefined
}

export type MintList = QueryOutput<'mints.list'>
/** `explanation` is null for a mint that the data doesn't give any more. */
export type MintShown = QueryOutput<'mint.get'> & { explanation: Explanation | null }
export type MintConfigShown = QueryOutput<'mintConfig.get'>

interface Opened {
  store: Store
  view: MintView
  answers: MintAnswers
}

/** Every mint that fits, what can be claimed first. Throws AppError mint.*, store.*, io.*. */
export function listMints(dataDir: string, wanted: MintsWanted): MintList {
  return reading(dataDir, ({ answers }) => allMints(answers, wanted))
}

/** One mint, by its id or its beginning, with why it is what it is. Throws AppError not-found, usage (several fit), mint.*, store.*. */
export function showMint(dataDir: string, id: string): MintShown {
  return reading(dataDir, ({ store, view, answers }) => {
    const { nodeId, startTs: start } = listedOfId(store, view, id)
    const shown = answers['mint.get']({ nodeId, start })
    return { ...shown, explanation: shown.row.isGone ? null : answers['mint.explain']({ nodeId, start }) }
  })
}

export function showMintConfig(dataDir: string): MintConfigShown {
  return reading(dataDir, ({ answers }) => answers['mintConfig.get']({}))
}

/** Changes members of the configuration of the folder's network. Throws AppError usage (with details.field), store.*. */
export function changeMintConfig(dataDir: string, actor: string, change: (config: MintConfig) => MintConfig): MintConfigShown {
  return writing(dataDir, ({ store, view, answers }) => {
    const config = change(view.config())
    setMintConfig(view, config, commandOf(store, actor, 'mintConfig.set', { config }))
    computeNodeRuns(store, view.rules())
    triggerSaved(view)
    return answers['mintConfig.get']({})
  })
}

/** What became of one mint that was acted on. */
export interface MintActed {
  row: MintRow
  stage: MintStage
}

/**
 * Does the same about each mint, in order, each in the audit trail; what was done before a refusal stays, and `onDone` was told of it.
 * `of`: ids or their beginnings, or which of those that can be claimed. Throws AppError mint.refused, not-found, usage, store.*.
 */
export function actOnMints(
  dataDir: string,
  actor: string,
  of: string[] | MintsWanted,
  action: (shown: QueryOutput<'mint.get'>) => MintActionInput,
  onDone: (done: MintActed) => void,
): MintActed[] {
  return writing(dataDir, ({ store, view, answers }) => {
    const keys = Array.isArray(of)
      ? of.map(id => listedOfId(store, view, id)).map(({ nodeId, startTs }) => ({ nodeId, start: startTs }))
      : allMints(answers, of)
          .rows.filter(({ stage }) => stage === 'claimable' || stage === 'failed')
          .map(({ nodeId, start }) => ({ nodeId, start }))
    return keys.map(key => {
      const shown = answers['mint.get'](key)
      const input = { ...key, mintId: shown.row.id, action: action(shown) }
      const { stage } = actOnMint(view, input, { id: actor }, commandOf(store, actor, 'mints.act', input))
      const done = { row: answers['mint.get'](key).row, stage }
      onDone(done)
      return done
    })
  })
}

function commandOf(store: Store, actor: string, command: string, input: unknown): Once {
  return onceOf(store, { actor, idempotencyKey: randomUUID(), command, input })
}

/** A mint by its id or the beginning of it. Throws AppError usage, not-found. */
export function mintOfId(store: Store, id: string) {
  return theOne(id, text => nodeMintByHash(store, text))
}

/** The same, also one that was decided and that the data doesn't give any more. */
function listedOfId(store: Store, view: MintView, id: string): { nodeId: number; startTs: number } {
  return theOne(id, text => [...nodeMintByHash(store, text), ...view.gone().filter(({ hash }) => hash.startsWith(text))])
}

function theOne<T>(id: string, find: (text: string) => T[]): T {
  const text = id.trim().toLowerCase()
  if (!/^[0-9a-f]{4,64}$/.test(text))
    throw new AppError('usage', `"${id}" is no mint's id: give its 64 hex digits or the first 4 or more. granary mints list names them.`)
  const [found, second] = find(text)
  if (!found) throw new AppError('not-found', `No mint's id begins with ${text}. granary mints list names them.`)
  if (second) throw new AppError('usage', `The ids of several mints begin with ${text}. Give more of it.`)
  return found
}

const PAGE = 1_000

function allMints(answers: MintAnswers, wanted: MintsWanted): MintList {
  const ask = (offset: number): MintList => answers['mints.list'](mintQueries['mints.list'].in.parse({ ...wanted, offset, limit: PAGE }))
  const list = ask(0)
  while (list.rows.length < list.total) list.rows.push(...ask(list.rows.length).rows)
  return list
}

function reading<T>(dataDir: string, work: (opened: Opened) => T): T {
  const first = openStore(dataDir, { mode: 'read' })
  try {
    const opened = open(first)
    if (staleRuns(first, opened.view.rules()).length === 0) return work(opened)
  } finally {
    first.close()
  }
  try {
    return writing(dataDir, work)
  } catch (error) {
    if (toAppError(error).code !== 'store.busy') throw error
  }
  const beside = openStore(dataDir, { mode: 'read' })
  try {
    return work(open(beside))
  } finally {
    beside.close()
  }
}

function writing<T>(dataDir: string, work: (opened: Opened) => T): T {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    const opened = open(store)
    computeNodeRuns(store, opened.view.rules())
    triggerSaved(opened.view)
    return work(opened)
  } finally {
    store.close()
  }
}

function open(store: Store): Opened {
  const view = createMintView({
    active: () => ({ store, demo: false }),
    books: store,
    followed: () => keptSync(store)?.config.network ?? null,
  })
  return { store, view, answers: createMintAnswers(view) }
}
