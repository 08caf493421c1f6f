import { AppError } from '../../../src-shared/errors.ts'
import { formatAmount } from '../../../src-shared/treasury/amounts.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { TokenDefinition } from '../../../src-shared/treasury/tokens.ts'
import type { Store } from '../../store/index.ts'
import { findLedgerToken, listLedgerTokens, supplyOf } from '../../store/ledger.ts'
import { MIRRORED_TOKEN } from '../../store/tft-mirror.ts'
import type { TreasuryContext } from './handlers.ts'

/** What goes on from the initial supply (tokenomics.md, Tokens), to the fund that proofs of knowledge are paid from. */
export const UBO_FUND = { token: 'AZR', to: 'ubo-fund' }

/** The tokens as the settings have them, in their order. */
export function tokenDefinitions(config: TreasuryConfig): TokenDefinition[] {
  return config['tokens.table'].map(({ token, purpose, initial, maximum }) => ({
    ...{ token, purpose },
    ...{ initialUnits: initial, maxUnits: maximum },
  }))
}

/** Throws AppError tokens.unknown for a token that neither the ledger nor the settings have, and that is no mirror. */
export function refuseUnknownToken({ books, config }: TreasuryContext, token: string): void {
  const isKnown = token === MIRRORED_TOKEN || findLedgerToken(books, token) || config['tokens.table'].some(row => row.token === token)
  if (!isKnown) throw refuse('tokens.unknown', { token: token.slice(0, 60) })
}

/**
 * Refuses a change of the table of tokens that the ledger can't follow: a token that is initialised stays as it is, and what goes to the UBO fund
 * has to be there. Whoever calls it holds the transaction. Throws AppError config.invalid.
 */
export function checkTokenTable(books: Store, before: TreasuryConfig, after: TreasuryConfig): void {
  const [was, is] = [before, after].map(config => new Map(config['tokens.table'].map(row => [row.token, row])))
  for (const { token } of listLedgerTokens(books)) {
    const row = is!.get(token)
    if (!row) throw invalid(`${token} is initialised and can't be left out.`)
    const issuedUnits = supplyOf(books, token)
    if (row.maximum !== null && row.maximum < issuedUnits)
      throw invalid(`Of ${token} ${formatAmount(issuedUnits)} are issued, more than this maximum of ${formatAmount(row.maximum)}.`)
    const old = was!.get(token)
    if (!old || row.purpose !== old.purpose || row.initial !== old.initial || row.maximum !== old.maximum)
      throw invalid(`${token} is initialised and stays as it is; only tokens that are not yet take changes.`)
  }
  const fund = is!.get(UBO_FUND.token)
  if (fund && !findLedgerToken(books, UBO_FUND.token) && after['tokens.uboFund'] > fund.initial)
    throw invalid(`The UBO fund is to have ${formatAmount(after['tokens.uboFund'])} ${UBO_FUND.token} of it (tokens.uboFund).`)
}

function invalid(why: string): AppError {
  return new AppError('config.invalid', `tokens.table: ${why} Nothing was changed.`, { details: { field: 'tokens.table' } })
}
