/** What credit is given in. */
export const CREDIT_TOKEN = 'AZR'
/** Longest text of an applicant, characters. */
export const CREDIT_NOTE_LENGTH = 2_000

export const creditPurposes = ['business', 'personal', 'education', 'emergency'] as const
export type CreditPurpose = (typeof creditPurposes)[number]

/** `analysing` until the analyst has answered or failed to; the applicant then accepts an approved one, which opens the loan, or not. */
export const applicationStates = ['analysing', 'approved', 'rejected', 'accepted', 'withdrawn'] as const
export type ApplicationState = (typeof applicationStates)[number]

export const loanStatuses = ['active', 'paid_off', 'defaulted'] as const
export type LoanStatus = (typeof loanStatuses)[number]
