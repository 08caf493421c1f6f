import { group, tftExact } from '../../../src-shared/money.ts'
import type { VaultVerdict } from '../../../src-shared/vault-contract.ts'
import type { MintRow, TransferRow, VaultReport } from './reconcile.ts'

/*
 * What the figures of a vault mean, in words: whether it covers what was minted, what to do, and why each mint and each transfer stands as
 * it does.
 */

/** What of each mint no transfer backs, by id; mints that lack nothing are not in it. */
export type Lacking = ReadonlyMap<string, bigint>

/**
 * In mode per-mint a mint is backed by the transfers that name it, also where they are several or of another amount, so that a wrong
 * transfer can be put right by another one. In the other modes it is what the report calls uncovered.
 */
export function lackingOf(report: VaultReport): Lacking {
  const amounts = amountsOf(report)
  const lacking = new Map<string, bigint>()
  for (const row of report.mints) {
    const named = row.txs.reduce((sum, tx) => sum + (amounts.get(tx) ?? 0n), 0n)
    const units = report.mode === 'per-mint' ? row.amountUnits - named : row.uncoveredUnits
    if (units > 0n) lacking.set(row.id, units)
  }
  return lacking
}

function sumOf(lacking: Lacking): bigint {
  let total = 0n
  for (const units of lacking.values()) total += units
  return total
}

/** The amount that each transaction counts with. */
function amountsOf(report: VaultReport): Map<string, bigint> {
  return new Map(report.transfers.filter(counts).map(row => [row.tx, row.amountUnits]))
}

/** Whether an entry counts as vaulted: one of each transaction does, if it has an amount. */
export function counts({ state }: Pick<TransferRow, 'state'>): boolean {
  return state !== 'duplicate' && state !== 'no-amount'
}

/** Whether every mint is backed, and what to do if not. */
export function verdictOf(report: VaultReport, lacking: Lacking): VaultVerdict {
  const { mode, mintedUnits, differenceUnits } = report
  const say = (state: VaultVerdict['state'], title: string, wayOut: string): VaultVerdict => ({
    state,
    covered: state === 'none' || state === 'covered',
    title,
    wayOut,
  })
  const more = differenceUnits < 0n ? `${tft(-differenceUnits)} more than that` : null
  if (mintedUnits === 0n) {
    const title = 'Nothing was minted, so nothing has to be backed'
    return say('none', title, more === null ? '' : `The vault holds ${tft(-differenceUnits)}.`)
  }
  if (differenceUnits > 0n) {
    const waiting = mode === 'periodic' && sumOf(lacking) >= differenceUnits
    return say(waiting ? 'waiting' : 'short', `${tft(differenceUnits)} are not backed`, wayOutOfShort(report, lacking))
  }
  if (mode === 'per-mint' && lacking.size > 0) {
    const title = `The vault holds enough in all, but ${mintsText(lacking.size)} ${lacking.size === 1 ? 'lacks a' : 'lack'} full ${lacking.size === 1 ? 'transfer of its own' : 'transfers of their own'}`
    return say('misplaced', title, wayOutOfLacking(report, lacking))
  }
  return say(
    'covered',
    more === null ? 'Everything that was minted is backed' : `Everything that was minted is backed, and the vault holds ${more}`,
    odd(report),
  )
}

/** In mode per-mint: transfers that name no mint may be entered wrongly; what is not explained by them has to be sent. */
function wayOutOfLacking({ transfers }: VaultReport, lacking: Lacking): string {
  const stray = transfers.filter(({ state }) => state === 'unknown-memo').length
  const look =
    stray === 0
      ? ''
      : `${transfersText(stray)} ${stray === 1 ? 'names' : 'name'} no mint: if a memo was entered wrongly, remove that transfer and enter it anew. Otherwise `
  const send = look === '' ? 'Send' : 'send'
  return lacking.size === 1
    ? `${look}${send} ${tft(sumOf(lacking))} to the vault with the id of the mint that lacks it as the memo, then enter the transfer here.`
    : `${look}${send} to the vault what each of ${mintsText(lacking.size)} lacks, ${tft(sumOf(lacking))} in all, with its id as the memo, then enter the transfers here.`
}

function wayOutOfShort(report: VaultReport, lacking: Lacking): string {
  const { mode, mints, differenceUnits } = report
  const total = sumOf(lacking)
  if (mode === 'per-mint') return wayOutOfLacking(report, lacking)
  const waiting = mints.filter(({ state }) => state === 'not-yet').length
  if (mode === 'periodic' && waiting > 0) {
    const sum = `${mintsText(waiting)} of ${waiting === 1 ? '' : 'together '}${tft(total)} ${waiting === 1 ? 'waits' : 'wait'} for the next transfer. Send ${waiting === 1 ? 'that amount' : 'that sum'} to the vault, then enter the transfer here.`
    return differenceUnits > total ? `${sum} ${tft(differenceUnits - total)} are missing from the transfers before; send them apart.` : sum
  }
  return `Send ${tft(differenceUnits)} to the vault, then enter the transfer here.`
}

