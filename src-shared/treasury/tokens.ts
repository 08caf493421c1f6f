import { parseAmount } from './amounts.ts'

/** A token of the treasury, as the configuration has it. */
export interface TokenDefinition {
  token: string
  /** what it is for, in words */
  purpose: string
  /** credited to the treasury when tokens are initialised */
  initialUnits: bigint
  /** null: no limit */
  maxUnits: bigint | null
}

const amount = (tokens: string) => parseAmount(tokens, 'tokens')

/** The tokens and their numbers by default (tokenomics.md, Tokens); the setting tokens.table has them as they are. TFT only mirrors what was paid, so that no command posts it. */
export const defaultTokens: readonly TokenDefinition[] = [
  { token: 'BTA-GOV', purpose: 'proposals and votes', initialUnits: amount('1000000000'), maxUnits: amount('1000000000') },
  {
    token: 'BTA-REWARD',
    purpose: 'rewards: transactions, learning, governance, referrals',
    initialUnits: 0n,
    maxUnits: null,
  },
  {
    token: 'BTA-UTIL',
    purpose: 'staking, access to the platform, auctions',
    initialUnits: amount('500000000'),
    maxUnits: amount('2000000000'),
  },
  { token: 'BTA-GUAR', purpose: 'collateral, minted for each guarantee', initialUnits: 0n, maxUnits: null },
  {
    token: 'AZR',
    purpose: 'credit, payments, pools, proof of knowledge',
    initialUnits: amount('1000000000'),
    maxUnits: amount('1000000000'),
  },
  { token: 'AZR-ETH', purpose: "the liquidity pool's pair token", initialUnits: 0n, maxUnits: null },
]

/** A transaction's hash as the books keep and find it: hex in lower case, without the 0x in front; any other text as it is. */
export function chainTxKey(text: string): string {
  const [, hex] = /^(?:0x)?([0-9a-f]{64})$/i.exec(text.trim()) ?? []
  return hex?.toLowerCase() ?? text.trim()
}
