import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { MAX_UNITS } from '../../../src-shared/money.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { type AnalystAnswer, askAnalyst } from '../../clients/analyst/ask.ts'
import { type AnalystRequest, type ApplicationFacts, analystRequest } from '../../clients/analyst/request.ts'
import { isThisMachine } from '../../clients/http.ts'
import { type Advice, type CreditTerms, decideApplication, readAdvice, stepApplication } from '../../engines/credit/application.ts'
import { appendAudit } from '../../store/audit.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import {
  endAsking,
  findApplication,
  insertAsking,
  isEndpointAllowed,
  listAnalysing,
  type StoredApplication,
  saveDecision,
} from '../../store/treasury-credit.ts'
import type { SealedSecrets, SecretState } from '../sealed-secrets.ts'
import { loadTreasuryConfig } from './configuration.ts'
import { trustTermsOf } from './trust.ts'

/** The longest answer that is read, bytes: it is kept in the books. */
const MAX_ANSWER = 200_000
/** Who decided, as the audit trail names it. */
const ACTOR = 'credit'

export const applicationName = (number: number) => `app-${number}`

export type AnalystSecrets = Pick<SealedSecrets, 'stateOf' | 'read'>

/** What an analyst would be asked about an application, and whether it is asked. */
export interface AskPlan {
  /** null: no analyst is set, or its address is none */
  request: AnalystRequest | null
  model: string
  isAllowed: boolean
  key: SecretState | 'unneeded'
  /** why it is not asked; null: it is */
  problem: string | null
}

/** A key is kept for one address, so that another analyst is never sent it. */
export function analystKeyName(url: string): string {
  return `analyst key for ${url}`
}

/** @param entityId the applicant, who has to have allowed the address; null: nobody in particular */
export function planAsking(
  books: Store,
  secrets: AnalystSecrets,
  config: TreasuryConfig,
  entityId: string | null,
  facts: ApplicationFacts,
): AskPlan {
  const { 'analyst.url': url, 'analyst.model': model, 'analyst.structured': isStructured } = config
  const none = (problem: string): AskPlan => ({ request: null, model, isAllowed: false, key: 'none', problem })
  if (url === '') return none('No analyst is set.')
  let request: AnalystRequest
  try {
    request = analystRequest({ url, model, isStructured }, facts)
  } catch (error) {
    return none(toAppError(error).message)
  }
  const isAllowed = entityId !== null && isEndpointAllowed(books, entityId, request.url)
  const state = secrets.stateOf(analystKeyName(request.url))
  const key = state === 'none' && isThisMachine(new URL(request.url).hostname) ? 'unneeded' : state
  return { request, model, isAllowed, key, problem: askProblem(model, isAllowed, key) }
}

function askProblem(model: string, isAllowed: boolean, key: AskPlan['key']): string | null {
  if (model === '') return 'No model is set for the analyst.'
  if (!isAllowed) return 'The applicant has not allowed that applications are sent to the analyst.'
  if (key === 'none') return 'There is no key for the analyst.'
  if (key === 'locked') return "The analyst's key was locked: the vault has to be unlocked for it to be used."
  return null
}

/** What an application is decided on: advice, or why there is none. */
export interface Counsel {
  advice: Advice | null
  noAdvice: string | null
  reasons: string[]
}

export function noCounsel(why: string | null): Counsel {
  return { advice: null, noAdvice: why, reasons: [] }
}

function counselOf(answer: AnalystAnswer): Counsel {
  if (answer.advice === null) return noCounsel(answer.detail)
  const advice = readAdvice(answer.advice)
  const noAdvice = advice ? null : "The analyst's answer can't be used: its numbers make no sense."
  return { advice, noAdvice, reasons: answer.reasons }
}

/** Decides an application, once: whoever calls it holds the transaction. Throws AppError credit.application-state where it is decided. */
export function decideStored(books: Store, config: TreasuryConfig, application: StoredApplication, counsel: Counsel, ts: number): void {
  const { number, askedUnits, trust, state } = application
  const decision = decideApplication({ askedUnits, trust }, counsel.advice, creditTermsOf(config), trustTermsOf(config, trust))
  saveDecision(books, number, stepApplication(state, decision.status) as typeof decision.status, {
    ...decision,
    // whatever was said, it is kept as far as an amount goes
    suggestedUnits: lesser(decision.suggestedUnits, MAX_UNITS),
    ...{ ts, noAdvice: counsel.noAdvice, reasons: counsel.reasons, taxBps: config['credit.taxBps'] },
  })
}

