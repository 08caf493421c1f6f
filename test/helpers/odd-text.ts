import fc from 'fast-check'

const ascii = Array.from({ length: 128 }, (_, at) => String.fromCharCode(at))
const odd = ['\u00e9', '\u0130', '\u202e', '\u2028', '\u200b', '\ufeff', '\uff11', '\ud800', '\udfff', '\u{1f600}', '\u{10ffff}']

/**
 * Texts of all of ASCII and of what is odd beyond it: marks of direction, separators, halves of a pair. fast-check's own unit for all of
 * Unicode takes seconds to be made.
 */
export function oddText(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...ascii, ...odd), maxLength })
}
