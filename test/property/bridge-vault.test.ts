import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reconcile, type VaultMint, type VaultReport } from '../../src-main/engines/bridge-vault/reconcile.ts'
import { parseTransfersCsv, transfersCsv } from '../../src-main/engines/bridge-vault/transfers-csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import { type VaultTransfer, vaultModeSchema } from '../../src-shared/node-period.ts'
import { runs } from '../helpers/runs.ts'

const hex64 = (n: number) => n.toString(16).padStart(64, '0')
const smallAmount = fc.constantFrom(0n, 1n, 2n, 3n, 5n, 5n)

/** Few ids, times and amounts, so that they meet: transfers twice, for no mint, at the second of a mint, of the exact sum. */
const mints: fc.Arbitrary<VaultMint[]> = fc
  .array(fc.record({ amountUnits: smallAmount, ts: fc.nat(12) }), { maxLength: 12 })
  .map(list => list.map((mint, i) => ({ id: hex64(i), nodeId: i % 3, ...mint })))
const transfer: fc.Arbitrary<VaultTransfer> = fc.record({
  tx: fc.integer({ min: 100, max: 112 }).map(hex64),
  ts: fc.nat(12),
  amountUnits: fc.oneof(smallAmount, fc.bigInt({ min: -1n, max: 15n })),
  memo: fc.option(fc.nat(13).map(hex64)),
  note: fc.constantFrom('', 'a', 'b'),
})
const input = fc.record({ mode: fc.constantFrom(...vaultModeSchema.options), mints, transfers: fc.array(transfer, { maxLength: 10 }) })

function sum<T>(rows: readonly T[], amountOf: (row: T) => bigint): bigint {
  return rows.reduce((total, row) => total + amountOf(row), 0n)
}
const isCounted = (row: VaultReport['transfers'][number]) => row.state !== 'duplicate' && row.state !== 'no-amount'
/** As plain text, in an order of its own: what a report must keep of its input. */
const asSet = (rows: readonly (VaultMint | VaultTransfer)[], members: string[]) =>
  rows.map(row => members.map(name => String(row[name as keyof typeof row])).join()).sort()

test('sums add up, nothing is lost, and the order of the input does not matter', () => {
  const seen: Record<string, number> = {}
  const { numRuns, seed } = runs(1000)
  fc.assert(
    fc.property(
      input.chain(given =>
        fc.tuple(
          fc.constant(given),
          fc.shuffledSubarray(given.mints, { minLength: given.mints.length }),
          fc.shuffledSubarray(given.transfers, { minLength: given.transfers.length }),
        ),
      ),
      ([given, shuffledMints, shuffledTransfers]) => {
        const report = reconcile(given)
        expect(reconcile({ ...given, mints: shuffledMints, transfers: shuffledTransfers })).toEqual(report)

        expect(asSet(report.mints, ['id', 'nodeId', 'ts', 'amountUnits'])).toEqual(
          asSet(given.mints, ['id', 'nodeId', 'ts', 'amountUnits']),
        )
        const members = ['tx', 'ts', 'amountUnits', 'memo', 'note']
        expect(asSet(report.transfers, members)).toEqual(asSet(given.transfers, members))
        for (const row of [...report.mints, ...report.transfers]) {
          const state = `${given.mode} ${row.state}`
          seen[state] = (seen[state] ?? 0) + 1
        }

        const counted = report.transfers.filter(isCounted)
        // each transaction once, and all that have an amount
        const txs = new Set(given.transfers.filter(({ amountUnits }) => amountUnits > 0n).map(({ tx }) => tx))
        expect(counted.map(row => row.tx).sort()).toEqual([...txs].sort())
        expect(report.mintedUnits).toBe(sum(given.mints, mint => mint.amountUnits))
        expect(report.vaultedUnits).toBe(sum(counted, row => row.amountUnits))
        expect(report.differenceUnits).toBe(report.mintedUnits - report.vaultedUnits)
        checkRows(given.mode, report)
      },
    ),
    { numRuns, seed },
  )
  console.log(`bridge vault: ${JSON.stringify(seen)}`)
  if (numRuns >= 1000) {
    expect(Object.keys(seen).sort()).toEqual([...allStates].sort())
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(3)
  }
})

const allStates = [
  ...['covered', 'differs', 'missing', 'twice', 'nothing', 'matches', 'again', 'unknown-memo', 'duplicate', 'no-amount'].map(
    state => `per-mint ${state}`,
  ),
  ...['covered', 'differs', 'not-yet', 'nothing', 'matches', 'no-mints', 'duplicate', 'no-amount'].map(state => `periodic ${state}`),
  ...['covered', 'differs', 'missing', 'nothing', 'counts', 'duplicate', 'no-amount'].map(state => `manual ${state}`),
]

