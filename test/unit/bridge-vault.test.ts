import { describe, expect, test } from 'vitest'
import { reconcile, type VaultMint, type VaultReport } from '../../src-main/engines/bridge-vault/reconcile.ts'
import { parseTransfersCsv, transfersCsv } from '../../src-main/engines/bridge-vault/transfers-csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { VaultTransfer } from '../../src-shared/node-period.ts'

const hex = (byte: string) => byte.repeat(32)
const mintOf = (id: string, amountUnits: bigint, ts: number): VaultMint => ({ id: hex(id), nodeId: ts, amountUnits, ts })
const transferOf = (tx: string, amountUnits: bigint, ts: number, memo: string | null = null): VaultTransfer => ({
  tx: hex(tx),
  ts,
  amountUnits,
  memo: memo === null ? null : hex(memo),
  note: '',
})
/** states by the first two letters of id and transaction */
const statesOf = ({ mints, transfers }: VaultReport) => ({
  mints: Object.fromEntries(mints.map(row => [row.id.slice(0, 2), row.state])),
  transfers: transfers.map(row => [row.tx.slice(0, 2), row.state, row.excessUnits]),
})
const shortOf = (list: string[]) => list.map(id => id.slice(0, 2))

describe('per-mint', () => {
  const report = reconcile({
    mode: 'per-mint',
    mints: [mintOf('a1', 100n, 1), mintOf('a2', 200n, 2), mintOf('a3', 300n, 3), mintOf('a4', 400n, 4), mintOf('a0', 0n, 5)],
    transfers: [
      transferOf('01', 100n, 10, 'a1'),
      transferOf('02', 199n, 11, 'a2'),
      transferOf('03', 1n, 12, 'a3'),
      transferOf('04', 300n, 13, 'a3'),
      transferOf('05', 7n, 14, 'ff'),
      transferOf('06', 8n, 15),
      transferOf('01', 100n, 10, 'a1'),
    ],
  })
  test('each mint is covered by the transfer that names it, in the amount of the mint', () => {
    expect(statesOf(report)).toEqual({
      mints: { a1: 'covered', a2: 'differs', a3: 'twice', a4: 'missing', a0: 'nothing' },
      transfers: [
        ['01', 'matches', 0n],
        ['01', 'duplicate', 0n],
        ['02', 'differs', -1n],
        ['03', 'again', 1n],
        ['04', 'matches', 0n],
        ['05', 'unknown-memo', 7n],
        ['06', 'unknown-memo', 8n],
      ],
    })
    expect(shortOf(report.mints[2]!.txs)).toEqual(['03', '04'])
    expect(shortOf(report.transfers[2]!.mintIds)).toEqual(['a2'])
  })
  test('minted, vaulted and the difference', () => {
    expect(report).toMatchObject({ mintedUnits: 1000n, vaultedUnits: 615n, differenceUnits: 385n, coveredUpTo: { id: hex('a1'), ts: 1 } })
    expect(report.mints.map(row => row.uncoveredUnits)).toEqual([0n, 0n, 0n, 400n, 0n])
  })
  test('entries of one transaction that contradict each other count as the least of them', () => {
    const { vaultedUnits, transfers } = reconcile({
      mode: 'per-mint',
      mints: [],
      transfers: [transferOf('01', 9n, 1), transferOf('01', 5n, 2), transferOf('02', 0n, 3), transferOf('03', -4n, 4)],
    })
    expect(vaultedUnits).toBe(5n)
    expect(transfers.map(row => row.state)).toEqual(['duplicate', 'unknown-memo', 'no-amount', 'no-amount'])
  })
  test('a broken list of mints is refused', () => {
    const refused = (mints: VaultMint[]) => () => reconcile({ mode: 'per-mint', mints, transfers: [] })
    expect(refused([mintOf('a1', 1n, 1), mintOf('a1', 1n, 2)])).toThrow(/stands for two mints/)
    expect(refused([mintOf('a1', -1n, 1)])).toThrow(AppError)
  })
})

