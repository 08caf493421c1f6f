import { sumUnits } from '../../../src-shared/money.ts'
import type { VaultTransfer } from '../../../src-shared/node-period.ts'
import type { MintRow, TransferRow, VaultMint } from './reconcile.ts'

/*
 * Which transfer stands for which mint, in each of the vault's modes. All get mints above 0 by time and id, and transfers above 0 by time and
 * transaction, no id and no transaction twice; and say something of each of them.
 */

export interface Cover {
  /** by the mint's id */
  mints: Map<string, Pick<MintRow, 'state' | 'txs' | 'uncoveredUnits'>>
  /** by transaction */
  transfers: Map<string, Pick<TransferRow, 'state' | 'mintIds' | 'expectedUnits' | 'excessUnits'>>
}

/** `per-mint`: a transfer for every mint, with the mint's id as memo and the mint's amount. */
export function coverByMemo(mints: readonly VaultMint[], transfers: readonly VaultTransfer[]): Cover {
  const cover: Cover = { mints: new Map(), transfers: new Map() }
  const ids = new Set(mints.map(mint => mint.id))
  const byMint = new Map<string, VaultTransfer[]>()
  for (const transfer of transfers) {
    if (transfer.memo === null || !ids.has(transfer.memo)) {
      cover.transfers.set(transfer.tx, forNothing('unknown-memo', transfer))
      continue
    }
    const naming = byMint.get(transfer.memo)
    if (naming) naming.push(transfer)
    else byMint.set(transfer.memo, [transfer])
  }
  for (const mint of mints) {
    const naming = byMint.get(mint.id) ?? []
    const txs = naming.map(transfer => transfer.tx)
    if (naming.length === 0) {
      cover.mints.set(mint.id, { state: 'missing', txs, uncoveredUnits: mint.amountUnits })
      continue
    }
    const isEqual = standFor(cover, naming, [mint], 'again')
    cover.mints.set(mint.id, { state: naming.length > 1 ? 'twice' : isEqual ? 'covered' : 'differs', txs, uncoveredUnits: 0n })
  }
  return cover
}

/**
 * `periodic`: a transfer stands for the mints since the transfer before it, up to and including its own second. Mints after the last one
 * wait for the next.
 */
export function coverByTime(mints: readonly VaultMint[], transfers: readonly VaultTransfer[]): Cover {
  const cover: Cover = { mints: new Map(), transfers: new Map() }
  let nextMint = 0
  for (let i = 0; i < transfers.length; ) {
    const { ts } = transfers[i]!
    const atOnce: VaultTransfer[] = []
    for (; i < transfers.length && transfers[i]!.ts === ts; i++) atOnce.push(transfers[i]!)
    const since: VaultMint[] = []
    for (; nextMint < mints.length && mints[nextMint]!.ts <= ts; nextMint++) since.push(mints[nextMint]!)
    if (since.length === 0) {
      for (const transfer of atOnce) cover.transfers.set(transfer.tx, forNothing('no-mints', transfer))
      continue
    }
    const isEqual = standFor(cover, atOnce, since, 'no-mints')
    const txs = atOnce.map(transfer => transfer.tx)
    for (const { id } of since) cover.mints.set(id, { state: isEqual ? 'covered' : 'differs', txs, uncoveredUnits: 0n })
  }
  for (const { id, amountUnits } of mints.slice(nextMint)) cover.mints.set(id, { state: 'not-yet', txs: [], uncoveredUnits: amountUnits })
  return cover
}

/** `manual`: transfers are arbitrary and only their sum is checked: it covers the mints from the first on, as far as it goes. */
export function coverInOrder(mints: readonly VaultMint[], transfers: readonly VaultTransfer[]): Cover {
  const cover: Cover = { mints: new Map(), transfers: new Map() }
  let left = 0n
  for (const { tx, amountUnits } of transfers) {
    left += amountUnits
    cover.transfers.set(tx, { state: 'counts', mintIds: [], expectedUnits: null, excessUnits: 0n })
  }
  for (const { id, amountUnits } of mints) {
    const part = left < amountUnits ? left : amountUnits
    left -= part
    const state = part === amountUnits ? 'covered' : part > 0n ? 'differs' : 'missing'
    cover.mints.set(id, { state, txs: [], uncoveredUnits: amountUnits - part })
  }
  return cover
}

/**
 * Takes one of the transfers as the one that stands for the mints: the first with their exact amount, or else the first. The others are
 * superfluous. Returns whether the amounts are equal.
 */
function standFor(
  cover: Cover,
  transfers: readonly VaultTransfer[],
  mints: readonly VaultMint[],
  superfluous: 'again' | 'no-mints',
): boolean {
  const expectedUnits = sumUnits(mints)
  const exact = transfers.find(transfer => transfer.amountUnits === expectedUnits)
  const chosen = exact ?? transfers[0]!
  for (const transfer of transfers) if (transfer !== chosen) cover.transfers.set(transfer.tx, forNothing(superfluous, transfer))
  cover.transfers.set(chosen.tx, {
    state: exact ? 'matches' : 'differs',
    mintIds: mints.map(mint => mint.id),
    expectedUnits,
    excessUnits: chosen.amountUnits - expectedUnits,
  })
  return exact !== undefined
}

/** A transfer that stands for no mint: all of it is more than was asked for. */
function forNothing(
  state: TransferRow['state'],
  transfer: VaultTransfer,
): Pick<TransferRow, 'state' | 'mintIds' | 'expectedUnits' | 'excessUnits'> {
  return { state, mintIds: [], expectedUnits: null, excessUnits: transfer.amountUnits }
}
