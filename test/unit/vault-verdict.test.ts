import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { reconcile, type VaultMint, type VaultReport } from '../../src-main/engines/bridge-vault/reconcile.ts'
import { lackingOf, mintWords, transferWords, verdictOf } from '../../src-main/engines/bridge-vault/verdict.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { type VaultMode, type VaultTransfer, vaultModeSchema } from '../../src-shared/node-period.ts'
import { base64OfHex, readAmount, readMemo, readNote, readTime, readTx } from '../../src-shared/vault-fields.ts'
import { runs } from '../helpers/runs.ts'

const hex64 = (n: number) => n.toString(16).padStart(64, '0')
const mint = (n: number, amountUnits: bigint, ts = n): VaultMint => ({ id: hex64(n), nodeId: n, amountUnits, ts })
const transfer = (n: number, amountUnits: bigint, memo: number | null = null, ts = n): VaultTransfer => ({
  tx: hex64(n),
  ts,
  amountUnits,
  memo: memo === null ? null : hex64(memo),
  note: '',
})
const verdictFor = (mode: VaultMode, mints: VaultMint[], transfers: VaultTransfer[]) => {
  const report = reconcile({ mode, mints, transfers })
  return verdictOf(report, lackingOf(report))
}

describe('verdicts', () => {
  test('nothing minted, with and without something in the vault', () => {
    expect(verdictFor('per-mint', [], [])).toMatchObject({ state: 'none', covered: true, wayOut: '' })
    expect(verdictFor('manual', [mint(1, 0n)], [transfer(9, 5n)])).toMatchObject({
      state: 'none',
      wayOut: 'The vault holds 0.0000005 TFT.',
    })
  })
  test('per-mint: what one or several mints lack is to be sent; several transfers for a mint count together', () => {
    const mints = [mint(1, 100n), mint(2, 200n)]
    expect(verdictFor('per-mint', mints, [transfer(10, 100n, 1)])).toEqual({
      state: 'short',
      covered: false,
      title: '0.0000200 TFT are not backed',
      wayOut: 'Send 0.0000200 TFT to the vault with the id of the mint that lacks it as the memo, then enter the transfer here.',
    })
    expect(verdictFor('per-mint', mints, [transfer(10, 99n, 1)]).wayOut).toContain('each of 2 mints lacks, 0.0000201 TFT in all')
    expect(verdictFor('per-mint', mints, [transfer(10, 99n, 1), transfer(11, 1n, 1), transfer(12, 200n, 2)])).toMatchObject({
      state: 'covered',
      title: 'Everything that was minted is backed',
      wayOut: '1 transfer stands for no mint. 1 mint has transfers of another amount. The lists below say which.',
    })
  })
  test('per-mint: enough in all is not enough where a mint has no transfer of its own', () => {
    const stray = verdictFor('per-mint', [mint(1, 100n)], [transfer(10, 300n)])
    expect(stray).toMatchObject({
      state: 'misplaced',
      covered: false,
      title: expect.stringContaining('1 mint lacks a full transfer of its own'),
    })
    expect(stray.wayOut).toMatch(/^1 transfer names no mint: if .* enter it anew\. Otherwise send /)
    const tooMuch = verdictFor('per-mint', [mint(1, 100n), mint(2, 5n)], [transfer(10, 300n, 1)])
    expect(tooMuch).toMatchObject({ state: 'misplaced', wayOut: expect.stringMatching(/^Send 0\.0000005 TFT/) })
  })
  test('periodic: what is new waits; what an earlier transfer lacked is said apart', () => {
    const mints = [mint(1, 100n), mint(2, 200n), mint(30, 50n), mint(31, 7n)]
    expect(verdictFor('periodic', mints, [transfer(20, 300n)])).toMatchObject({
      state: 'waiting',
      covered: false,
      title: '0.0000057 TFT are not backed',
      wayOut: '2 mints of together 0.0000057 TFT wait for the next transfer. Send that sum to the vault, then enter the transfer here.',
    })
    const short = verdictFor('periodic', mints.slice(0, 3), [transfer(20, 290n)])
    expect(short.state).toBe('short')
    expect(short.wayOut).toContain('0.0000010 TFT are missing from the transfers before; send them apart.')
    expect(verdictFor('periodic', mints.slice(0, 2), [transfer(20, 290n)]).wayOut).toMatch(/^Send 0\.0000010 TFT/)
    // put right by one that stands for no mint
    expect(verdictFor('periodic', mints.slice(0, 2), [transfer(20, 290n), transfer(21, 10n)])).toMatchObject({ state: 'covered' })
  })
  test('manual: the sum', () => {
    expect(verdictFor('manual', [mint(1, 100n)], [transfer(10, 40n)])).toMatchObject({
      state: 'short',
      wayOut: expect.stringMatching(/^Send 0\.0000060 TFT/),
    })
    expect(verdictFor('manual', [mint(1, 100n)], [transfer(10, 60n), transfer(11, 42n)])).toMatchObject({
      state: 'covered',
      title: 'Everything that was minted is backed, and the vault holds 0.0000002 TFT more than that',
      wayOut: '',
    })
  })
})

