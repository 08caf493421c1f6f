/**
 * A name from the chain as a screen or terminal may show it: control characters, line breaks, bidirectional marks and other
 * invisible formatting become nothing, any run of white space one space. Never show it without the id: two names can still look alike.
 */
export function cleanName(name: string): string {
  return name
    .replace(/[\s\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '')
    .replace(/ +/g, ' ')
    .trim()
}

/** The end of an address is what people compare: `GABC…UVWXYZ`. */
export function shortAddress(address: string): string {
  const plain = cleanName(address)
  return plain.length <= 14 ? plain : `${plain.slice(0, 4)}…${plain.slice(-6)}`
}

/** Orders texts by their code units: alike on every machine, whatever its language. For ids and hashes, not for names. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** `a, b and c` */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