/** What each mode's rows must say of each other. */
function checkRows(mode: VaultReport['mode'], report: VaultReport): void {
  const { mints, transfers } = report
  const uncovered = sum(mints, row => row.uncoveredUnits)
  const counted = transfers.filter(isCounted)
  for (const row of counted) {
    const until =
      sum(mints, mint => (mint.ts <= row.ts ? mint.amountUnits : 0n)) - sum(counted, other => (other.ts <= row.ts ? other.amountUnits : 0n))
    expect(row.differenceThenUnits).toBe(until)
  }
  for (const row of mints) expect(row.state === 'nothing').toBe(row.amountUnits === 0n)
  if (mode === 'manual') {
    expect(uncovered).toBe(report.differenceUnits > 0n ? report.differenceUnits : 0n)
    // never a gap before a mint that is covered
    const asking = mints.filter(row => row.amountUnits > 0n).map(row => row.state)
    expect(asking).toEqual([...asking].sort((a, b) => order.indexOf(a) - order.indexOf(b)))
    expect(asking.filter(state => state === 'differs').length).toBeLessThanOrEqual(1)
    return
  }
  expect(report.differenceUnits).toBe(uncovered - sum(transfers, row => row.excessUnits))
  const amounts = new Map(mints.map(row => [row.id, row.amountUnits]))
  const named = counted.flatMap(row => row.mintIds)
  // no mint stands under two transfers, and those under one are those that do not wait
  expect(new Set(named).size).toBe(named.length)
  expect([...named].sort()).toEqual(
    mints
      .filter(row => ['covered', 'differs', 'twice'].includes(row.state))
      .map(row => row.id)
      .sort(),
  )
  for (const row of counted) {
    if (row.expectedUnits === null) expect([row.mintIds.length, row.excessUnits]).toEqual([0, row.amountUnits])
    else {
      expect(row.expectedUnits).toBe(sum(row.mintIds, id => amounts.get(id)!))
      expect(row.excessUnits).toBe(row.amountUnits - row.expectedUnits)
      expect(row.state).toBe(row.excessUnits === 0n ? 'matches' : 'differs')
    }
    if (mode === 'per-mint' && row.expectedUnits !== null) expect(row.mintIds).toEqual([row.memo])
  }
  if (mode === 'periodic') {
    const last = Math.max(-1, ...counted.map(row => row.ts))
    for (const row of mints) if (row.amountUnits > 0n) expect(row.state === 'not-yet').toBe(row.ts > last)
  }
}
const order = ['covered', 'differs', 'missing']

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const noteText = fc.string({
  unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', "'", '=', '+', '-', '@', '\t', '1', 'é', '😀'),
  maxLength: 20,
})
const wholeTransfer: fc.Arbitrary<VaultTransfer> = fc.record({
  tx: bytes32,
  ts: fc.integer({ min: 0, max: 253_402_300_799 }),
  amountUnits: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  memo: fc.option(bytes32),
  note: noteText,
})
const wholeTransfers = fc.uniqueArray(wholeTransfer, { selector: transfer => transfer.tx, maxLength: 10 })

test('what is written as CSV is read again, with either line end and either form of time and memo', () => {
  fc.assert(
    fc.property(wholeTransfers, transfers => {
      const text = transfersCsv(transfers)
      expect(parseTransfersCsv(text)).toEqual(transfers)
      expect(parseTransfersCsv(`\uFEFF${text.slice(0, -2)}`)).toEqual(transfers)
      const plain = transfers.map(transfer => ({ ...transfer, note: 'x' }))
      const otherwise = plain.map(({ tx, ts, amountUnits, memo, note }) => {
        const iso = new Date(ts * 1000).toISOString().replace('.000', '')
        const digits = amountUnits.toString().padStart(8, '0')
        return [
          tx.toUpperCase(),
          iso,
          `${digits.slice(0, -7)}.${digits.slice(-7)}`,
          memo && Buffer.from(memo, 'hex').toString('base64'),
          note,
        ].join()
      })
      expect(parseTransfersCsv(['tx,time,amount,memo,note', ...otherwise].join('\n'))).toEqual(plain)
    }),
    runs(200),
  )
})

/** Valid files with a piece cut out, put in or repeated, and texts of what such files are made of. */
const damaged = fc
  .tuple(
    wholeTransfers.map(transfersCsv),
    fc.nat(),
    fc.constantFrom(0, 0, 1, 2, 30),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', '0', '.', "'", '\0'), maxLength: 4 }),
  )
  .map(([text, at, length, piece]) => {
    const start = at % (text.length + 1)
    return text.slice(0, start) + piece + text.slice(start + length)
  })
const pieces = fc
  .array(
    fc.constantFrom(
      'tx',
      'time',
      'amount,memo,note',
      ',',
      '"',
      '""',
      '\n',
      '\r\n',
      '\uFEFF',
      hex64(1),
      '1',
      '2024-11-30T12:56:40Z',
      '0.5',
      ' ',
      '\ud800',
    ),
  )
  .map(list => `${list.length % 2 ? 'tx,time,amount,memo,note\n' : ''}${list.join('')}`)

test('any text is taken as a whole or refused with line, place and way out', () => {
  const seen = { taken: 0, refused: 0 }
  const { numRuns, seed } = runs(2000)
  fc.assert(
    fc.property(fc.oneof(damaged, pieces, fc.string({ unit: 'binary' })), text => {
      let transfers: VaultTransfer[]
      try {
        transfers = parseTransfersCsv(text)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        expect(error.code).toBe('usage')
        expect(error.details.line).toBeGreaterThan(0)
        expect(error.details.column ?? error.details.character).toBeTruthy()
        expect(error.message).toContain(`ine ${error.details.line}`)
        seen.refused++
        return
      }
      // what is taken is sound: it can be written and read again
      expect(parseTransfersCsv(transfersCsv(transfers))).toEqual(transfers)
      for (const { amountUnits } of transfers) expect(amountUnits).toBeGreaterThan(0n)
      seen.taken++
    }),
    { numRuns, seed },
  )
  console.log(`transfers CSV: ${JSON.stringify(seen)}`)
  if (numRuns >= 1000) for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10)
})
