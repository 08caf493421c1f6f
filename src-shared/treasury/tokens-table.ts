import { z } from 'zod'
import { none, treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

/** seconds since the epoch */
export const tokenTs = z
  .int()
  .min(0)
  .max(2 ** 40)
const atTs = tokenTs.optional()
export const tokenName = z.string().trim().min(1).max(20)
const memo = z.string().max(300).default('')

export const tokenSchema = z.object({
  token: z.string(),
  purpose: z.string(),
  /** false: tokens were not initialised yet, all figures are 0 */
  isInitialised: z.boolean(),
  /** mirrors what was paid on Stellar; nothing here moves it */
  isMirror: z.boolean(),
  /** issued and not burnt */
  supply: amountText,
  /** what the treasury does not hold */
  circulating: amountText,
  treasury: amountText,
  /** what the treasury had of it to begin with, or will have once tokens are initialised */
  initial: amountText,
  /** null: no limit */
  max: amountText.nullable(),
  holders: z.number(),
})
export type Token = z.output<typeof tokenSchema>

export const balanceSchema = z.object({ token: z.string(), available: amountText, locked: amountText, total: amountText })
export type TokenBalance = z.output<typeof balanceSchema>

export const accountBalanceSchema = balanceSchema.extend({
  /** of what is locked, what its owner put aside and can take back; null: the balance is one of the past, of which that is not known */
  putAside: amountText.nullable(),
})
export type AccountBalance = z.output<typeof accountBalanceSchema>

export const entryTypes = ['TRANSFER', 'MINT', 'BURN', 'REWARD', 'STAKE', 'UNSTAKE', 'LOCK', 'UNLOCK'] as const

export const statementLineSchema = z.object({
  /** number of the entry in the ledger */
  entry: z.number(),
  ts: z.number(),
  type: z.enum(entryTypes),
  token: z.string(),
  part: z.enum(['available', 'locked']),
  /** added to the account */
  amount: amountText,
  /** entities on the other side of the entry */
  others: z.array(z.string()),
  actor: z.string(),
  memo: z.string(),
  /** on a chain, where there is one */
  chainTx: z.string().nullable(),
})
export type TokenStatementLine = z.output<typeof statementLineSchema>

const moved = z.object({ entry: z.number(), token: z.string(), amount: amountText, balance: balanceSchema })
/** hash of a transaction on a chain */
export const chainTxText = z.string().trim().min(1).max(100)
/** of the one that it stands for */
const chainTx = chainTxText.optional()

/** Tokens and balances. */
export const tokenRows = {
  'tokens.list': treasuryQuery({
    about: 'every token with its supply, what circulates and the most that there may be',
    in: none,
    out: z.array(tokenSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens list' },
  }),
  'tokens.get': treasuryQuery({
    about: 'one token with its supply, what circulates and the most that there may be',
    in: z.object({ identifier: tokenName }),
    out: tokenSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/tokens/:identifier', scope: 'tokens:read' },
    cli: { words: 'tokens get', args: ['identifier'] },
  }),
  'tokens.balances': treasuryQuery({
    about: 'what an entity has of each token, available and locked, now or as it was',
    in: z.object({ entityId: entityRef.optional(), atTs }),
    out: z.object({ entityId: z.string(), balances: z.array(accountBalanceSchema) }),
    who: 'anyone',
    rest: { method: 'GET', path: '/tokens/balances/:entityId?', scope: 'tokens:read' },
    cli: { words: 'tokens balances', args: ['entityId'] },
  }),
  'tokens.balance': treasuryQuery({
    about: 'what an entity has of one token, available and locked, now or as it was',
    in: z.object({ entityId: entityRef, tokenId: tokenName, atTs }),
    out: accountBalanceSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/tokens/balances/:entityId/:tokenId', scope: 'tokens:read' },
    cli: { words: 'tokens balance', args: ['entityId', 'tokenId'] },
  }),
  'tokens.holders': treasuryQuery({
    about: 'who holds how much of a token, the most first',
    in: z.object({ token: tokenName, ...treasuryPage }),
    out: z.object({
      rows: z.array(z.object({ entityId: z.string(), name: z.string(), available: amountText, locked: amountText })),
      total: z.number(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens holders', args: ['token'] },
  }),
  'tokens.history': treasuryQuery({
    about: "an entity's account: each posting, newest first",
    in: z.object({ entityId: entityRef.optional(), token: tokenName.optional(), ...treasuryPage }),
    out: z.object({ entityId: z.string(), rows: z.array(statementLineSchema), total: z.number() }),
    who: 'anyone',
    rest: { method: 'GET', path: '/tokens/transactions/:entityId?', scope: 'tokens:read' },
    cli: { words: 'tokens history', args: ['entityId'] },
  }),
  'tokens.initialize': treasuryCommand({
    about: 'make the tokens, with their initial supply in the treasury and 10,000,000 AZR of it in the UBO fund; done once',
    in: none,
    out: z.object({ initialised: z.array(z.string()) }),
    who: 'administrator',
    rest: { method: 'POST', path: '/tokens/initialize', scope: 'tokens:write' },
    cli: { words: 'tokens initialize' },
  }),
  'tokens.transfer': treasuryCommand({
    about: 'send tokens of your own to another entity',
    in: z.object({ to: entityRef, token: tokenName, amount: amountText, memo, chainTx }),
    out: moved,
    who: 'entity',
    rest: { method: 'POST', path: '/tokens/transfer', scope: 'tokens:write' },
    cli: { words: 'tokens transfer', args: ['to', 'token', 'amount'] },
  }),
  'tokens.fund': treasuryCommand({
    about:
      "send tokens of the treasury, or of another of its own accounts: to fund the staking pool, the credit pool, a pool's reserve or an entity",
    in: z.object({ from: entityRef.default('treasury'), to: entityRef, token: tokenName, amount: amountText, memo, chainTx }),
    out: moved,
    who: 'administrator',
    rest: null,
    cli: { words: 'tokens fund', args: ['to', 'token', 'amount'] },
  }),
  'tokens.mint': treasuryCommand({
    about: 'issue new tokens to an entity, up to the most that there may be',
    in: z.object({ to: entityRef.default('treasury'), token: tokenName, amount: amountText, memo, chainTx }),
    out: moved,
    who: 'administrator',
    rest: null,
    cli: { words: 'tokens mint', args: ['token', 'amount'] },
  }),
  'tokens.burn': treasuryCommand({
    about: 'burn available tokens of the treasury, or of another of its own accounts',
    in: z.object({ from: entityRef.default('treasury'), token: tokenName, amount: amountText, memo, chainTx }),
    out: moved,
    who: 'administrator',
    rest: null,
    cli: { words: 'tokens burn', args: ['token', 'amount'] },
  }),
  'tokens.lock': treasuryCommand({
    about: 'put tokens of your own aside: they stay yours, and cannot be sent until you unlock them',
    in: z.object({ token: tokenName, amount: amountText, memo }),
    out: moved,
    who: 'entity',
    rest: null,
    cli: { words: 'tokens lock', args: ['token', 'amount'] },
  }),
  'tokens.unlock': treasuryCommand({
    about: 'take back what you put aside; what is locked for a stake, an escrow or a guarantee stays locked',
    in: z.object({ token: tokenName, amount: amountText, memo }),
    out: moved,
    who: 'entity',
    rest: null,
    cli: { words: 'tokens unlock', args: ['token', 'amount'] },
  }),
  'tokens.burnLocked': treasuryCommand({
    about: 'burn tokens that you put aside, in one step',
    in: z.object({ token: tokenName, amount: amountText, memo }),
    out: moved,
    who: 'entity',
    rest: null,
    cli: { words: 'tokens burn-locked', args: ['token', 'amount'] },
  }),
}
