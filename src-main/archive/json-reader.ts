import { isUtf8 } from 'node:buffer'
import type { U64 } from '../../src-shared/grid.ts'
import { FormatProblem, type Names } from './json-basics.ts'

/*
 * A strict JSON reader on bytes. JSON.parse would do for small files, but it takes the last of two members of one
 * name, rounds integers above 2^53 and makes an object of each of seven million events.
 */

/** What member() answers at the object's end. */
export const END = -1
const MAX_DEPTH = 64
export const MAX_U64 = 18_446_744_073_709_551_615n

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const ZERO = 0x30

/** A cursor over one line. Every method reads on from `pos`, never past `end`, and throws FormatProblem. */
export class JsonReader {
  bytes: Buffer = Buffer.alloc(0)
  pos = 0
  end = 0
  depth = 0
  /** the member or index under way at each depth */
  readonly path: (string | number)[] = []
  /** which of the names were seen in the object at each depth */
  private readonly seen = new Int32Array(MAX_DEPTH + 1)
  private readonly unknown: (Set<string> | undefined)[] = []
  private fresh = false

  /** Looks at bytes[start, end). */
  begin(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.pos = start
    this.end = end
    this.depth = 0
    this.fresh = false
  }

  /**
   * Stands in the list that is member `name` of the line's object, before element `index` (so on a comma, unless it is
   * the first); `seen` are the object's members so far.
   */
  continueList(bytes: Buffer, pos: number, end: number, seen: number, name: string, index: number): void {
    this.begin(bytes, pos, end)
    this.depth = 2
    this.seen[1] = seen
    this.unknown[1] = undefined
    this.path[0] = name
    this.path[1] = index - 1
    this.fresh = index === 0
  }

  /** Goes back to the value of the line's member `name`, which stands at `pos` and was skipped before. */
  goTo(pos: number, name: string): void {
    this.pos = pos
    this.depth = 1
    this.path[0] = name
    this.fresh = false
  }

  fail(message: string, incomplete = false): never {
    throw new FormatProblem(message, this.memberPath(), incomplete)
  }

