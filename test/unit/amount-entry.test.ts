import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAmount, writeAmount } from '../../src-renderer/amount-entry.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { parseAmount } from '../../src-shared/treasury/amounts.ts'

const read = (text: string) => readAmount(text, 'AZR')
/** what a text comes to: an amount, its readings, or `problem` */
function meaning(text: string): string {
  const entry = read(text)
  if (entry.kind === 'amount') return writeAmount(entry.units)
  if (entry.kind === 'unclear') return entry.readings.map(reading => reading.text).join(' or ')
  return entry.kind
}

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ['0.0000001', '0.0000001'],
  ['12', '12'],
  ['12.50', '12.5'],
  ['1234', '1,234'],
  ['1,234.00', '1,234'],
  ['1,234.567', '1,234.567'],
  ['1,234,567', '1,234,567'],
  [' 1,234.5 AZR ', '1,234.5'],
  ['5azr', '5'],
  // the point is the decimal point wherever Granary writes an amount
  ['1.234', '1.234'],
  ['1,234', '1,234 or 1.234'],
  ['999,000', '999,000 or 999'],
  // separators of other people: said back, never taken
  ['1,5', '1.5'],
  ['0,123', '0.123'],
  ['1,2345', '1.2345'],
  ['1.234,56', '1,234.56'],
  ['1.234.567', '1,234,567'],
  ["1'234.5", '1,234.5'],
  ['1 234,5', '1,234.5'],
  ['1 234', '1,234'],
  ['1 234 567', '1,234,567'],
])('%j means %s', (text, meant) => {
  expect(meaning(text)).toBe(meant)
})

test('what is not as Granary writes it is taken only once a reading is chosen', () => {
  for (const text of ['1,5', '1,234', '1.234,56', '1.234.567', "1'234", '1 234']) expect(read(text).kind, text).toBe('unclear')
})

test.each([
  ['-5', /digits/],
  ['+5', /digits/],
  ['1e5', /digits|takes AZR/],
  ['NaN', /digits/],
  ['٣', /digits/],
  ['.5', /digits/],
  ['5.', /digits/],
  ['1,23.45', /separators/],
  ['12,34,567', /separators/],
  ['1,234.5,6', /separators/],
  ['1..5', /separators/],
  ['0', /above 0/],
  ['0.00', /above 0/],
  ['1.12345678', /8 decimals; a token has 7/],
  ['1,12345678', /8 decimals; a token has 7/],
  ['922337203685.4775808', /more than an amount can hold/],
  ['5 TFT', /takes AZR/],
  ['AZR', /digits/],
])('%j is refused with the reason', (text, why) => {
  const entry = read(text)
  expect(entry.kind).toBe('problem')
  expect(entry.kind === 'problem' && entry.message).toMatch(why)
})

test('whatever is written is read back to the unit, or with it among its readings', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: MAX_UNITS }), units => {
      const entry = read(writeAmount(units))
      if (entry.kind === 'unclear') expect(entry.readings.map(reading => reading.units)).toContain(units)
      else expect(entry).toEqual({ kind: 'amount', units })
    }),
    { numRuns: 300 },
  )
})

test('no text whatsoever is taken for an amount but the one that stands in it', () => {
  const marks = fc.constantFrom('0', '1', '9', '00', '123', ',', '.', ' ', "'", '-', 'e', 'A')
  fc.assert(
    fc.property(fc.array(marks, { maxLength: 8 }), some => {
      const text = some.join('')
      const entry = read(text)
      if (entry.kind !== 'amount') return
      expect(entry.units).toBe(parseAmount(text.trim().replaceAll(',', ''), 'amount'))
    }),
    { numRuns: 500 },
  )
})