export function creditTermsOf(config: TreasuryConfig): CreditTerms {
  return {
    minTrust: config['credit.minTrust'],
    maxRateBps: config['credit.maxRateBps'],
    maxTermMonths: config['credit.maxTermMonths'],
    usualRateBps: config['credit.usualRateBps'],
    usualTermMonths: config['credit.usualTermMonths'],
    fallbackMinTrust: config['credit.fallbackMinTrust'],
    fallbackLimitUnits: config['credit.fallbackLimit'],
  }
}

/** Applications that an analyst is asked about, outside any transaction. */
export interface Analyses {
  /** Asks about one that is `analysing`, and decides it when the analyst has answered or failed to. */
  start(number: number): void
  /** All that were `analysing` when Granary was closed: each is asked about again, or the fallback decides. */
  resume(): void
  /** it was withdrawn: whatever is still under way is given up */
  stop(number: number): void
  /** why one still waits where no answer is under way; null: one is */
  problemOf(number: number): string | null
  /** when nothing is under way any more */
  settled(): Promise<void>
  /** gives up what is under way; it stays `analysing` for the next start */
  close(): void
}

export function createAnalyses(books: Store, secrets: AnalystSecrets, changed: () => void): Analyses {
  const running = new Map<number, { stop: AbortController; done: Promise<void> }>()
  const problems = new Map<number, string>()
  let closed = false

  function start(number: number): void {
    if (closed || running.has(number)) return
    const stop = new AbortController()
    const done = analyse(number, stop.signal)
      .catch(error => {
        // what failed is this machine's (a full disk, a file that was altered): told with the application, which is asked about at the next start
        if (!closed) problems.set(number, toAppError(error).message)
      })
      .finally(() => {
        running.delete(number)
        if (!closed) changed()
      })
    running.set(number, { stop, done })
  }

  async function analyse(number: number, signal: AbortSignal): Promise<void> {
    const application = findApplication(books, number)
    if (application?.state !== 'analysing') return
    const config = loadTreasuryConfig(books)
    const { request, problem } = planAsking(books, secrets, config, application.entityId, factsOf(application))
    if (request === null || problem !== null) return decide(number, noCounsel(problem), null)
    const asking = writeTransaction(books.books, 'books.db', () =>
      insertAsking(books, number, { askedTs: books.now(), url: request.url, asked: request.body }),
    )
    const key = secrets.read(analystKeyName(request.url))
    const answer = await askAnalyst(request, {
      ...{ key, signal, timeoutMs: config['analyst.timeoutSec'] * 1000, maxBytes: MAX_ANSWER },
    }).catch(error => {
      if (signal.aborted) return null
      throw error
    })
    if (closed) return
    const { answered = null, status = null } = answer?.record ?? {}
    const counsel = answer ? counselOf(answer) : noCounsel('It was given up: the application was withdrawn.')
    decide(number, counsel, { asking, answered, status })
  }

  /** One that was withdrawn meanwhile stays so; what was asked and answered is kept. */
  function decide(
    number: number,
    counsel: Counsel,
    record: { asking: number; answered: string | null; status: number | null } | null,
  ): void {
    const nowTs = books.now()
    writeTransaction(books.books, 'books.db', () => {
      if (record) endAsking(books, record.asking, { ...record, endedTs: nowTs, problem: counsel.noAdvice })
      const application = findApplication(books, number)
      if (application?.state !== 'analysing') return
      decideStored(books, loadTreasuryConfig(books), application, counsel, nowTs)
      const details = JSON.stringify({ basis: counsel.advice ? 'analyst' : 'fallback', noAdvice: counsel.noAdvice })
      appendAudit(books, { actor: ACTOR, action: 'credit.decide', subject: applicationName(number), details })
    })
  }

  return {
    start,
    resume() {
      for (const number of listAnalysing(books, null)) start(number)
    },
    stop: number => running.get(number)?.stop.abort(new AppError('cancelled', 'The application was withdrawn.')),
    problemOf: number => problems.get(number) ?? null,
    async settled() {
      await Promise.all([...running.values()].map(({ done }) => done))
    },
    close() {
      closed = true
      for (const { stop } of running.values()) stop.abort()
    },
  }
}

function factsOf({ askedUnits, purpose, note, trust, trustParts, owedUnits }: StoredApplication): ApplicationFacts {
  return { askedUnits, purpose, note, trust: { overall: trust, parts: trustParts }, owedUnits }
}
