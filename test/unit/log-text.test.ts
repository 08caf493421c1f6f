import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanMessage, cleanText, cleanWord, stackFrames } from '../../src-shared/log-text.ts'
import { findSecrets, shapesOfBytes, shapesOfText } from '../helpers/secret-search.ts'

const places = { home: '/home/anna', program: '/opt/granary' }
const words =
  'cable spray genius state float twenty onion head street palace net private method loan turn phrase state blanket interest dry amazing dress blast tube'

test('what helps stays, and whose machine it is does not', () => {
  expect(cleanText("Cannot read properties of undefined (reading 'units')", places)).toBe(
    "Cannot read properties of undefined (reading 'units')",
  )
  expect(cleanText('ENOSPC: no space left on device, write', places)).toBe('ENOSPC: no space left on device, write')
  expect(cleanMessage('No permission (/home/anna/grid/books.db). Choose another place or change the permissions.', places)).toBe(
    'No permission (~/grid/books.db). Choose another place or change the permissions.',
  )
  expect(cleanMessage('wss://anna:pw@rpc.example.org:8443/key/abc?token=xyz does not answer.', places)).toBe(
    'wss://rpc.example.org:8443 does not answer.',
  )
  expect(cleanText('Unexpected token h in JSON at position 0: "hunter2" is not valid', places)).toBe('Unexpected token …')
  expect(cleanText('a\nb\u202e\u0000c', places)).toBe('a bc')
  expect(cleanText('x y '.repeat(5000), places)).toHaveLength(300)
  expect([cleanWord('store.busy'), cleanWord('two words'), cleanWord('x'.repeat(41))]).toEqual(['store.busy', '?', '?'])
})

test('no key, seed or recovery words get through, in whichever shape they come', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 64 })
  fc.assert(
    fc.property(key, fc.constantFrom('bad input ', 'x=', ''), fc.constantFrom('', ' at 5', ', again'), (bytes, before, after) => {
      for (const { name, bytes: shape } of shapesOfBytes('key', bytes)) {
        if (name === 'key raw') continue
        for (const clean of [cleanText, cleanMessage])
          expect(
            findSecrets([{ name, bytes: Buffer.from(clean(`${before}${shape}${after}`, places)) }], shapesOfBytes('key', bytes)),
          ).toEqual([])
      }
    }),
    { numRuns: 40 },
  )
  for (const text of [words, words.split(' ').join('","'), words.split(' ').join('\n'), words.toUpperCase(), `it was ${words}.`])
    for (const clean of [cleanText, cleanMessage])
      expect(findSecrets([{ name: text, bytes: Buffer.from(clean(text, places)) }], shapesOfText('words', words))).toEqual([])
  for (const said of ['passphrase: correct horse battery staple', 'Authorization: Bearer abc', 'got `correct horse battery staple`'])
    expect(cleanText(said, places)).not.toMatch(/horse|abc/)
})

test('a stack is its places, not its message', () => {
  const stack = [
    'Error: the passphrase is hunter2',
    '    hunter2 and more',
    '    at mintPeriod (/opt/granary/out/main/core.js:12:34)',
    '    at async Object.run (file:///home/anna/other/x.js:1:2)',
    '    at /opt/granary/out/main/cli.js:9:9',
    'open@http://127.0.0.1:4000/assets/index.js?key=hunter2:7:8',
  ].join('\n')
  expect(stackFrames(stack, places)).toEqual([
    'mintPeriod out/main/core.js:12:34',
    'Object.run ~/other/x.js:1:2',
    'out/main/cli.js:9:9',
    'open http://127.0.0.1:4000/assets/index.js:7:8',
  ])
  expect(stackFrames(stack, places, 2)).toHaveLength(2)
})
