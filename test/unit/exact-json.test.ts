import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, exactParse, exactStringify } from '../../src-main/store/exact-json.ts'
import { runs } from '../helpers/runs.ts'

/** The same data with the members of every object the other way round; where a name is a number, JavaScript orders it by itself. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, member]) => [name, reversed(member)] as const)
  return Object.fromEntries(entries.reverse())
}

test('canonical JSON has its members in order, whole numbers of any size, and nothing that is not there', () => {
  const list = [
    { b: 1, a: 2n ** 70n, '10': null },
    { a: -0, '9': '"\n', b: undefined },
    { b: 1e21, a: [undefined, true, Number.NaN] },
  ]
  expect(canonicalJson(list)).toBe('[{"10":null,"a":1180591620717411303424,"b":1},{"9":"\\"\\n","a":0},{"a":[null,true,null],"b":1e+21}]')
})

test('the order of members changes nothing of canonical JSON, and all of the data is in it', () => {
  const names = fc.constantFrom('a', 'b', 'node_id', '2', '10', 'ü', '__proto__', '')
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.jsonValue({ maxDepth: 0 }),
      tie('list'),
      tie('object'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
  }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), data => {
      const text = canonicalJson(data)
      expect(canonicalJson(reversed(data))).toBe(text)
      // what JSON holds as a number comes back as one, so they are compared by what they write
      expect(canonicalJson(exactParse(text))).toBe(text)
      expect(canonicalJson(exactParse(exactStringify(data)))).toBe(text)
    }),
    runs(300),
  )
})
