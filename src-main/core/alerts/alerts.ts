import type { z } from 'zod'
import type { AlertKind, AlertRule } from '../../../src-shared/alerts.ts'
import { alertCommands, type alertQueries } from '../../../src-shared/alerts-contract.ts'
import type { Actor, CommandName, QueryOutput, Topic } from '../../../src-shared/contract.ts'
import { toAppError } from '../../../src-shared/errors.ts'
import { coverOf, decideAlerts, isBeyond, type KnownAlert, keyOf, type Observation } from '../../engines/alerts/decide.ts'
import { decideTellings } from '../../engines/alerts/telling.ts'
import {
  endAlert,
  hasAlertCause,
  holdNews,
  keepTelling,
  loadAlertRules,
  loadLatestAlert,
  loadOpenAlerts,
  loadUntold,
  openAlert,
} from '../../store/alerts.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import type { SealedSecrets } from '../sealed-secrets.ts'
import { alertAnswers } from './answers.ts'
import { alertCommand } from './commands.ts'
import { type AlertPart, type AlertSources, alertParts, createGatherer } from './gather.ts'
import { loadQuiet } from './settings.ts'
import { createWebhook } from './webhook.ts'

type AlertQuery = keyof typeof alertQueries
export type AlertCommand = keyof typeof alertCommands
export type AlertAnswers = { [N in AlertQuery]: (input: z.output<(typeof alertQueries)[N]['in']>) => QueryOutput<N> }

export interface AlertsOptions extends AlertSources {
  secrets: SealedSecrets
  changed: (...topics: Topic[]) => void
  /** what changed, as it is told to pages */
  subscribe: (listener: (topics: Topic[]) => void) => () => void
}

export interface Alerts {
  answers: AlertAnswers
  /** Rejects with AppError usage, keys.passphrase, store.*, io.*. */
  command(name: AlertCommand, input: unknown, actor: Actor, idempotencyKey: string): Promise<unknown>
  /** looks from here on by itself: after what changes something, and by the clock */
  start(): void
  /** looks at everything now, and sends what is due; resolves when that is done */
  look(): Promise<void>
  close(): Promise<void>
}

/** What is looked at after which change. */
const partsOf: Partial<Record<Topic, readonly AlertPart[]>> = {
  results: ['grid', 'mints'],
  settings: ['grid', 'mints'],
  sync: ['sync', 'grid'],
  mints: ['mints', 'votes'],
  votes: ['votes'],
  keys: ['votes'],
  pay: ['runs'],
  chain: ['runs'],
  treasury: ['treasury'],
}
/** What the clock alone changes. */
const byClock: readonly AlertPart[] = ['sync', 'runs']

/** After the start the first screen comes first. */
const FIRST_MS = 4_000
const CLOCK_MS = 60_000
/** Between two looks, and how many times as long as the last one took: a large grid is looked at more rarely. */
const LEAST_PAUSE_MS = 3_000
const PAUSE_FACTOR = 50

export function isAlertCommand(name: CommandName): name is AlertCommand {
  return name in alertCommands
}

/**
 * Alerts: looks at what is watched, opens and ends alerts, and tells people and the webhook. What opened, ended and was told is on the disk together, so a
 * crash tells nothing twice and forgets nothing.
 */
