const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** The version byte of an account id, which makes its first letter G. */
const ACCOUNT_VERSION = 6 << 3

/**
 * Whether the text is a Stellar account id: 56 characters of base32 that hold the version, 32 bytes of key and a CRC-16 (XModem, low
 * byte first) of the first 33 bytes.
 */
export function isAccountId(text: string): boolean {
  if (!/^G[A-Z2-7]{55}$/.test(text)) return false
  const bytes: number[] = []
  let buffer = 0
  let bits = 0
  for (const letter of text) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(letter)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((buffer >> bits) & 0xff)
    }
  }
  if (bytes[0] !== ACCOUNT_VERSION) return false
  const crc = crc16(bytes.slice(0, 33))
  return bytes[33] === (crc & 0xff) && bytes[34] === crc >> 8
}

/** What a byte at the front adds to the CRC. */
const CRC_OF = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  return crc
})

function crc16(bytes: readonly number[]): number {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ CRC_OF[(crc >> 8) ^ byte]!
  return crc
}
