import { AppError } from '../../../src-shared/errors.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { ReinvestmentShown } from '../../../src-shared/treasury/revenue-table.ts'
import { type ReinvestShares, reinvest } from '../../engines/credit/metabolic.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, post } from '../../store/ledger.ts'
import { insertReinvestment, listReinvestments, type StoredReinvestment } from '../../store/treasury-revenue.ts'
import { entityName, resolveEntity } from './entities.ts'
import type { TreasuryCommandHandlers, TreasuryContext, TreasuryInput, TreasuryQueryHandlers } from './handlers.ts'
import { checkPayable } from './payments.ts'

type RevenueQueries = Pick<TreasuryQueryHandlers, 'revenue.quote' | 'revenue.list'>
type RevenueCommands = Pick<TreasuryCommandHandlers, 'revenue.reinvest'>

const REVENUE = 'fees'

/**
 * Reinvestment of revenue (tokenomics.md, Credit and the metabolic model). What is on the account of the fees is what has come in since the last
 * time: each split empties it.
 */
export function revenueHandlers(books: Store): { queries: RevenueQueries; commands: RevenueCommands } {
  const queries: RevenueQueries = {
    'revenue.quote': ({ token }, context) => {
      checkPayable(context, token)
      const revenue = revenueOf(token)
      const split = reinvest(revenue, 0n, sharesOf(context.config))
      return {
        ...{ token, revenue, infrastructure: split.infrastructureUnits, students: split.studentsUnits, team: split.teamUnits },
        reserveTarget: split.reserveTargetUnits,
      }
    },
    'revenue.list': ({ token = null, ...page }) => {
      const { rows, total } = listReinvestments(books, token, page)
      return { rows: rows.map(shown), total }
    },
  }

  const commands: RevenueCommands = {
    'revenue.reinvest': (input, context) => {
      const { token } = input
      checkPayable(context, token)
      const revenueUnits = revenueOf(token)
      if (revenueUnits === 0n) throw refuse('revenue.nothing', { token })
      const capital = capitalOf(input, context)
      const shares = sharesOf(context.config)
      const split = reinvest(revenueUnits, capital?.units ?? 0n, shares)
      const entry = move(context, token, { revenueUnits, capitalFrom: capital?.from ?? null, ...split })
      const kept = { ...split, ...shares, entry, ts: context.nowTs, token, revenueUnits, capitalFrom: capital?.from ?? null }
      return shown({ ...kept, number: insertReinvestment(books, kept) })
    },
  }

  function revenueOf(token: string): bigint {
    return balanceOf(books, REVENUE, token).availableUnits
  }

  /**
   * Capital from outside, which its owner gives: the administrator names the entity and the amount, and whoever owns it has unlocked it here.
   * Throws AppError usage, revenue.capital, tokens.balance.
   */
  function capitalOf(
    { token, capitalFrom, capital }: TreasuryInput<'revenue.reinvest'>,
    { entityId }: TreasuryContext,
  ): { from: string; units: bigint } | null {
    if (capitalFrom === undefined && capital === undefined) return null
    if (capitalFrom === undefined || capital === undefined)
      throw new AppError('usage', 'Capital for the reserve needs both: who gives it, and how much. Nothing was moved.')
    if (capital <= 0n) throw refuse('payments.amount')
    const from = resolveEntity(books, capitalFrom)
    if (from !== entityId) throw refuse('revenue.capital')
    if (capital > balanceOf(books, from, token).availableUnits) throw refuse('tokens.balance')
    return { from, units: capital }
  }

  function move(
    { nowTs, doer }: TreasuryContext,
    token: string,
    split: ReturnType<typeof reinvest> & { revenueUnits: bigint; capitalFrom: string | null },
  ): bigint {
    const { revenueUnits, infrastructureUnits, studentsUnits, teamUnits, reserveFundedUnits, capitalFrom } = split
    const add = (entity: string, amountUnits: bigint) => ({ entity, token, part: 'available' as const, amountUnits })
    return post(books, {
      kind: 'TRANSFER',
      ts: nowTs,
      actor: doer,
      memo: 'Reinvestment of revenue',
      postings: [
        add(REVENUE, -revenueUnits),
        add('infrastructure', infrastructureUnits),
        add('students', studentsUnits),
        add('team', teamUnits),
        ...(capitalFrom === null ? [] : [add(capitalFrom, -reserveFundedUnits), add('reserve', reserveFundedUnits)]),
      ],
    })
  }

  function shown(split: StoredReinvestment & { number: number }): ReinvestmentShown {
    const { number, ts, entry, token, reserveTargetUnits, reserveFundedUnits, capitalFrom, studentsBps, teamBps, reserveBps } = split
    return {
      ...{ id: `split-${number}`, ts, entry: Number(entry), token, revenue: split.revenueUnits, infrastructure: split.infrastructureUnits },
      ...{ students: split.studentsUnits, team: split.teamUnits, reserveTarget: reserveTargetUnits, reserveFunded: reserveFundedUnits },
      ...{ reserveShortfall: reserveTargetUnits - reserveFundedUnits, capitalFrom, studentsBps, teamBps, reserveBps },
      capitalFromName: capitalFrom === null ? null : entityName(books, capitalFrom),
    }
  }

  return { queries, commands }
}

function sharesOf(config: TreasuryConfig): ReinvestShares {
  return {
    studentsBps: config['reinvest.studentsBps'],
    teamBps: config['reinvest.teamBps'],
    reserveBps: config['reinvest.reserveBps'],
  }
}
