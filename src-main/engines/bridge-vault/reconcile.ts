import { AppError } from '../../../src-shared/errors.ts'
import { sumUnits } from '../../../src-shared/money.ts'
import type { VaultMode, VaultTransfer } from '../../../src-shared/node-period.ts'
import { compareText } from '../../../src-shared/text.ts'
import type { MintCover, TransferUse } from '../../../src-shared/vault-contract.ts'
import { coverByMemo, coverByTime, coverInOrder } from './cover.ts'

/*
 * Bridge vault (minting.md): tokens on the chain are backed one to one by a vault on Stellar. The mints of a network against the transfers
 * to its vault, in the three modes. Amounts are units of 1e-7 TFT, times seconds.
 */

/** A mint that puts tokens on the chain. */
export interface VaultMint {
  /** 64 hex digits: the memo of its transfer in mode `per-mint` */
  id: string
  nodeId: number
  amountUnits: bigint
  ts: number
}

export interface MintRow extends VaultMint {
  state: MintCover
  /** the transfers for it, oldest first; none in mode manual, where no transfer belongs to a mint */
  txs: string[]
  /** what of its amount has no transfer at all */
  uncoveredUnits: bigint
}

export interface TransferRow extends VaultTransfer {
  state: TransferUse
  /** the mints it stands for, in their order */
  mintIds: string[]
  /** what they come to; null where it stands for none */
  expectedUnits: bigint | null
  /** by how much it is more (negative: less) than those mints ask for; 0 for an entry that does not count and in mode manual */
  excessUnits: bigint
  /** minted less vaulted at that moment, of all up to and including its second; null if it does not count */
  differenceThenUnits: bigint | null
}

/**
 * `differenceUnits` = minted - vaulted: above 0, so many units on the chain are backed by nothing. In modes per-mint and periodic it is the
 * sum of the mints' `uncoveredUnits` less that of the transfers' `excessUnits`.
 */
export interface VaultReport {
  mode: VaultMode
  mintedUnits: bigint
  vaultedUnits: bigint
  differenceUnits: bigint
  /** by time, then id */
  mints: MintRow[]
  /** by time, then transaction */
  transfers: TransferRow[]
  /** the last mint up to which, without a gap from the first, every mint is covered; null if the first is not */
  coveredUpTo: { id: string; ts: number } | null
}

/**
 * Mints against transfers. The order of the input does not matter, and each mint and each entry of a transfer stands in one row. Every
 * transfer counts as vaulted once, whatever its memo. Throws AppError `mint.inconsistent` where one id stands for two mints or an amount is
 * negative: then no figure of it can be trusted.
 */
export function reconcile(input: { mode: VaultMode; mints: readonly VaultMint[]; transfers: readonly VaultTransfer[] }): VaultReport {
  const mints = [...input.mints].sort((a, b) => a.ts - b.ts || compareText(a.id, b.id))
  refuseBadMints(mints)
  const { counted, uncounted } = splitTransfers(input.transfers)
  const asking = mints.filter(mint => mint.amountUnits > 0n)
  const cover = coverers[input.mode](asking, counted)
  const differences = differencesAt(mints, counted)

  const mintRows = mints.map((mint): MintRow => {
    const found = cover.mints.get(mint.id)
    return found ? { ...mint, ...found } : { ...mint, state: 'nothing', txs: [], uncoveredUnits: 0n }
  })
  const used = counted.map(transfer => ({
    ...transfer,
    ...cover.transfers.get(transfer.tx)!,
    differenceThenUnits: differences.get(transfer.tx)!,
  }))
  const mintedUnits = sumUnits(mints)
  const vaultedUnits = sumUnits(counted)
  return {
    mode: input.mode,
    mintedUnits,
    vaultedUnits,
    differenceUnits: mintedUnits - vaultedUnits,
    mints: mintRows,
    transfers: [...used, ...uncounted].sort(byTimeAndTx),
    coveredUpTo: coveredUpTo(mintRows),
  }
}

const coverers = { 'per-mint': coverByMemo, periodic: coverByTime, manual: coverInOrder } as const

function refuseBadMints(mints: readonly VaultMint[]): void {
  const ids = new Set<string>()
  for (const { id, nodeId, amountUnits } of mints) {
    const what = ids.has(id) ? 'stands for two mints' : amountUnits < 0n ? 'has a negative amount' : null
    if (what !== null)
      throw new AppError('mint.inconsistent', `Mint ${id} (node ${nodeId}) ${what}. Compute the mints of this network again.`, {
        details: { record: `node ${nodeId}` },
      })
    ids.add(id)
  }
}

/**
 * One entry of each transaction counts. Where entries of one transaction contradict each other it is the one with the least amount, so that a
 * slip of the hand never makes the vault look fuller than it is.
 */
function splitTransfers(transfers: readonly VaultTransfer[]): { counted: VaultTransfer[]; uncounted: TransferRow[] } {
  const counted = new Map<string, VaultTransfer>()
  const uncounted: TransferRow[] = []
  for (const transfer of [...transfers].sort(byLeastAmount)) {
    const state = transfer.amountUnits <= 0n ? 'no-amount' : counted.has(transfer.tx) ? 'duplicate' : null
    if (state === null) counted.set(transfer.tx, transfer)
    else uncounted.push({ ...transfer, state, mintIds: [], expectedUnits: null, excessUnits: 0n, differenceThenUnits: null })
  }
  return { counted: [...counted.values()].sort(byTimeAndTx), uncounted }
}

/** By transaction: minted less vaulted up to and including the transfer's second. Both lists are in the order of time. */
function differencesAt(mints: readonly VaultMint[], transfers: readonly VaultTransfer[]): Map<string, bigint> {
  const differences = new Map<string, bigint>()
  let difference = 0n
  let nextMint = 0
  for (let i = 0; i < transfers.length; ) {
    const { ts } = transfers[i]!
    for (; nextMint < mints.length && mints[nextMint]!.ts <= ts; nextMint++) difference += mints[nextMint]!.amountUnits
    let end = i
    for (; end < transfers.length && transfers[end]!.ts === ts; end++) difference -= transfers[end]!.amountUnits
    for (; i < end; i++) differences.set(transfers[i]!.tx, difference)
  }
  return differences
}

function coveredUpTo(rows: readonly MintRow[]): VaultReport['coveredUpTo'] {
  const gap = rows.findIndex(row => row.state !== 'covered' && row.state !== 'nothing')
  const last = rows[(gap === -1 ? rows.length : gap) - 1]
  return last ? { id: last.id, ts: last.ts } : null
}

function byTimeAndTx(a: VaultTransfer, b: VaultTransfer): number {
  return a.ts - b.ts || compareText(a.tx, b.tx) || byLeastAmount(a, b)
}

/** A full order of entries: equal only where all that they say is equal. */
function byLeastAmount(a: VaultTransfer, b: VaultTransfer): number {
  const amount = a.amountUnits < b.amountUnits ? -1 : a.amountUnits > b.amountUnits ? 1 : 0
  return amount || a.ts - b.ts || compareText(a.tx, b.tx) || compareText(a.memo ?? '', b.memo ?? '') || compareText(a.note, b.note)
}
