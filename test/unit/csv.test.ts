import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csv } from '../../src-shared/csv.ts'

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
