import { cleanName } from '../../../src-shared/text.ts'
import type { CreditApplication } from '../../../src-shared/treasury/credit-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { ApplicationFacts } from '../../clients/analyst/request.ts'
import { checkApplication, stepApplication } from '../../engines/credit/application.ts'
import { checkOffer, type LoanOffer } from '../../engines/credit/schedule.ts'
import { type TrustHistory, trustFrom } from '../../engines/trust/trust.ts'
import type { Store } from '../../store/index.ts'
import {
  allowEndpoint,
  disallowEndpoint,
  findApplication,
  insertApplication,
  listAnalysing,
  listApplications,
  listAskings,
  type StoredApplication,
  saveApplicationState,
} from '../../store/treasury-credit.ts'
import { findLoan, listLoans, listRepayments, type StoredLoan, type StoredRepayment } from '../../store/treasury-loans.ts'
import type { SealedSecrets } from '../sealed-secrets.ts'
import { refuseDoubtfulClock } from './clock.ts'
import {
  type Analyses,
  type AskPlan,
  analystKeyName,
  applicationName,
  creditTermsOf,
  decideStored,
  noCounsel,
  planAsking,
} from './credit-analysis.ts'
import { instalmentStates, loanName, offerOf, openStoredLoan, owedBy, quoteOf, repayStored, shownLoan } from './credit-loans.ts'
import { entityName, resolveEntity } from './entities.ts'
import {
  actingEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryInput,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { numberIn } from './ids.ts'
import { trustOf, trustTermsOf } from './trust.ts'

type CreditQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, `credit.${string}`>>
type CreditCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, `credit.${string}`>>
type Repayment = TreasuryOutput<'credit.loan'>['repayments'][number]

export interface CreditTools {
  books: Store
  secrets: SealedSecrets
  analyses: Analyses
}

const NO_HISTORY: TrustHistory = { repayments: 0, counterparties: 0, releasedEscrows: 0, proofs: 0, applications: 0 }
/** An application that nobody makes, for what does not depend on it: where it would be sent, and whether it may be. */
const NOBODYS: ApplicationFacts = { askedUnits: 1n, purpose: 'personal', note: '', trust: trustFrom(NO_HISTORY), owedUnits: 0n }

/** Credit: what it costs first, applications with their analyst, loans. Only its owner and the administrator see an application or a loan. */
export function creditHandlers({ books, secrets, analyses }: CreditTools): { queries: CreditQueries; commands: CreditCommands } {
  const queries: CreditQueries = {
    'credit.quote': (input, context) => {
      if ((input.amount === undefined) === (input.id === undefined)) throw refuse('credit.quote')
      if (input.id !== undefined) return offered(readable(context, applicationOf(input.id)), context)
      const offer = usualOffer(input, context)
      checkApplication(offer.principalUnits)
      checkOffer(offer, creditTermsOf(context.config))
      return quoteOf(offer, context.nowTs)
    },
    'credit.analyst': (_input, context) => shownPlan(plan(context, NOBODYS)),
    'credit.analystRequest': ({ amount, purpose, note }, context) => {
      checkApplication(amount)
      const asked = plan(context, factsOf({ amount, purpose, note }, context))
      return { ...shownPlan(asked), text: asked.request?.body ?? null }
    },
    'credit.application': ({ id }, context) => {
      const application = readable(context, applicationOf(id))
      const isOffered = application.state === 'approved' || application.state === 'accepted'
      return {
        ...shown(application),
        asked: listAskings(books, application.number),
        offer: isOffered ? offered(application, context) : null,
      }
    },
    'credit.applications': (input, context) => {
      const { rows, total } = listApplications(books, whose(context, input), input)
      return { rows: rows.map(shown), total }
    },
    'credit.loans': (input, context) => {
      const { nowTs } = context
      const { rows, total } = listLoans(books, { entityId: whose(context, input), show: input.show ?? null, nowTs }, input)
      return { rows: rows.map(loan => shownLoan(books, loan, nowTs)), total }
    },
    'credit.loan': ({ id }, context) => {
      const loan = readable(context, loanOf(id))
      return {
        ...shownLoan(books, loan, context.nowTs),
        quote: quoteOf(loan, loan.openedTs),
        states: instalmentStates(loan, context.nowTs),
        repayments: listRepayments(books, loan.number).map(shownRepayment),
      }
    },
  }

  const commands: CreditCommands = {
    'credit.allowAnalyst': ({ url, isAllowed }, context) => {
      const entity = actingEntity(context)
      if (!isAllowed) disallowEndpoint(books, entity, url)
      // what is allowed is what was shown: another address may have been set since
      else if (url !== plan(context, NOBODYS).request?.url) throw refuse('credit.endpoint')
      else allowEndpoint(books, entity, url, context.nowTs)
      return {}
    },
    'credit.setAnalystKey': {
      async prepare({ apiKey, passphrase }, context) {
        const { save, hold } = await secrets.seal(keyName(context), apiKey, passphrase)
        return {
          work() {
            save()
            return {}
          },
          after: hold,
        }
      },
    },
    'credit.removeAnalystKey': (_input, context) => {
      secrets.remove(keyName(context))
      return {}
    },
    'credit.apply': {
      async prepare(input) {
        let started: number | null = null
        return {
          work(now) {
            const { number, isAsked } = apply(input, now)
            started = isAsked ? number : null
            return shown(storedApplication(number))
          },
          after() {
            if (started !== null) analyses.start(started)
          },
        }
      },
    },
    'credit.withdraw': {
      async prepare({ id }, context) {
        const { number } = applicationOf(id)
        return {
          work() {
            const application = owned(context, storedApplication(number))
            saveApplicationState(books, number, stepApplication(application.state, 'withdrawn'))
            return shown(storedApplication(number))
          },
          after: () => analyses.stop(number),
        }
      },
    },
    'credit.accept': ({ id }, context) => {
      const application = owned(context, applicationOf(id))
      saveApplicationState(books, application.number, stepApplication(application.state, 'accepted'))
      const { nowTs, doer, config } = context
      // its due dates follow from now
      refuseDoubtfulClock(books, config, nowTs)
      const trust = trustOf(context, application.entityId).score
      const number = openStoredLoan(books, config, { application, offer: approvedOffer(application), trust, doer, ts: nowTs })
      return shownLoan(books, loanOf(loanName(number)), nowTs)
    },
    'credit.repay': ({ id, amount }, context) => {
      const { nowTs, doer, config } = context
      const loan = owned(context, loanOf(id))
      // interest would be charged for months that never were
      refuseDoubtfulClock(books, config, nowTs)
      const { repayment, kept } = repayStored(books, loan, amount, { doer, ts: nowTs })
      return { ...shownRepayment(kept), loan: shownLoan(books, loanOf(id), nowTs), notTaken: repayment.notTakenUnits }
    },
  }

  /** Keeps an application; one that no analyst is asked about is decided by the rules at once. */
  function apply({ amount, purpose, note }: TreasuryInput<'credit.apply'>, context: TreasuryContext): { number: number; isAsked: boolean } {
    const { nowTs, config } = context
    const entityId = actingEntity(context)
    checkApplication(amount)
    if (listAnalysing(books, entityId).length > 0) throw refuse('credit.waiting')
    const facts = factsOf({ amount, purpose, note }, context)
    const { problem } = plan(context, facts)
    const { overall, parts } = facts.trust
    const number = insertApplication(books, { ...facts, entityId, trust: overall, trustParts: parts, createdTs: nowTs })
    if (problem !== null) decideStored(books, config, storedApplication(number), noCounsel(problem), nowTs)
    return { number, isAsked: problem === null }
  }

  /** What an analyst is told of an application: what was entered, and what the books say of the applicant. */
  function factsOf({ amount, purpose, note }: TreasuryInput<'credit.analystRequest'>, context: TreasuryContext): ApplicationFacts {
    const entityId = actingEntity(context)
    const { score, parts } = trustOf(context, entityId)
    const trust = { overall: score, parts }
    return { askedUnits: amount, purpose, note: cleanName(note), trust, owedUnits: owedBy(books, entityId, context.nowTs) }
  }

  function plan({ config, entityId }: TreasuryContext, facts: ApplicationFacts): AskPlan {
    return planAsking(books, secrets, config, entityId, facts)
  }

  /** The key is kept for the address that is set now. Throws AppError credit.no-analyst. */
  function keyName(context: TreasuryContext): string {
    const { request } = plan(context, NOBODYS)
    if (request === null) throw refuse('credit.no-analyst')
    return analystKeyName(request.url)
  }

  /** With an amount alone it is what the rules usually give, less what the trust of whoever asks takes off. */
  function usualOffer({ amount = 0n, rateBps, termMonths }: TreasuryInput<'credit.quote'>, context: TreasuryContext): LoanOffer {
    const { config, entityId } = context
    const terms = entityId === null ? null : trustTermsOf(config, trustOf(context, entityId).score)
    return {
      principalUnits: amount,
      rateBps: rateBps ?? Math.max(0, config['credit.usualRateBps'] - (terms?.rateDiscountBps ?? 0)),
      termMonths: termMonths ?? config['credit.usualTermMonths'],
      taxBps: config['credit.taxBps'],
    }
  }

  /** What an approved application would come to if it were accepted now; of one that was, what it came to. */
  function offered(application: StoredApplication, { nowTs }: TreasuryContext): TreasuryOutput<'credit.quote'> {
    const loan = application.loan === null ? null : findLoan(books, application.loan)
    return quoteOf(approvedOffer(application), loan?.openedTs ?? nowTs)
  }

  function applicationOf(id: string): StoredApplication {
    return storedApplication(numberIn('app', id))
  }

  function storedApplication(number: number | null): StoredApplication {
    const found = number === null ? null : findApplication(books, number)
    if (!found) throw refuse('credit.application')
    return found
  }

  function loanOf(id: string): StoredLoan {
    const number = numberIn('loan', id)
    const found = number === null ? null : findLoan(books, number)
    if (!found) throw refuse('credit.loan')
    return found
  }

  /** Whose are listed; null: everybody's. Throws AppError administrator.needed, entities.*. */
  function whose(context: TreasuryContext, { entityId, everybody }: { entityId?: string | undefined; everybody: boolean }): string | null {
    if (everybody && !context.isAdministrator) throw refuse('administrator.needed')
    if (everybody) return null
    if (entityId === undefined) return actingEntity(context)
    return readable(context, { entityId: resolveEntity(books, entityId) }).entityId
  }

  function shown(application: StoredApplication): CreditApplication {
    const { number, entityId, askedUnits, purpose, note, createdTs, state, trust, decision, loan } = application
    return {
      ...{
        id: applicationName(number),
        entityId,
        name: entityName(books, entityId),
        amount: askedUnits,
        purpose,
        note,
        createdTs,
        state,
        trust,
      },
      decision: decision && shownDecision(decision),
      loanId: loan === null ? null : loanName(loan),
      problem: state === 'analysing' ? analyses.problemOf(number) : null,
    }
  }

  return { queries, commands }
}

/** Throws AppError entities.locked, entities.other. */
function owned<T extends { entityId: string }>(context: TreasuryContext, thing: T): T {
  if (actingEntity(context) !== thing.entityId) throw refuse('entities.other')
  return thing
}

/** Its owner and the administrator. Throws AppError entities.locked, entities.other. */
function readable<T extends { entityId: string }>(context: TreasuryContext, thing: T): T {
  return context.isAdministrator ? thing : owned(context, thing)
}

function approvedOffer(application: StoredApplication): LoanOffer {
  const offer = offerOf(application)
  if (offer === null || offer.principalUnits === 0n) throw refuse('credit.application-state')
  return offer
}

function shownDecision({ suggestedUnits, approvedUnits, ...decision }: NonNullable<StoredApplication['decision']>) {
  return { ...decision, suggested: suggestedUnits, approved: approvedUnits }
}

function shownPlan({ request, ...plan }: AskPlan): TreasuryOutput<'credit.analyst'> {
  return { url: request?.url ?? null, ...plan }
}

function shownRepayment({ ts, entry, by, takenUnits, taxUnits, interestUnits, principalUnits }: StoredRepayment): Repayment {
  return { ts, entry: Number(entry), by, taken: takenUnits, tax: taxUnits, interest: interestUnits, principal: principalUnits }
}
