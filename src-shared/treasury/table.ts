import { accessTokenRows } from './access-tokens-table.ts'
import { configRows } from './config-table.ts'
import { creditRows } from './credit-table.ts'
import { curveRows } from './curve-table.ts'
import { entityRows } from './entities-table.ts'
import { governanceRows } from './governance-table.ts'
import { auctionRows, guaranteeRows } from './guarantees-table.ts'
import { paymentImportRows } from './payments-import-table.ts'
import { paymentRows } from './payments-table.ts'
import { poolRows } from './pools-table.ts'
import { revenueRows } from './revenue-table.ts'
import { rewardRows } from './rewards-table.ts'
import type { TreasuryRow } from './row.ts'
import { scheduleRows } from './schedule-table.ts'
import { stakingRows } from './staking-table.ts'
import { tokenFigureRows } from './token-figures-table.ts'
import { tokenRows } from './tokens-table.ts'
import { trustRows } from './trust-table.ts'
import { watchRows } from './watch-table.ts'

/**
 * The table of the treasury's commands and queries: a subject joins by adding its rows, and handlers of the same names (core/treasury). The
 * contract, the REST door with its OpenAPI, and `granary treasury` come from it.
 */
export const treasuryTable = {
  ...tokenRows,
  ...tokenFigureRows,
  ...entityRows,
  ...configRows,
  ...accessTokenRows,
  ...trustRows,
  ...creditRows,
  ...paymentRows,
  ...paymentImportRows,
  ...revenueRows,
  ...watchRows,
  ...scheduleRows,
  ...poolRows,
  ...guaranteeRows,
  ...auctionRows,
  ...stakingRows,
  ...rewardRows,
  ...curveRows,
  ...governanceRows,
}

type Table = typeof treasuryTable
type NamesOf<Kind> = { [N in keyof Table]: Table[N] extends { kind: Kind } ? N : never }[keyof Table]
export type TreasuryQueryName = NamesOf<'query'>
export type TreasuryCommandName = NamesOf<'command'>
export type TreasuryName = TreasuryQueryName | TreasuryCommandName

/** The rows, for whoever goes through all of them. */
export const treasuryEntries = Object.entries(treasuryTable) as [TreasuryName, TreasuryRow][]

function ofKind<Names extends TreasuryName>(kind: TreasuryRow['kind']): Pick<Table, Names> {
  return Object.fromEntries(treasuryEntries.filter(([, row]) => row.kind === kind)) as unknown as Pick<Table, Names>
}

/** Parts of the contract. */
export const treasuryQueries = ofKind<TreasuryQueryName>('query')
export const treasuryCommands = ofKind<TreasuryCommandName>('command')

export function isTreasuryQuery(name: string): name is TreasuryQueryName {
  return Object.hasOwn(treasuryQueries, name)
}

export function isTreasuryCommand(name: string): name is TreasuryCommandName {
  return Object.hasOwn(treasuryCommands, name)
}
