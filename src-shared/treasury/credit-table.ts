import { z } from 'zod'
import { none, paged, treasuryPage } from '../contract-parts.ts'
import { PASSPHRASE_LENGTH } from '../keys-contract.ts'
import { amountText } from './amounts.ts'
import { applicationStates, CREDIT_NOTE_LENGTH, creditPurposes, loanStatuses } from './credit.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const applicationId = z.string().trim().min(1).max(40)
const loanId = applicationId
const ts = z.number()
/** a year's rate, hundredths of a percent */
const rateBps = z.number()
const purpose = z.enum(creditPurposes)
/** the applicant's own words */
const note = z.string().max(CREDIT_NOTE_LENGTH).default('')
/** of everybody: the administrator's to ask for */
const everybody = z.boolean().default(false)

/** What a loan comes to if every instalment is paid on its day. */
export const creditQuoteSchema = z.object({
  amount: amountText,
  rateBps,
  termMonths: z.number(),
  /** metabolic tax: of what is collected */
  taxBps: z.number(),
  /** what each instalment takes from the borrower, tax included; the last one may be smaller */
  instalment: amountText,
  totalInterest: amountText,
  totalTax: amountText,
  /** all that the borrower pays */
  totalPaid: amountText,
  /** what the loan costs: interest and tax */
  totalCost: amountText,
  schedule: z.array(
    z.object({
      number: z.number(),
      dueTs: ts,
      /** what is collected: interest, principal and tax */
      gross: amountText,
      interest: amountText,
      tax: amountText,
      /** principal that is left after it */
      left: amountText,
    }),
  ),
})
export type CreditQuote = z.output<typeof creditQuoteSchema>

export const creditDecisionSchema = z.object({
  ts,
  /** who advised: the analyst, or the fallback of the rules */
  basis: z.enum(['analyst', 'fallback']),
  /** what the adviser said, before trust had its say */
  isAdvised: z.boolean(),
  suggested: amountText,
  /** why there is no advice of an analyst; null: there is */
  noAdvice: z.string().nullable(),
  /** the analyst's own words */
  reasons: z.array(z.string()),
  /** the adviser said no, trust is too low, or nothing would be lent; null: approved */
  rejected: z.enum(['advice', 'trust', 'amount']).nullable(),
  approved: amountText,
  rateBps,
  termMonths: z.number(),
  taxBps: z.number(),
})

export const creditApplicationSchema = z.object({
  id: z.string(),
  entityId: z.string(),
  name: z.string(),
  amount: amountText,
  purpose,
  note: z.string(),
  createdTs: ts,
  state: z.enum(applicationStates),
  /** of the applicant then, 0 to 100 */
  trust: z.number(),
  /** null: not yet, or withdrawn before */
  decision: creditDecisionSchema.nullable(),
  /** the loan that it opened */
  loanId: z.string().nullable(),
  /** why it still waits, where that is no answer that is on its way */
  problem: z.string().nullable(),
})
export type CreditApplication = z.output<typeof creditApplicationSchema>

/** One asking of the analyst, byte for byte but for the key. */
export const creditAskedSchema = z.object({
  askedTs: ts,
  url: z.string(),
  asked: z.string(),
  /** null: nothing, or not all of it, came */
  answered: z.string().nullable(),
  /** HTTP status; null: none */
  status: z.number().nullable(),
  endedTs: ts.nullable(),
  /** why it was no advice; null: it was, or it did not end */
  problem: z.string().nullable(),
})

/** What an analyst would be told, and whether it may. */
export const creditAnalystSchema = z.object({
  /** where it would be sent; null: no analyst is set */
  url: z.string().nullable(),
  model: z.string(),
  /** the acting entity has allowed this address */
  isAllowed: z.boolean(),
  /** `unneeded`: an analyst on this machine, without a key */
  key: z.enum(['none', 'locked', 'open', 'unneeded']),
  /** why it is not asked, and the rules' fallback decides at once; null: it is asked */
  problem: z.string().nullable(),
})

export const loanSchema = z.object({
  id: z.string(),
  applicationId: z.string(),
  entityId: z.string(),
  name: z.string(),
  status: z.enum(loanStatuses),
  openedTs: ts,
  principal: amountText,
  rateBps,
  termMonths: z.number(),
  taxBps: z.number(),
  trust: z.number(),
  /** principal and charged interest that is owed now */
  owed: amountText,
  /** what would be taken to pay all of that off, tax included */
  payoff: amountText,
  /** the instalment that is due next; null: none is */
  due: z
    .object({
      number: z.number(),
      dueTs: ts,
      /** still to be paid for it, tax included */
      amount: amountText,
    })
    .nullable(),
  /** what should have been paid by now, tax included */
  overdue: amountText,
  /** whole days since the oldest instalment that is still open was due */
  overdueDays: z.number(),
})
export type Loan = z.output<typeof loanSchema>

export const creditRepaymentSchema = z.object({
  ts,
  /** number of the entry in the ledger */
  entry: z.number(),
  /** `collection`: by the daily job */
  by: z.enum(['borrower', 'collection']),
  taken: amountText,
  tax: amountText,
  interest: amountText,
  principal: amountText,
})

export const creditInstalmentStates = ['paid', 'overdue', 'due', 'open'] as const

