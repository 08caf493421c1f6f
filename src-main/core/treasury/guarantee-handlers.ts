import { cleanName } from '../../../src-shared/text.ts'
import { GUARANTEE_TOKEN, type GuaranteeShown, type guaranteeRows } from '../../../src-shared/treasury/guarantees-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { endGuarantee, giveGuarantee } from '../../engines/guarantees/guarantee.ts'
import type { Store } from '../../store/index.ts'
import { findGuarantee, insertGuarantee, listGuarantees, type StoredGuarantee, saveGuaranteeEnd } from '../../store/treasury-guarantees.ts'
import { entityName, listedEntity, resolveEntity } from './entities.ts'
import { actingEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { numberIn } from './ids.ts'
import { moveTokens, tokenBalance } from './tokens.ts'

type GuaranteeQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, keyof typeof guaranteeRows>>
type GuaranteeCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, keyof typeof guaranteeRows>>

export const guaranteeName = (number: number) => `guar-${number}`

/**
 * Guarantees (tokenomics.md, Guarantees). The guarantor gives one and is bound by it; who is guaranteed lets go of it: releases it when it is
 * needed no more, or draws it when what it covers was not kept. Only the owner of a right acts on it, and the right is theirs; the guarantor
 * could otherwise burn its own promise. An administrator may do both too, for one whose side nobody acts as, like the treasury's own accounts.
 */
export function guaranteeHandlers(books: Store): { queries: GuaranteeQueries; commands: GuaranteeCommands } {
  const queries: GuaranteeQueries = {
    'guarantees.quote': ({ amount, coverageBps }, { config }) => {
      const ratioUnits = config['guarantees.ratio']
      const order = { guarantor: '', beneficiary: '', guaranteedUnits: amount, coverageBps, ratioUnits }
      const { allocatedUnits, lockedUnits } = giveGuarantee(order)
      return { allocated: allocatedUnits, minted: lockedUnits, ratio: ratioUnits }
    },
    'guarantees.list': ({ entityId: named, everybody, side = null, state = null, offset, limit }, context) => {
      const entityId = listedEntity(context, named, everybody)
      const { rows, total } = listGuarantees(books, { entityId, side, state }, { offset, limit })
      return { rows: rows.map(shown), total }
    },
  }

  const commands: GuaranteeCommands = {
    'guarantees.create': ({ to, amount, coverageBps, memo }, context) => {
      const { nowTs, doer, config } = context
      const guarantor = actingEntity(context)
      const beneficiary = resolveEntity(books, to)
      if (beneficiary === guarantor) throw refuse('guarantees.self')
      const guarantee = giveGuarantee({
        guarantor,
        beneficiary,
        guaranteedUnits: amount,
        coverageBps,
        ratioUnits: config['guarantees.ratio'],
      })
      const number = insertGuarantee(books, { ...guarantee, memo: cleanName(memo), createdTs: nowTs })
      const { lockedUnits: amountUnits } = guarantee
      const doing = { actor: doer, ts: nowTs, memo: `Collateral of ${guaranteeName(number)}` }
      if (amountUnits > 0n) {
        moveTokens(books, { op: 'mint', token: GUARANTEE_TOKEN, to: guarantor, amountUnits }, doing)
        moveTokens(books, { op: 'lock', token: GUARANTEE_TOKEN, entity: guarantor, amountUnits }, doing)
      }
      return { ...shown(findGuarantee(books, number)!), balance: tokenBalance(books, guarantor, GUARANTEE_TOKEN) }
    },
    'guarantees.release': ({ id }, context) => end(id, 'release', context),
    'guarantees.draw': ({ id }, context) => end(id, 'draw', context),
  }

  function end(id: string, how: 'release' | 'draw', { entityId, isAdministrator, nowTs, doer }: TreasuryContext): GuaranteeShown {
    const number = numberIn('guar', id)
    const stored = number === null ? null : findGuarantee(books, number)
    const { guarantee, burnedUnits } = endGuarantee(stored, how, { entity: entityId ?? '', isAdministrator })
    if (burnedUnits > 0n)
      moveTokens(
        books,
        { op: 'burn-locked', token: GUARANTEE_TOKEN, entity: guarantee.guarantor, amountUnits: burnedUnits },
        { actor: doer, ts: nowTs, memo: `${how === 'release' ? 'Release' : 'Drawing'} of ${id}` },
      )
    saveGuaranteeEnd(books, stored!.number, { state: guarantee.state, endedTs: nowTs })
    return shown(findGuarantee(books, stored!.number)!)
  }

  function shown(guarantee: StoredGuarantee): GuaranteeShown {
    const { number, guarantor, beneficiary, guaranteedUnits, coverageBps, ratioUnits, allocatedUnits, mintedUnits } = guarantee
    const { memo, state, createdTs, endedTs } = guarantee
    return {
      ...{ id: guaranteeName(number), guarantor, guarantorName: entityName(books, guarantor) },
      ...{ beneficiary, beneficiaryName: entityName(books, beneficiary), amount: guaranteedUnits, coverageBps, ratio: ratioUnits },
      ...{ allocated: allocatedUnits, minted: mintedUnits, memo, state, createdTs, endedTs },
    }
  }

  return { queries, commands }
}
