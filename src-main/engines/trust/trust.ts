/** What an entity has done, as its trust counts it. Actions that were verified to be complete; whole numbers from 0 up. */
export interface TrustHistory {
  repayments: number
  /** distinct counterparties that were paid */
  counterparties: number
  releasedEscrows: number
  proofs: number
  /** applications for credit that were not rejected */
  applications: number
}

/** The five parts of trust, each 0..100. */
export interface TrustParts {
  transactionHistory: number
  socialConnections: number
  reputation: number
  financialStability: number
  communityEngagement: number
}

export interface Trust {
  /** 0..100 */
  overall: number
  parts: TrustParts
}

/** Better terms for higher trust: a row of the configuration. */
export interface TrustRow {
  fromTrust: number
  /** basis points of a year's interest */
  rateDiscountBps: number
  /** the most that is lent; null for no limit */
  limitUnits: bigint | null
}

/** How long a trust that was worked out is used again. */
export const TRUST_CACHE_SEC = 86_400

/** Trust of a history, with its five parts (tokenomics.md, Trust). */
export function trustFrom(history: TrustHistory): Trust {
  const parts = trustParts(history)
  return { overall: trustOf(parts), parts }
}

export function trustParts(history: TrustHistory): TrustParts {
  const actions = history.repayments + history.counterparties + history.releasedEscrows + history.proofs
  const { applications } = history
  return {
    transactionHistory: atMost100(10 * actions),
    socialConnections: atMost100(5 * applications + 50),
    reputation: atMost100(8 * actions + 40),
    financialStability: atMost100(12 * actions + 30),
    communityEngagement: atMost100(6 * applications + 45),
  }
}

/** `(30*TH + 20*SC + 20*REP + 20*FS + 10*CE + 50) div 100`. */
export function trustOf(parts: TrustParts): number {
  const weighed =
    30 * parts.transactionHistory +
    20 * (parts.socialConnections + parts.reputation + parts.financialStability) +
    10 * parts.communityEngagement
  return Math.floor((weighed + 50) / 100)
}

/** Whether a trust of `takenTs` still counts: for 24 h, the end inclusive; one from the future (a clock that was set back) does not. */
export function isTrustFresh(takenTs: number, nowTs: number): boolean {
  return takenTs <= nowTs && nowTs - takenTs <= TRUST_CACHE_SEC
}

/** The row with the highest start that this trust reaches, in whatever order they stand; null if it reaches none. */
export function trustRowFor(rows: readonly TrustRow[], trust: number): TrustRow | null {
  let best: TrustRow | null = null
  for (const row of rows) if (row.fromTrust <= trust && row.fromTrust >= (best?.fromTrust ?? 0)) best = row
  return best
}

function atMost100(score: number): number {
  return Math.min(100, score)
}
