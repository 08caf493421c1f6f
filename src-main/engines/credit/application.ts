import { MAX_UNITS, unfixed } from '../../../src-shared/money.ts'
import type { ApplicationState } from '../../../src-shared/treasury/credit.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import type { TrustRow } from '../trust/trust.ts'

/** The numbers of the rules (tokenomics.md, Credit); rates in basis points a year. */
export interface CreditTerms {
  /** 60 */
  minTrust: number
  /** 1500 */
  maxRateBps: number
  /** 24 */
  maxTermMonths: number
  /** what a missing rate or term means, and what the fallback gives: 500 and 12 */
  usualRateBps: number
  usualTermMonths: number
  /** 70 */
  fallbackMinTrust: number
  /** 1000 AZR */
  fallbackLimitUnits: bigint
}

/** What an analyst said, as its text has it; numbers as decimal text, null where it gave none. */
export interface AdviceText {
  approve: boolean
  /** in tokens */
  amount: string | null
  /** percent a year */
  rate: string | null
  /** months */
  term: string | null
}

/** Advice in whole units: not yet clamped. */
export interface Advice {
  approve: boolean
  suggestedUnits: bigint
  rateBps: bigint | null
  termMonths: bigint | null
}

export interface Decision {
  status: 'approved' | 'rejected'
  /** who advised: the analyst, or the fallback because there was no answer that makes sense */
  basis: 'analyst' | 'fallback'
  /** what the adviser said, before trust had its say */
  isAdvised: boolean
  suggestedUnits: bigint
  /** 0 if rejected */
  approvedUnits: bigint
  /** clamped; also given if rejected */
  rateBps: number
  termMonths: number
  /** why it was rejected: the adviser said no, trust is too low, or nothing would be lent */
  rejected: 'advice' | 'trust' | 'amount' | null
}

/**
 * An analyst's answer in whole units; null where it makes no sense and counts as none: an amount, rate or term that is no plain decimal, an
 * approval without an amount, a part of a month. More decimals than fit are cut off: money out rounds down.
 */
export function readAdvice(text: AdviceText): Advice | null {
  const amount = text.amount === null ? (text.approve ? null : 0n) : cutDecimal(text.amount, 7)
  const rateBps = text.rate === null ? undefined : cutDecimal(text.rate, 2)
  const termMonths = text.term === null ? undefined : wholeNumber(text.term)
  if (amount === null || rateBps === null || termMonths === null) return null
  return { approve: text.approve, suggestedUnits: amount, rateBps: rateBps ?? null, termMonths: termMonths ?? null }
}

/** All that is paid for a loan is an amount too: interest comes to less than a third of it, and the tax is at most nine tenths of what is taken. */
const LARGEST_UNITS = MAX_UNITS / 16n

/** @throws `credit.amount`, `credit.size` */
export function checkApplication(askedUnits: bigint): void {
  if (askedUnits <= 0n) throw refuse('credit.amount')
  if (askedUnits > LARGEST_UNITS) throw refuse('credit.size')
}

/**
 * What becomes of an application. The advice comes from outside: whatever it says is clamped to what was asked, to the terms and to the
 * limit of the applicant's trust, and it can approve only what trust allows.
 * @param advice null for no answer: then the fallback of the rules decides
 * @param row the terms of the applicant's trust, null for none
 */
export function decideApplication(
  application: { askedUnits: bigint; trust: number },
  advice: Advice | null,
  terms: CreditTerms,
  row: TrustRow | null,
): Decision {
  const { askedUnits, trust } = application
  const said = advice ?? fallbackAdvice(askedUnits, trust, terms)
  const rateBps = clamp(said.rateBps ?? BigInt(terms.usualRateBps), 0, terms.maxRateBps)
  const termMonths = clamp(said.termMonths ?? BigInt(terms.usualTermMonths), 1, terms.maxTermMonths)
  const suggestedUnits = said.suggestedUnits > 0n ? said.suggestedUnits : 0n
  const lendable = lesser(lesser(askedUnits, suggestedUnits), row?.limitUnits ?? askedUnits)
  const rejected = !said.approve ? (advice ? 'advice' : 'trust') : trust < terms.minTrust ? 'trust' : lendable <= 0n ? 'amount' : null
  return {
    status: rejected ? 'rejected' : 'approved',
    basis: advice ? 'analyst' : 'fallback',
    isAdvised: said.approve,
    suggestedUnits,
    approvedUnits: rejected ? 0n : lendable,
    rateBps: Math.max(0, rateBps - (row?.rateDiscountBps ?? 0)),
    termMonths,
    rejected,
  }
}

/**
 * The next state of an application; the steps are those of its life, each of them taken once.
 * @param state null where there is no such application, or it is another's
 * @throws `credit.application`, `credit.application-state`
 */
export function stepApplication(state: ApplicationState | null, step: Exclude<ApplicationState, 'analysing'>): ApplicationState {
  if (state === null) throw refuse('credit.application')
  if (!nextStates[state].includes(step)) throw refuse('credit.application-state', { state, step })
  return step
}

const nextStates: Record<ApplicationState, readonly ApplicationState[]> = {
  analysing: ['approved', 'rejected', 'withdrawn'],
  approved: ['accepted', 'withdrawn'],
  rejected: [],
  accepted: [],
  withdrawn: [],
}

function fallbackAdvice(askedUnits: bigint, trust: number, terms: CreditTerms): Advice {
  return {
    approve: trust >= terms.fallbackMinTrust,
    suggestedUnits: lesser(askedUnits, terms.fallbackLimitUnits),
    rateBps: null,
    termMonths: null,
  }
}

/** A plain decimal in units of 10^-decimals, further decimals cut off; null for any other text. */
function cutDecimal(text: string, decimals: number): bigint | null {
  const match = /^(-?\d{1,60}\.)(\d{1,60})$/.exec(text)
  return unfixed(match ? `${match[1]}${match[2]?.slice(0, decimals)}` : text, decimals)
}

/** `12` and `12.0`, but no part of one. */
function wholeNumber(text: string): bigint | null {
  return unfixed(text.replace(/\.0{1,60}$/, ''), 0)
}

function clamp(value: bigint, least: number, most: number): number {
  return value < BigInt(least) ? least : value > BigInt(most) ? most : Number(value)
}