  private memberPath(): string {
    let text = ''
    for (const part of this.path.slice(0, this.depth)) {
      if (part === '' || part === -1) break // not yet at the first member or element
      text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`
    }
    return text
  }

  /** What stands at the cursor, for a message: cut to a readable length. */
  private here(): string {
    if (this.pos >= this.end) return 'nothing: the line ends there'
    const bytes = this.bytes.subarray(this.pos, Math.min(this.end, this.pos + 80))
    let shown = bytes.toString('utf8')
    const first = bytes[0]!
    const stop = first === QUOTE ? shown.indexOf('"', 1) + 1 : shown.search(/[,\]}\s]/)
    const whole = stop > 0
    if (whole) shown = shown.slice(0, stop)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
    return shown.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?') + (whole || this.pos + 80 >= this.end ? '' : '…')
  }

  expected(what: string): never {
    return this.fail(`must be ${what}, but is ${this.here()}`, this.pos >= this.end)
  }

  private broken(what: string): never {
    return this.fail(`is not valid JSON: ${what} is expected where there is ${this.here()}`, this.pos >= this.end)
  }

  space(): void {
    const { bytes, end } = this
    let pos = this.pos
    while (pos < end) {
      const byte = bytes[pos]!
      if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09 && byte !== 0x0a) break
      pos += 1
    }
    this.pos = pos
  }

  /** The next byte that is not space, without taking it; 0 at the end. */
  peek(): number {
    this.space()
    return this.pos < this.end ? this.bytes[this.pos]! : 0
  }

  private deeper(): void {
    this.pos += 1
    this.depth += 1
    if (this.depth > MAX_DEPTH) this.fail(`is nested more than ${MAX_DEPTH} levels deep`)
    this.fresh = true
  }

  private leave(): void {
    this.pos += 1
    this.depth -= 1
    this.fresh = false
  }

  enterObject(): void {
    if (this.peek() !== OPEN_OBJECT) this.expected('an object')
    this.deeper()
    this.seen[this.depth] = 0
    this.unknown[this.depth] = undefined
    this.path[this.depth - 1] = ''
  }

  /**
   * Goes to the next member of `names` and stands before its value; answers its index, or END after the object's end.
   * Members of other names are skipped. `guess` is the index to try first.
   */
  member(names: Names, guess: number): number {
    for (;;) {
      if (!this.nextIn(CLOSE_OBJECT, 'a comma or a closing brace')) return END
      if (this.peek() !== QUOTE) this.broken('a member name in quotes')
      const index = this.name(names, guess)
      const at = this.depth - 1
      if (index >= 0) {
        const name = names.texts[index]!
        this.path[at] = name
        const bit = 1 << index
        if ((this.seen[this.depth]! & bit) !== 0) this.fail('is there twice')
        this.seen[this.depth] = this.seen[this.depth]! | bit
        this.colon()
        return index
      }
      this.otherMember(this.path[at] as string)
    }
  }

  /** A member that nobody asked for: its name (already in the path) may stand there once, its value is only checked. */
  private otherMember(name: string): void {
    this.once(name)
    this.colon()
    this.skipValue(true)
  }

  /** Refuses a second member of this name, which is one that no Names knows. */
  private once(name: string): void {
    let known = this.unknown[this.depth]
    if (known === undefined) {
      known = new Set()
      this.unknown[this.depth] = known
    }
    if (known.has(name)) this.fail('is there twice')
    known.add(name)
  }

  /** Like member(), for an object that may have any: the name, or undefined after the object's end. */
  anyMember(): string | undefined {
    if (!this.nextIn(CLOSE_OBJECT, 'a comma or a closing brace')) return undefined
    if (this.peek() !== QUOTE) this.broken('a member name in quotes')
    const name = this.string()
    this.path[this.depth - 1] = name
    this.once(name)
    this.colon()
    return name
  }

  /** Refuses the object that was just left if one of the first `count` names was missing. */
  require(names: Names, count: number): void {
    const missing = ~this.seen[this.depth + 1]! & ((1 << count) - 1)
    if (missing === 0) return
    this.fail(`lacks the member "${names.texts[31 - Math.clz32(missing & -missing)]}"`)
  }

  has(index: number): boolean {
    return (this.seen[this.depth + 1]! & (1 << index)) !== 0
  }

  enterList(): void {
    if (this.peek() !== OPEN_LIST) this.expected('a list')
    this.deeper()
    this.path[this.depth - 1] = -1
  }

  /** Stands before the next element and answers true, or has left the list and answers false. */
  element(): boolean {
    if (!this.nextIn(CLOSE_LIST, 'a comma or a closing bracket')) return false
    this.path[this.depth - 1] = (this.path[this.depth - 1] as number) + 1
    return true
  }

  private nextIn(close: number, what: string): boolean {
    const byte = this.peek()
    if (byte === close) {
      this.leave()
      return false
    }
    if (this.fresh) this.fresh = false
    else if (byte === COMMA) this.pos += 1
    else this.broken(what)
    return true
  }

  private colon(): void {
    if (this.peek() !== COLON) this.broken('a colon')
    this.pos += 1
    this.space()
  }

  /** Nothing but space may follow. */
  finish(): void {
    this.space()
    if (this.pos < this.end) this.fail(`is not valid JSON: after its end there is still ${this.here()}`)
  }

  /** Reads a string that should be one of `names`: its index, or -1 and the string in the path. */
  private name(names: Names, guess: number): number {
    const count = names.bytes.length
    for (let tried = 0; tried < count; tried++) {
      const index = guess + tried < count ? guess + tried : guess + tried - count
      if (this.takes(names.bytes[index]!)) return index
    }
    // Rare: an unknown name, or a known one spelt with escapes, which is the same name.
    const text = this.string()
    this.path[this.depth - 1] = text
    return names.texts.indexOf(text)
  }

  /** Takes the quoted string if it is exactly these bytes. */
  private takes(wanted: Uint8Array): boolean {
    const { bytes } = this
    const length = wanted.length
    const start = this.pos + 1
    if (start + length >= this.end || bytes[start + length] !== QUOTE) return false
    for (let i = 0; i < length; i++) if (bytes[start + i] !== wanted[i]) return false
    this.pos = start + length + 1
    return true
  }

  /** A string that must be one of `names`; its index. */
  choice(names: Names, guess = 0, what?: string): number {
    if (this.peek() !== QUOTE) this.expected(what ?? `one of ${names.texts.join(', ')}`)
    const start = this.pos
    const count = names.bytes.length
    for (let tried = 0; tried < count; tried++) {
      const index = guess + tried < count ? guess + tried : guess + tried - count
      if (this.takes(names.bytes[index]!)) return index
    }
    const index = names.texts.indexOf(this.string())
    if (index < 0) {
      this.pos = start
      this.expected(what ?? `one of ${names.texts.join(', ')}`)
    }
    return index
  }

  string(): string {
    if (this.peek() !== QUOTE) this.expected('a string')
    const start = this.pos
    const kind = this.scanString()
    const stop = this.pos
    if (kind === PLAIN) return this.bytes.toString('latin1', start + 1, stop - 1)
    return this.unusualString(start, stop)
  }

  /** Moves past a string; says whether it was printable ASCII without escapes. */
  private scanString(): number {
    const { bytes, end } = this
    let pos = this.pos + 1
    let kind = PLAIN
    while (pos < end) {
      const byte = bytes[pos]!
      if (byte === QUOTE) {
        this.pos = pos + 1
        return kind
      }
      if (byte === BACKSLASH) {
        kind = UNUSUAL
        pos += 1
      } else if (byte < 0x20) {
        this.pos = pos
        this.fail(`holds the control character 0x${byte.toString(16).padStart(2, '0')} in a string; JSON wants it escaped`)
      } else if (byte >= 0x80) kind = UNUSUAL
      pos += 1
    }
    this.pos = end
    return this.fail('is not valid JSON: a string does not end before the line does', true)
  }

  /** A string with escapes or beyond ASCII; `start` and `stop` are outside its quotes. */
  private unusualString(start: number, stop: number): string {
    const bytes = this.bytes.subarray(start, stop)
    if (!isUtf8(bytes)) this.fail('is not UTF-8. An archive must be UTF-8 throughout')
    const quoted = bytes.toString('utf8')
    let text: string
    try {
      text = JSON.parse(quoted) as string
    } catch {
      return this.fail(`is not valid JSON: the string ${quoted.slice(0, 40)} has a wrong escape`)
    }
    // Half a surrogate pair cannot be written as UTF-8 again: no program could pass it on unchanged.
    if (!text.isWellFormed()) this.fail('holds half a surrogate pair (\\ud800 to \\udfff), which is no character')
    return text
  }

  stringOrNull(): string | null {
    if (this.peek() !== 0x6e) return this.string()
    this.word('null')
    return null
  }

  boolean(): boolean {
    const byte = this.peek()
    if (byte === 0x74) this.word('true')
    else if (byte === 0x66) this.word('false')
    else this.expected('true or false')
    return byte === 0x74
  }

  /** Takes `null` if it stands here. */
  takeNull(): boolean {
    if (this.peek() !== 0x6e) return false
    this.word('null')
    return true
  }

  private word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.pos + i < this.end && this.bytes[this.pos + i] === word.charCodeAt(i)) continue
      if (this.pos + i >= this.end) this.pos = this.end
      this.broken(word)
    }
    this.pos += word.length
  }

  /** A whole number from 0 to 2^53 - 1. */
  integer(): number {
    const value = this.u64()
    if (typeof value === 'number') return value
    return this.fail(`must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, but is ${value}`)
  }

  /** A whole number from 0 to 2^64 - 1; a bigint only above 2^53 - 1. */
  u64(): U64 {
    this.space()
    const { bytes, end } = this
    const start = this.pos
    let pos = start
    let value = 0
    while (pos < end) {
      const digit = bytes[pos]! - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      pos += 1
    }
    const next = pos < end ? bytes[pos]! : 0
    const isWhole = pos > start && (next === COMMA || next === CLOSE_OBJECT || next === CLOSE_LIST || next === 0x20 || next === 0x0d)
    if (!isWhole || pos - start > 15 || (bytes[start] === ZERO && pos > start + 1)) return this.unusualInteger(start, pos)
    this.pos = pos
    return value
  }

  /** Anything but up to 15 digits: a large whole number, or the message that says what is wrong. */
  private unusualInteger(start: number, afterDigits: number): U64 {
    const first = start < this.end ? this.bytes[start]! : 0
    if (first !== 0x2d && (first < ZERO || first > 0x39)) this.expected('a whole number')
    this.skipNumber()
    const stop = this.pos
    const token = this.bytes.toString('latin1', start, Math.min(stop, start + 40)) + (stop > start + 40 ? '…' : '')
    if (first === 0x2d) this.fail(`must not be negative, but is ${token}`)
    if (stop > afterDigits) this.fail(`must be a whole number without fraction or exponent, but is ${token}`)
    const value = stop - start <= 20 ? BigInt(token) : MAX_U64 + 1n
    if (value > MAX_U64) this.fail(`must be a whole number up to ${MAX_U64}, but is ${token}`)
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  }

  private digits(): void {
    const start = this.pos
    while (this.pos < this.end && this.bytes[this.pos]! >= ZERO && this.bytes[this.pos]! <= 0x39) this.pos += 1
    if (this.pos === start) this.broken('a digit')
  }

  private skipNumber(): void {
    const { bytes } = this
    if (bytes[this.pos] === 0x2d) this.pos += 1
    const start = this.pos
    this.digits()
    if (bytes[start] === ZERO && this.pos > start + 1) {
      this.pos = start
      this.fail(`is not valid JSON: a number has a leading zero (${this.here()})`)
    }
    if (this.pos < this.end && bytes[this.pos] === 0x2e) {
      this.pos += 1
      this.digits()
    }
    if (this.pos < this.end && (bytes[this.pos]! | 0x20) === 0x65) {
      this.pos += 1
      if (this.pos < this.end && (bytes[this.pos] === 0x2b || bytes[this.pos] === 0x2d)) this.pos += 1
      this.digits()
    }
  }

  /**
   * Checks a value's grammar and moves past it. `unique`: also refuses members that are there twice, which costs; a
   * value that is read later is checked then.
   */
  skipValue(unique: boolean): void {
    switch (this.peek()) {
      case QUOTE: {
        const start = this.pos
        if (this.scanString() !== PLAIN) this.unusualString(start, this.pos)
        return
      }
      case OPEN_OBJECT:
        this.enterObject()
        if (unique) {
          while (this.anyMember() !== undefined) this.skipValue(true)
          return
        }
        while (this.nextIn(CLOSE_OBJECT, 'a comma or a closing brace')) {
          if (this.peek() !== QUOTE) this.broken('a member name in quotes')
          this.skipValue(false)
          this.colon()
          this.skipValue(false)
        }
        return
      case OPEN_LIST:
        this.enterList()
        while (this.element()) this.skipValue(unique)
        return
      case 0x74:
        this.word('true')
        return
      case 0x66:
        this.word('false')
        return
      case 0x6e:
        this.word('null')
        return
      default: {
        const byte = this.peek()
        if (byte !== 0x2d && (byte < ZERO || byte > 0x39)) this.broken('a value')
        this.skipNumber()
      }
    }
  }
}

const PLAIN = 0
const UNUSUAL = 1
