import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { isTrustFresh, type TrustParts, type TrustRow, trustFrom, trustRowFor } from '../../engines/trust/trust.ts'
import type { Store } from '../../store/index.ts'
import { countDeeds, findTakenTrust, saveTakenTrust } from '../../store/treasury-trust.ts'
import { resolveEntity } from './entities.ts'
import { askedEntity, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'

/** Trust as it counts now. */
export interface TrustView {
  /** 0..100 */
  score: number
  parts: TrustParts
  /** verified completed actions */
  r: number
  /** applications for credit that were not rejected */
  a: number
  /** when it was counted, seconds since the epoch */
  atTs: number
}

/**
 * An entity's trust (tokenomics.md, Trust). What a command used stands for 24 h; a look alone keeps nothing, and shows what a command would
 * use. Inside a command it keeps what it counted, so that it stands or falls with that command.
 */
export function trustOf({ books, nowTs }: Pick<TreasuryContext, 'books' | 'nowTs'>, entityId: string): TrustView {
  let taken = findTakenTrust(books, entityId)
  if (taken === null || !isTrustFresh(taken.takenTs, nowTs)) {
    taken = { history: countDeeds(books, entityId), takenTs: nowTs }
    if (books.books.inTransaction) saveTakenTrust(books, entityId, taken)
  }
  const { history, takenTs } = taken
  const { overall, parts } = trustFrom(history)
  const { repayments, counterparties, releasedEscrows, proofs, applications } = history
  return { score: overall, parts, r: repayments + counterparties + releasedEscrows + proofs, a: applications, atTs: takenTs }
}

/** As trustOf, in hundredths of 0..100, as stakes and votes take it. */
export function trustInHundredths(doing: Pick<TreasuryContext, 'books' | 'nowTs'>, entityId: string): number {
  return trustOf(doing, entityId).score * 100
}

/** The row of `trust.terms` for this trust; null: none reaches down to it. */
export function trustTermsOf(config: TreasuryConfig, trust: number): TrustRow | null {
  return trustRowFor(
    config['trust.terms'].map(({ limit, ...row }) => ({ ...row, limitUnits: limit })),
    trust,
  )
}

export function trustHandlers(books: Store): { queries: Pick<TreasuryQueryHandlers, 'trust.get'> } {
  return {
    queries: {
      'trust.get': ({ entityId: named }, context) => {
        const entityId = askedEntity(context, named === undefined ? null : resolveEntity(books, named))
        const trust = trustOf(context, entityId)
        const { rateDiscountBps = 0, limitUnits = null } = trustTermsOf(context.config, trust.score) ?? {}
        return { entityId, ...trust, terms: { rateDiscountBps, limit: limitUnits } }
      },
    },
  }
}