describe('periodic', () => {
  const mints = [mintOf('a1', 100n, 10), mintOf('a2', 200n, 20), mintOf('a3', 300n, 21), mintOf('a4', 400n, 40), mintOf('a5', 500n, 51)]
  test('a transfer stands for the mints since the one before it', () => {
    const report = reconcile({
      mode: 'periodic',
      mints,
      transfers: [transferOf('03', 5n, 45), transferOf('01', 300n, 20), transferOf('02', 690n, 40)],
    })
    expect(statesOf(report)).toEqual({
      mints: { a1: 'covered', a2: 'covered', a3: 'differs', a4: 'differs', a5: 'not-yet' },
      transfers: [
        ['01', 'matches', 0n],
        ['02', 'differs', -10n],
        ['03', 'no-mints', 5n],
      ],
    })
    expect(report.transfers.map(row => [shortOf(row.mintIds).join(), row.expectedUnits, row.differenceThenUnits])).toEqual([
      ['a1,a2', 300n, 0n],
      ['a3,a4', 700n, 10n],
      ['', null, 5n],
    ])
    expect(report).toMatchObject({ mintedUnits: 1500n, vaultedUnits: 995n, differenceUnits: 505n, coveredUpTo: { id: hex('a2') } })
  })
  test('of two transfers in one second the one with the exact sum stands for the mints', () => {
    const report = reconcile({
      mode: 'periodic',
      mints: mints.slice(0, 1),
      transfers: [transferOf('01', 3n, 30), transferOf('02', 100n, 30)],
    })
    expect(statesOf(report)).toEqual({
      mints: { a1: 'covered' },
      transfers: [
        ['01', 'no-mints', 3n],
        ['02', 'matches', 0n],
      ],
    })
  })
  test('without a transfer every mint waits', () => {
    const report = reconcile({ mode: 'periodic', mints, transfers: [] })
    expect(new Set(report.mints.map(row => row.state))).toEqual(new Set(['not-yet']))
    expect(report.coveredUpTo).toBeNull()
  })
})

describe('manual', () => {
  const mints = [mintOf('a2', 200n, 2), mintOf('a1', 100n, 1), mintOf('a3', 300n, 3)]
  const covered = (...amounts: bigint[]) => {
    const transfers = amounts.map((amount, i) => transferOf(`0${i}`, amount, 100 - i))
    const { mints: rows, coveredUpTo, differenceUnits } = reconcile({ mode: 'manual', mints, transfers })
    return [rows.map(row => `${row.state} ${row.uncoveredUnits}`), coveredUpTo?.id.slice(0, 2), differenceUnits]
  }
  test('the sum covers the mints from the first on', () => {
    expect(covered(50n, 260n)).toEqual([['covered 0', 'covered 0', 'differs 290'], 'a2', 290n])
    expect(covered(99n)).toEqual([['differs 1', 'missing 200', 'missing 300'], undefined, 501n])
    expect(covered(300n)).toEqual([['covered 0', 'covered 0', 'missing 300'], 'a2', 300n])
    expect(covered(600n)).toEqual([['covered 0', 'covered 0', 'covered 0'], 'a3', 0n])
    expect(covered(500n, 200n)).toEqual([['covered 0', 'covered 0', 'covered 0'], 'a3', -100n])
  })
})

