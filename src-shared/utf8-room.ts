const utf8 = new TextEncoder()
/** used again and again: memory of its own for each of thousands of texts takes longer than what is done with them */
let room = new Uint8Array(1 << 16)

/** The UTF-8 bytes of a text, until the next call. */
export function utf8For(text: string): Uint8Array {
  if (text.length * 3 > room.length) room = new Uint8Array(text.length * 3)
  return room.subarray(0, utf8.encodeInto(text, room).written)
}
