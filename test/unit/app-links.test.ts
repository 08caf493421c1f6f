import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isLinkLike,
  linkKinds,
  linkPath,
  linkText,
  MAX_LINK_CHARS,
  parseLink,
  refusedPath,
  refusedText,
} from '../../src-shared/app-links.ts'
import { oddText } from '../helpers/odd-text.ts'
import { runs } from '../helpers/runs.ts'

const hash = 'ab'.repeat(32)

test('a link names a receipt, a node, a period or a payout run, and comes back as it was', () => {
  const ids = { receipt: hash, node: '17', period: '80', run: '0a1b2c' }
  for (const kind of linkKinds) expect(parseLink(linkText({ kind, id: ids[kind] }))).toEqual({ kind, id: ids[kind] })
  expect(linkPath({ kind: 'node', id: '17' })).toBe('/node/17')
  expect(parseLink('granary://period/0')).toEqual({ kind: 'period', id: '0' })
  expect(parseLink('granary://node/4294967295')).not.toBeNull()
})

test.each([
  ['another scheme', `https://receipt/${hash}`],
  ['capitals', `GRANARY://receipt/${hash}`],
  ['a hash in capitals', `granary://receipt/${hash.toUpperCase()}`],
  ['a hash that is too short', `granary://receipt/${hash.slice(1)}`],
  ['a kind that there is not', 'granary://pay/17'],
  ['the page itself', 'granary://app/'],
  ['a name that every object has', 'granary://constructor/17'],
  ['credentials', 'granary://user:secret@node/17'],
  ['a port', 'granary://node:80/17'],
  ['a query', 'granary://node/17?do=pay'],
  ['a fragment', 'granary://node/17#/payouts'],
  ['a path upwards', 'granary://node/../payouts'],
  ['a path further down', 'granary://node/17/80'],
  ['an encoded slash', 'granary://node%2f17'],
  ['a backslash', 'granary:\\\\node\\17'],
  ['no slashes', 'granary:node/17'],
  ['a slash behind it', 'granary://node/17/'],
  ['a node beyond the chain’s numbers', 'granary://node/4294967296'],
  ['a node with leading zeros', 'granary://node/017'],
  ['node 0', 'granary://node/0'],
  ['a negative number', 'granary://node/-1'],
  ['an exponent', 'granary://period/1e3'],
  ['a space before it', ' granary://node/17'],
  ['a line break behind it', 'granary://node/17\n'],
  ['a second line', 'granary://node/17\ngranary://node/18'],
  ['other digits', 'granary://node/１７'],
  ['far too long', `granary://receipt/${hash.repeat(1000)}`],
  ['nothing', ''],
])('no link: %s', (_what, text) => {
  expect(parseLink(text)).toBeNull()
})

test('whatever is parsed leads to one of four pages and says nothing more; no text breaks the parser', () => {
  const near = fc
    .tuple(fc.constantFrom('granary://', 'granary:', 'Granary://'), fc.constantFrom(...linkKinds, 'app'), fc.string({ maxLength: 70 }))
    .map(([scheme, kind, id]) => `${scheme}${kind}/${id}`)
  const hex = fc
    .tuple(fc.constantFrom(...linkKinds), fc.array(fc.constantFrom(...'0123456789abcdef'), { maxLength: 80 }))
    .map(([kind, digits]) => `granary://${kind}/${digits.join('')}`)
  fc.assert(
    fc.property(fc.oneof(oddText(200), near, hex), text => {
      const link = parseLink(text)
      if (link === null) return
      expect(text.length).toBeLessThanOrEqual(MAX_LINK_CHARS)
      expect(isLinkLike(text)).toBe(true)
      expect(linkText(link)).toBe(text)
      expect(linkPath(link)).toMatch(/^\/(receipt|node|period|run)\/[0-9a-f]+$/)
    }),
    runs(400),
  )
})

test('what was refused is told as it was, in an address that nothing of it can be a part of', () => {
  fc.assert(
    fc.property(oddText(300), text => {
      const path = refusedPath('link', text)
      expect(path).toMatch(/^\/refused\/link\/[\w-]*$/)
      const shown = refusedText(path.slice('/refused/link/'.length))
      expect(text.toWellFormed().startsWith(shown)).toBe(true)
      expect([...shown]).toHaveLength(Math.min([...text].length, 200))
    }),
    runs(200),
  )
  expect(['%%%', 'a', '=', '\u{1f600}'].map(refusedText)).toEqual(['', '', '', ''])
})