describe('transfers as CSV', () => {
  const header = 'tx,time,amount,memo,note'
  const tx = hex('0A')
  const errorOf = (text: string) => {
    try {
      parseTransfersCsv(text)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return [error.details.line, error.details.column ?? error.details.character, error.message]
    }
    throw new Error('was taken')
  }
  test('times, amounts and memos in each of their forms', () => {
    const base64 = Buffer.from(hex('ab'), 'hex').toString('base64')
    const text = [
      `\uFEFF${header}`,
      `${tx},1732971400,1279.425,${hex('AB')},"two, words"`,
      `${hex('02')},2024-11-30T12:56:40Z,0.0000001,${base64},`,
      '',
      `${hex('03')}, 2024-11-30 12:56:40 UTC ,922337203685.4775807,,'=1+1`,
    ].join('\n')
    expect(parseTransfersCsv(text)).toEqual([
      { tx: hex('0a'), ts: 1_732_971_400, amountUnits: 12_794_250_000n, memo: hex('ab'), note: 'two, words' },
      { tx: hex('02'), ts: 1_732_971_400, amountUnits: 1n, memo: hex('ab'), note: '' },
      { tx: hex('03'), ts: 1_732_971_400, amountUnits: 2n ** 63n - 1n, memo: null, note: '=1+1' },
    ])
    expect(parseTransfersCsv(`${header}\r\n`)).toEqual([])
  })
  test('written as it is read', () => {
    const transfer = { ...transferOf('0a', 12_794_250_000n, 1_732_971_400, 'ab'), note: '=SUM(A1)' }
    expect(transfersCsv([transfer])).toBe(`${header}\r\n${hex('0a')},1732971400,1279.4250000,${hex('ab')},'=SUM(A1)\r\n`)
    const notes = ["'=a", "''=a", "'a", '=a', '-5', "'-5", '\tx', 'a"b\r\nc', ' b ']
    const transfers = notes.map((note, i) => ({ ...transferOf(`1${i}`, 1n, i), note }))
    expect(parseTransfersCsv(transfersCsv(transfers))).toEqual(transfers)
  })
  test.each([
    ['', 1, 'tx'],
    ['tx;time;amount;memo;note\n', 1, 'tx'],
    ['tx,time,amount,note,memo\n', 1, 'memo'],
    [`${header},more\n`, 1, '6'],
    [`${header}\n\n${tx},1,1,\n`, 3, 'note'],
    [`${header}\n${tx},1,1,,a,b\n`, 2, 'note'],
    [`${header}\n${tx}0,1,1,,\n`, 2, 'tx'],
    [`${header}\n${tx},2024-11-30T12:56:40,1,,\n`, 2, 'time'],
    [`${header}\n${tx},2024-11-30T12:56:40+01:00,1,,\n`, 2, 'time'],
    [`${header}\n${tx},2024-02-30T12:56:40Z,1,,\n`, 2, 'time'],
    [`${header}\n${tx},1732971400000,1,,\n`, 2, 'time'],
    [`${header}\n${tx},1,"1,279.42",,\n`, 2, 'amount'],
    [`${header}\n${tx},1,1e3,,\n`, 2, 'amount'],
    [`${header}\n${tx},1,0.00000001,,\n`, 2, 'amount'],
    [`${header}\n${tx},1,0,,\n`, 2, 'amount'],
    [`${header}\n${tx},1,-1,,\n`, 2, 'amount'],
    [`${header}\n${tx},1,922337203685.4775808,,\n`, 2, 'amount'],
    [`${header}\n${tx},1,1,${'ab'.repeat(31)},\n`, 2, 'memo'],
    [`${header}\n${tx},1,1,payment for june,\n`, 2, 'memo'],
    [`${header}\n${tx},1,1,${'A'.repeat(42)}B=,\n`, 2, 'memo'],
    [`${header}\n${tx},1,1,,${'x'.repeat(201)}\n`, 2, 'note'],
    [`${header}\n${tx},1,1,,"a\nb"\n${tx},1,2,,\n`, 4, 'tx'],
    [`${header}\n${tx},1,1,,"a\n`, 2, 71],
    [`${header}\n${tx},1,1,,a"b\n`, 2, 72],
    [`${header}\n${tx},1,1,,"a"b\n`, 2, 74],
  ])('%j is refused where it is wrong', (text, line, column) => {
    const [foundLine, foundColumn, message] = errorOf(text)
    expect([foundLine, foundColumn]).toEqual([line, column])
    expect(message).toMatch(new RegExp(`[Ll]ine ${line}\\b`))
    expect(message).toMatch(/\. (Enter|Write|Put|Cut|Keep) [^!]*\.$/)
  })
  test('a line that is merely repeated stays', () => {
    const transfer = transferOf('0a', 5n, 1)
    expect(parseTransfersCsv(transfersCsv([transfer, transfer]))).toEqual([transfer, transfer])
  })
})