export function createAlerts({ secrets, changed, subscribe, ...sources }: AlertsOptions): Alerts {
  const { books } = sources
  const gatherer = createGatherer(sources)
  const webhook = createWebhook(books, secrets, () => changed('alerts'))
  const due = new Set<AlertPart>()
  let problem: string | null = null
  let lookedTs: number | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let clock: ReturnType<typeof setInterval> | null = null
  let running: Promise<void> | null = null
  let nextMs = 0
  let closed = false
  let stopListening = () => {}

  function plan(afterMs: number): void {
    if (timer !== null || closed || clock === null) return
    timer = setTimeout(
      () => {
        timer = null
        void lookAtDue()
      },
      Math.max(afterMs, nextMs - performance.now()),
    ).unref()
  }

  function lookAtDue(): Promise<void> {
    running ??= lookNow().finally(() => {
      running = null
      if (due.size > 0) plan(LEAST_PAUSE_MS)
    })
    return running
  }

  async function lookNow(): Promise<void> {
    const parts = [...due]
    due.clear()
    const before = problem
    const startedMs = performance.now()
    problem = null
    const seen: { observations: Observation[]; whole: Map<AlertKind, 'over' | 'unwatched'> } = { observations: [], whole: new Map() }
    for (const part of parts) {
      try {
        const { observations, whole } = await gatherer.look(part)
        seen.observations.push(...observations)
        for (const [kind, end] of whole) seen.whole.set(kind, end)
      } catch (error) {
        // the others are looked at all the same; the page tells what could not be
        problem = toAppError(error).message
      }
      if (closed) return
    }
    try {
      if (settle(books, seen, webhook.enqueue) || problem !== before || lookedTs === null) changed('alerts')
      lookedTs = books.now()
      nextMs = performance.now() + Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * (performance.now() - startedMs))
    } catch (error) {
      // nothing of it was kept: the next look finds the same
      problem = toAppError(error).message
      if (problem !== before && !closed) changed('alerts')
      return
    }
    // a program that does not answer must not hold up the next look
    void deliver()
  }

  async function deliver(): Promise<void> {
    try {
      await webhook.deliver()
    } catch (error) {
      // what could not be noted is sent again with the same id
      problem = toAppError(error).message
      if (!closed) changed('alerts')
    }
  }

  return {
    answers: alertAnswers({ books, secrets, standing: () => ({ ...gatherer.watching(), problem, lookedTs }) }),
    async command(name, input, actor, idempotencyKey) {
      const answered = await alertCommand({ books, secrets }, name, input, actor, idempotencyKey)
      // a rule that was changed may open or end something at once
      for (const part of alertParts) due.add(part)
      changed('alerts', 'audit')
      plan(0)
      return answered
    },
    start() {
      stopListening = subscribe(topics => {
        for (const part of topics.flatMap(topic => partsOf[topic] ?? [])) due.add(part)
        if (due.size > 0) plan(LEAST_PAUSE_MS)
      })
      clock = setInterval(() => {
        for (const part of byClock) due.add(part)
        plan(0)
      }, CLOCK_MS).unref()
      for (const part of alertParts) due.add(part)
      nextMs = performance.now() + FIRST_MS
      plan(FIRST_MS)
    },
    async look() {
      await running
      for (const part of alertParts) due.add(part)
      await lookAtDue()
      await deliver()
    },
    async close() {
      closed = true
      stopListening()
      if (clock !== null) clearInterval(clock)
      if (timer !== null) clearTimeout(timer)
      await Promise.all([webhook.close(), running])
    },
  }
}

/** Opens, ends and tells in one transaction; gives whether anything changed. Throws AppError store.*, io.*. */
export function settle(books: Store, seen: Parameters<typeof decideAlerts>[0], enqueue: (seq: number, nowTs: number) => void): boolean {
  const nowTs = books.now()
  const rules = loadAlertRules(books)
  const decided = decideAlerts(
    seen,
    { rules, alerts: knownAlerts(books, rules, seen.observations), hasCause: cause => hasAlertCause(books, cause) },
    nowTs,
  )
  const quiet = loadQuiet(books)
  const isNews = decided.opens.length > 0 || decided.ends.length > 0
  if (!isNews) {
    const { messages, held } = decideTellings(loadUntold(books), quiet, nowTs)
    if (messages.length === 0 && held.every(({ isHeld }) => isHeld)) return false
  }
  writeTransaction(books.books, 'books.db', () => {
    // a subject has one open alert of a kind: what ends makes room for its next episode
    for (const ending of decided.ends) endAlert(books, ending, nowTs)
    for (const opening of decided.opens) openAlert(books, opening, nowTs)
    const { messages, held } = decideTellings(loadUntold(books), quiet, nowTs)
    holdNews(books, held)
    for (const message of messages) enqueue(keepTelling(books, message, nowTs), nowTs)
  })
  return true
}

/** The open alerts, and the latest of every subject that might open one. */
function knownAlerts(books: Store, rules: ReadonlyMap<AlertKind, AlertRule>, observations: readonly Observation[]): KnownAlert[] {
  const open = loadOpenAlerts(books)
  const found = new Set(open.map(keyOf))
  const known = [...open]
  for (const observation of observations) {
    const { kind, value } = observation
    const rule = rules.get(kind)
    if (!rule || value === null || found.has(keyOf(observation)) || !isBeyond(rule, value, false)) continue
    found.add(keyOf(observation))
    const latest = loadLatestAlert(books, observation)
    if (latest) known.push(latest)
    const cover = coverOf(observation)
    if (!cover || found.has(keyOf(cover))) continue
    found.add(keyOf(cover))
    const covering = loadLatestAlert(books, cover)
    if (covering) known.push(covering)
  }
  return known
}
