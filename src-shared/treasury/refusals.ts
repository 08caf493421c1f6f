import { AppError, type ErrorCode, type ErrorDetails } from '../errors.ts'

/** What the REST door answers: 400 invalid, 402 no funds, 403 not yours, 404 unknown, 409 repeated or in a wrong state, 429 too fast. */
export type RefusalStatus = 400 | 402 | 403 | 404 | 409 | 429

/**
 * Why the treasury refuses: a stable code, the status of the REST door and the text that people read. The texts of tokenomics.md stand here
 * as it has them, to the letter. Where one text answers both "unknown" and "not yours" (a request), the status is that of "unknown", so that
 * nobody learns of what belongs to others.
 */
export const refusals = {
  'tokens.balance': [402, 'Insufficient balance'],
  'tokens.available': [402, 'Insufficient available balance'],
  'tokens.locked': [402, 'Insufficient locked balance'],
  'tokens.max-supply': [409, 'Minting would exceed max supply'],
  'tokens.unknown': [404, 'Token not found'],
  'tokens.transfer-amount': [400, 'Transfer amount must be positive'],
  'tokens.mint-amount': [400, 'Mint amount must be positive'],
  'tokens.burn-amount': [400, 'Burn amount must be positive'],
  'tokens.lock-amount': [400, 'Lock amount must be positive'],
  'tokens.unlock-amount': [400, 'Unlock amount must be positive'],
  'tokens.mirror': [409, 'TFT here only mirrors what was paid on Stellar; no command moves it'],
  'tokens.self': [400, 'Sender and recipient are the same; nothing was moved'],
  'entities.unknown': [404, 'There is no such entity; check its id or name'],
  'entities.locked': [403, 'No entity is unlocked; unlock yours with its passphrase or key first. Nothing was changed'],
  'entities.other': [403, 'This belongs to another entity; nothing was changed'],
  'administrator.needed': [403, 'This takes the administrator, who is asked for again after a while without use. Nothing was changed'],
  'administrator.set': [409, 'There is an administrator passphrase already: enter it to choose another. Nothing was changed'],
  'administrator.unset': [409, 'There is no administrator yet: choose an administrator passphrase first'],
  'config.unknown': [404, 'There is no setting of this name; nothing was changed'],
  'config.invalid': [400, 'A setting can not have this value; nothing was changed'],
  'payments.amount': [400, 'Payment amount must be positive'],
  'payments.self': [400, 'Cannot send payment to yourself'],
  'payments.request': [404, 'Payment request not found or already fulfilled'],
  'payments.escrow': [404, 'Escrow payment not found'],
  'payments.escrow-owner': [403, 'Unauthorized to release escrow'],
  'payments.escrow-state': [409, 'Escrow payment already processed'],
  'credit.amount': [400, 'Credit amount must be positive'],
  'credit.terms': [
    400,
    'A loan needs a yearly rate from 0 up to the highest allowed and a term of at least one month, up to the longest allowed',
  ],
  'credit.quote': [400, 'Give either an amount or an application to work out what it costs'],
  'credit.waiting': [409, 'Your last application is still being looked at; wait for its answer, or withdraw it first'],
  'credit.no-analyst': [409, 'No analyst is set, or its address is none; set analyst.url in the configuration first'],
  'credit.endpoint': [409, 'The analyst that is set has another address than the one that was shown; look at it again. Nothing was allowed'],
  'credit.application': [404, 'Credit application not found'],
  'credit.application-state': [409, 'This credit application is already decided, accepted or withdrawn; nothing was changed'],
  'credit.pool': [402, 'The credit pool does not hold enough for this loan; nothing was lent. Try a smaller loan, or again later'],
  'credit.loan': [404, 'Loan not found'],
  'credit.loan-state': [409, 'This loan is paid off or defaulted; nothing was taken'],
  'credit.repayment': [400, 'Repayment amount must be positive'],
  'pools.deposit': [400, 'Deposit amount must be positive'],
  'pools.withdrawal': [400, 'Withdrawal amount must be positive'],
  'pools.unknown': [404, 'Pool not found'],
  'pools.inactive': [404, 'Pool not found or inactive'],
  'pools.position': [404, 'Active position not found in this pool'],
  'pools.exceeds': [402, 'Withdrawal amount exceeds deposited amount'],
  'guarantees.amount': [400, 'Guaranteed amount must be positive'],
  'guarantees.coverage': [400, 'Coverage must be between 0 and 100 percent'],
  'guarantees.ratio': [400, 'The collateral ratio must not be below 0'],
  'guarantees.size': [400, 'This guarantee would need more collateral than an amount can hold; choose a smaller amount or ratio'],
  'guarantees.unknown': [404, 'Guarantee not found'],
  'guarantees.owner': [403, 'Only who is guaranteed, or an administrator, can release or draw a guarantee'],
  'guarantees.state': [409, 'This guarantee is already released or drawn; nothing was burned'],
  'auctions.base': [400, 'The base amount of an auction must be positive, and at most half of the largest amount there is'],
  'auctions.unknown': [404, 'Auction not found'],
  'auctions.owner': [403, 'Only who opened an auction, or an administrator, can end it'],
  'auctions.state': [409, 'This auction has ended; nothing was locked or given back'],
  'auctions.joined': [409, 'You already take part in this auction; nothing more was locked'],
  'access-tokens.unknown': [404, 'You have no such access token; nothing was changed'],
  'access-tokens.many': [409, 'You have 100 access tokens that are good; withdraw those that are not needed. None was made'],
  'access.granted': [409, 'Access is already paid for; nothing was charged'],
} as const satisfies Partial<Record<ErrorCode, readonly [RefusalStatus, string]>>

export type Refusal = keyof typeof refusals

/** The error of a refusal; the details are for programs and logs. */
export function refuse(code: Refusal, details: ErrorDetails = {}): AppError {
  return new AppError(code, refusals[code][1], { details })
}