test('whatever came in: covered means that each mint is backed, and every row has its words', () => {
  const amount = fc.constantFrom(0n, 1n, 2n, 5n)
  const mints = fc.array(fc.record({ amountUnits: amount, ts: fc.nat(9) }), { maxLength: 8 })
  const transfers = fc.array(fc.record({ amountUnits: amount, ts: fc.nat(9), memo: fc.option(fc.nat(9)) }), { maxLength: 8 })
  const { numRuns, seed } = runs(500)
  const seen = new Set<string>()
  fc.assert(
    fc.property(fc.constantFrom(...vaultModeSchema.options), mints, transfers, (mode, someMints, someTransfers) => {
      const report: VaultReport = reconcile({
        mode,
        mints: someMints.map(({ amountUnits, ts }, i) => mint(i, amountUnits, ts)),
        transfers: someTransfers.map(({ amountUnits, ts, memo }, i) => transfer(100 + i, amountUnits, memo, ts)),
      })
      const lacking = lackingOf(report)
      const verdict = verdictOf(report, lacking)
      seen.add(verdict.state)
      if (verdict.covered) expect(report.differenceUnits <= 0n).toBe(true)
      if (verdict.covered && mode !== 'periodic') expect(lacking.size).toBe(0)
      if (mode === 'per-mint') {
        // by hand: what the transfers that name a mint come to
        for (const { id, amountUnits } of report.mints) {
          const named = report.transfers.filter(row => row.memo === id).reduce((sum, row) => sum + row.amountUnits, 0n)
          expect(lacking.get(id) ?? 0n).toBe(named < amountUnits ? amountUnits - named : 0n)
        }
        if (lacking.size > 0) expect(verdict.covered).toBe(false)
      }
      expect(verdict.covered || verdict.wayOut !== '').toBe(true)
      const words = mintWords(report)
      for (const { word, why } of [...report.mints.map(words), ...report.transfers.map(transferWords)]) {
        expect(word).not.toBe('')
        expect(why).toMatch(/^[A-Z\d][^!]*\.$/)
      }
    }),
    { numRuns, seed },
  )
  expect([...seen].sort()).toEqual(['covered', 'misplaced', 'none', 'short', 'waiting'])
})

describe('fields', () => {
  const taken = (read: { value: unknown } | { problem: unknown }) => ('value' in read ? read.value : 'problem')
  test('each takes its forms and says the way out of all others', () => {
    expect(taken(readTx('AB'.repeat(32)))).toBe('ab'.repeat(32))
    expect(taken(readTime('2024-11-30T12:56:40Z', 1_732_971_400))).toBe(1_732_971_400)
    expect(taken(readTime('2024-11-30T12:56:41Z', 1_732_971_400))).toBe('problem')
    expect(taken(readAmount('922337203685.4775807'))).toBe(MAX_UNITS)
    expect(taken(readMemo(''))).toBe(null)
    expect(taken(readMemo(base64OfHex('0f'.repeat(32))))).toBe('0f'.repeat(32))
    expect(taken(readNote('x'.repeat(200)))).toBe('x'.repeat(200))
    const wrong = [readTx('x'), readTime(''), readTime('253402300800'), readAmount('0'), readAmount('-1'), readAmount('1e3'), readMemo('x')]
    for (const read of [...wrong, readMemo(`${'A'.repeat(42)}B=`), readNote('x'.repeat(201)), readAmount('922337203685.4775808')]) {
      if (!('problem' in read)) throw new Error(`taken: ${read.value}`)
      expect(read.problem.what).not.toMatch(/[.!]$/)
      expect(read.problem.wayOut).toMatch(/^(Enter|Cut) .*\.$/)
    }
  })
  test('base64 of any 32 bytes is read as the same hex', () => {
    const { numRuns, seed } = runs(300)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        const buffer = Buffer.from(bytes)
        expect(base64OfHex(buffer.toString('hex'))).toBe(buffer.toString('base64'))
        expect(readMemo(buffer.toString('base64'))).toEqual({ value: buffer.toString('hex') })
      }),
      { numRuns, seed },
    )
  })
})