/** Credit: what it costs first, applications with their analyst, loans. */
export const creditRows = {
  'credit.quote': treasuryQuery({
    about: 'what a loan costs, with its schedule, before anything is done: of an amount, or of an application that is approved',
    in: z.object({
      /** one of the two */
      amount: amountText.optional(),
      id: applicationId.optional(),
      /** with an amount; absent: the usual ones, for the trust of whoever asks */
      rateBps: z.int().min(0).max(1_500).optional(),
      termMonths: z.int().min(1).max(24).optional(),
    }),
    out: creditQuoteSchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'credit quote', args: ['amount'] },
  }),
  'credit.analyst': treasuryQuery({
    about: 'which analyst is asked about applications, whether it may be and whether its key is there',
    in: none,
    out: creditAnalystSchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'credit analyst' },
  }),
  'credit.analystRequest': treasuryQuery({
    about: 'what would leave this machine for an application, to the letter, and where it would be sent',
    in: z.object({ amount: amountText, purpose, note }),
    out: creditAnalystSchema.extend({
      /** null: no analyst is set */
      text: z.string().nullable(),
    }),
    who: 'entity',
    rest: null,
    cli: null,
  }),
  'credit.allowAnalyst': treasuryCommand({
    about: 'allow that your applications are sent to this address, or allow it no more',
    in: z.object({
      /** as credit.analystRequest shows it */
      url: z.string().trim().min(1).max(400),
      isAllowed: z.boolean().default(true),
    }),
    out: none,
    who: 'entity',
    rest: null,
    cli: { words: 'credit allow-analyst', args: ['url'] },
  }),
  'credit.setAnalystKey': treasuryCommand({
    about: "keep the analyst's API key, sealed by a passphrase: take the vault's, and unlocking the vault unlocks it too",
    in: z.object({
      apiKey: z
        .string()
        .trim()
        .regex(/^[\x21-\x7e]{1,1000}$/, 'This is no API key.'),
      passphrase: z.string().min(PASSPHRASE_LENGTH, `Take at least ${PASSPHRASE_LENGTH} characters.`).max(1000),
    }),
    out: none,
    who: 'administrator',
    rest: null,
    cli: { words: 'credit set-analyst-key' },
    secrets: ['apiKey', 'passphrase'],
  }),
  'credit.removeAnalystKey': treasuryCommand({
    about: "forget the analyst's API key",
    in: none,
    out: none,
    who: 'administrator',
    rest: null,
    cli: { words: 'credit remove-analyst-key' },
  }),
  'credit.apply': treasuryCommand({
    about: 'apply for credit; an analyst that you allowed is asked, else the rules decide at once',
    in: z.object({ amount: amountText, purpose, note }),
    out: creditApplicationSchema,
    who: 'entity',
    rest: { method: 'POST', path: '/credit/applications', scope: 'credit:write' },
    cli: { words: 'credit apply', args: ['amount', 'purpose'] },
  }),
  'credit.application': treasuryQuery({
    about: 'an application with its decision, and what an analyst was asked and answered',
    in: z.object({ id: applicationId }),
    out: creditApplicationSchema.extend({
      asked: z.array(creditAskedSchema),
      /** what an approved one costs; null: it is none */
      offer: creditQuoteSchema.nullable(),
    }),
    who: 'owner',
    rest: { method: 'GET', path: '/credit/applications/:id', scope: 'credit:read' },
    cli: { words: 'credit application', args: ['id'] },
  }),
  'credit.applications': treasuryQuery({
    about: "an entity's applications, newest first",
    in: z.object({ entityId: entityRef.optional(), everybody, ...treasuryPage }),
    out: paged(creditApplicationSchema),
    who: 'owner',
    rest: null,
    cli: { words: 'credit applications', args: ['entityId'] },
  }),
  'credit.withdraw': treasuryCommand({
    about: 'withdraw an application of your own that is not accepted',
    in: z.object({ id: applicationId }),
    out: creditApplicationSchema,
    who: 'entity',
    rest: null,
    cli: { words: 'credit withdraw', args: ['id'] },
  }),
  'credit.accept': treasuryCommand({
    about: 'take the loan of an approved application, on the terms that credit.quote shows for it',
    in: z.object({ id: applicationId }),
    out: loanSchema,
    who: 'entity',
    rest: null,
    cli: { words: 'credit accept', args: ['id'] },
  }),
  'credit.loans': treasuryQuery({
    about: "an entity's loans with what is due and overdue, newest first",
    in: z.object({ entityId: entityRef.optional(), everybody, show: z.enum([...loanStatuses, 'overdue']).optional(), ...treasuryPage }),
    out: paged(loanSchema),
    who: 'owner',
    rest: { method: 'GET', path: '/credit/loans', scope: 'credit:read' },
    cli: { words: 'credit loans', args: ['entityId'] },
  }),
  'credit.loan': treasuryQuery({
    about: 'a loan with its schedule and what was repaid',
    in: z.object({ id: loanId }),
    out: loanSchema.extend({
      quote: creditQuoteSchema,
      /** of each instalment of the schedule, in its order */
      states: z.array(z.enum(creditInstalmentStates)),
      /** newest first */
      repayments: z.array(creditRepaymentSchema),
    }),
    who: 'owner',
    rest: null,
    cli: { words: 'credit loan', args: ['id'] },
  }),
  'credit.repay': treasuryCommand({
    about: 'repay a loan of your own; never more than pays it off is taken',
    in: z.object({ id: loanId, amount: amountText }),
    out: creditRepaymentSchema.extend({
      loan: loanSchema,
      /** of what was offered */
      notTaken: amountText,
    }),
    who: 'entity',
    rest: { method: 'POST', path: '/credit/loans/:id/repay', scope: 'credit:write' },
    cli: { words: 'credit repay', args: ['id', 'amount'] },
  }),
}
