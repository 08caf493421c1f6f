import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csv, parseCsv, withApostrophe, withoutApostrophe } from '../../src-shared/csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import { runs } from '../helpers/runs.ts'

test('what a spreadsheet would run is text, and numbers stay numbers', () => {
  expect(csv(['a'], [['=1+1'], ['+x'], ['-x'], ['@x'], ['\tx'], ['-12.5'], [-3n], [null], [7], ['a"b'], ['a,b'], ['two\nlines']])).toBe(
    `a\r\n'=1+1\r\n'+x\r\n'-x\r\n'@x\r\n'\tx\r\n-12.5\r\n-3\r\n\r\n7\r\n"a""b"\r\n"a,b"\r\n"two\nlines"\r\n`,
  )
})

/** A reader of RFC 4180, for the test alone. */
function parse(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end !== ',') {
      rows.push(row)
      row = []
    }
  }
  return rows
}

test('whatever text goes in comes out again, but for the apostrophe', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '=', 'é', '😀', '1') })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), rows => {
      const back = parse(csv(['x', 'y'], rows)).slice(1)
      expect(back).toHaveLength(rows.length)
      for (const [i, row] of rows.entries()) for (const [j, text] of row.entries()) expect([text, `'${text}`]).toContain(back[i]![j])
    }),
  )
})

test('reading gives back what was written, with the line that each record begins in', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', "'", '=', '-', '1', '😀') })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), rows => {
      const text = csv(
        ['x', 'y'],
        rows.map(row => row.map(withApostrophe)),
      )
      const [header, ...back] = parseCsv(text)
      expect(header).toEqual({ line: 1, cells: ['x', 'y'] })
      expect(back.map(({ cells }) => cells.map(withoutApostrophe))).toEqual(rows)
      let line = 2
      for (const [i, row] of rows.entries()) {
        expect(back[i]!.line).toBe(line)
        line +=
          1 +
          (row
            .map(withApostrophe)
            .join()
            .match(/\r\n|\n|\r/g)?.length ?? 0)
      }
    }),
    runs(300),
  )
})

test('line ends of any kind, a byte order mark and empty lines', () => {
  expect(parseCsv('\uFEFFa,b\r\n\r\n1,\r2,"x\ny"\n\n,\n""\nlast')).toEqual([
    { line: 1, cells: ['a', 'b'] },
    { line: 3, cells: ['1', ''] },
    { line: 4, cells: ['2', 'x\ny'] },
    { line: 7, cells: ['', ''] },
    { line: 8, cells: [''] },
    { line: 9, cells: ['last'] },
  ])
  expect(parseCsv('')).toEqual([])
  expect(parseCsv('a,')).toEqual([{ line: 1, cells: ['a', ''] }])
})

test('a quote in the wrong place is refused with its line and character', () => {
  const placeOf = (text: string) => {
    try {
      parseCsv(text)
    } catch (error) {
      if (error instanceof AppError) return [error.details.line, error.details.character]
    }
    return null
  }
  expect(placeOf('a\r\nb,"c')).toEqual([2, 3])
  expect(placeOf('a\rb"c"')).toEqual([2, 2])
  expect(placeOf('"a\n"b')).toEqual([2, 2])
  expect(placeOf('"a""')).toEqual([1, 1])
  expect(placeOf('"a"""')).toBeNull()
})

test('a long text is read in a time that grows with its length', () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => [i, 'say "hello", twice'])
  expect(parseCsv(csv(['n', 'text'], rows))).toHaveLength(50_001)
  expect(() => parseCsv(`"${'""'.repeat(1_000_000)}`)).toThrow(/never closed/)
})
