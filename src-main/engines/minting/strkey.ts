const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** The version byte of an account id, which makes its first letter G. */
const ACCOUNT_VERSION = 6 << 3

/**
 * Whether the text is a Stellar account id: 56 characters of base32 that hold the version, 32 bytes of key and a CRC-16 (XModem, low
 * byte first) of the first 33 bytes.
 */
export function isAccountId(text: string): boolean {
  if (!/^G[A-Z2-7]{55}$/.test(text)) return false
  let buffer = 0
  let bits = 0
  let length = 0
  for (let i = 0; i < text.length; i++) {
    buffer = ((buffer << 5) | BITS_OF[text.charCodeAt(i)]!) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = buffer >> bits
    }
  }
  return bytes[0] === ACCOUNT_VERSION && (bytes[33]! | (bytes[34]! << 8)) === crc16(bytes, 33)
}

/** What a character stands for, by its code. */
const BITS_OF = new Uint8Array(128)
for (let i = 0; i < ALPHABET.length; i++) BITS_OF[ALPHABET.charCodeAt(i)] = i
/** the account under way, all done with when the next is asked for */
const bytes = new Uint8Array(35)

/** What a byte at the front adds to the CRC. */
const CRC_OF = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  return crc
})

function crc16(of: Uint8Array, length: number): number {
  let crc = 0
  for (let i = 0; i < length; i++) crc = ((crc << 8) & 0xffff) ^ CRC_OF[(crc >> 8) ^ of[i]!]!
  return crc
}