/** What is covered, but not as the mode wants it. */
function odd({ mode, transfers, mints }: VaultReport): string {
  if (mode === 'manual') return ''
  const stray = transfers.filter(({ state }) => state === 'unknown-memo' || state === 'no-mints' || state === 'again').length
  const differing = mints.filter(({ state }) => state === 'differs' || state === 'twice').length
  const found = [
    ...(stray > 0 ? [`${transfersText(stray)} ${stray === 1 ? 'stands' : 'stand'} for no mint.`] : []),
    ...(differing > 0 ? [`${mintsText(differing)} ${differing === 1 ? 'has' : 'have'} transfers of another amount.`] : []),
  ]
  return found.length === 0 ? '' : `${found.join(' ')} The lists below say which.`
}

export interface RowWords {
  /** the state in a few words */
  word: string
  /** a sentence */
  why: string
}

/** Why each mint of a report stands as it does. */
export function mintWords(report: VaultReport): (row: MintRow) => RowWords {
  const amounts = amountsOf(report)
  const sent = (row: MintRow) => row.txs.reduce((sum, tx) => sum + (amounts.get(tx) ?? 0n), 0n)
  const { mode } = report
  const words: Record<MintRow['state'], (row: MintRow) => RowWords> = {
    nothing: () => ({ word: 'Nothing to back', why: 'A mint of 0 TFT needs no transfer.' }),
    covered: () => ({ word: 'Backed', why: coveredWhy[mode] }),
    missing: () =>
      mode === 'manual'
        ? { word: 'Not backed', why: 'The mints before it use up all that was transferred.' }
        : { word: 'No transfer', why: 'No transfer has its id as the memo.' },
    'not-yet': () => ({ word: 'Waits', why: 'It was decided after the last transfer. The next one stands for it.' }),
    twice: row => ({
      word: 'Several transfers',
      why: `${transfersText(row.txs.length)} name it; together they are ${compared(sent(row) - row.amountUnits, 'its amount')}.`,
    }),
    differs: row =>
      mode === 'manual'
        ? { word: 'Backed in part', why: `All that was transferred reaches to all but ${tft(row.uncoveredUnits)} of it.` }
        : mode === 'periodic'
          ? {
              word: 'Another sum',
              why: `The transfer after it is ${tft(sent(row))}, which is not the sum of the mints that it stands for.`,
            }
          : { word: 'Another amount', why: `The transfer that names it is ${compared(sent(row) - row.amountUnits, 'its amount')}.` },
  }
  return row => words[row.state](row)
}

const coveredWhy = {
  'per-mint': 'A transfer of exactly its amount has its id as the memo.',
  periodic: 'The transfer after it is exactly the sum of the mints since the transfer before.',
  manual: 'What was transferred in all reaches this far.',
}

/** Why a transfer stands as it does. */
export function transferWords(row: TransferRow): RowWords {
  const many = row.mintIds.length
  const whose = many === 1 ? 'the mint that it stands for' : `the ${many} mints that it stands for`
  switch (row.state) {
    case 'matches':
      return { word: 'Matches', why: `It is exactly the amount of ${whose}.` }
    case 'differs':
      return { word: 'Another amount', why: `It is ${compared(row.excessUnits, `the amount of ${whose}`)}.` }
    case 'again':
      return { word: 'Again', why: 'Its memo names a mint that another transfer stands for.' }
    case 'unknown-memo':
      return {
        word: 'Names no mint',
        why: row.memo === null ? 'It has no memo, so it names no mint.' : 'Its memo is not the id of a mint that was decided.',
      }
    case 'no-mints':
      return { word: 'For no mint', why: 'Nothing was minted since the transfer before it.' }
    case 'counts':
      return { word: 'Counts', why: 'Only the sum of all transfers matters in this mode.' }
    case 'duplicate':
      return { word: 'Does not count', why: 'Another entry of the same transaction counts.' }
    case 'no-amount':
      return { word: 'Does not count', why: 'A transfer to the vault has an amount above 0.' }
  }
}

function compared(excessUnits: bigint, what: string): string {
  if (excessUnits === 0n) return `exactly ${what}`
  return `${tft(excessUnits < 0n ? -excessUnits : excessUnits)} ${excessUnits < 0n ? 'less' : 'more'} than ${what}`
}

function tft(units: bigint): string {
  return `${group(tftExact(units))} TFT`
}

function mintsText(count: number): string {
  return count === 1 ? '1 mint' : `${group(String(count))} mints`
}

function transfersText(count: number): string {
  return count === 1 ? '1 transfer' : `${group(String(count))} transfers`
}
