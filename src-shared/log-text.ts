import { cleanName } from './text.ts'

/* What of a text or stack from elsewhere may stand in the log. It rather takes too much away than too little: a secret never belongs there. */

const LEFT_OUT = '…'
/** Longer than any sentence that helps. */
const TEXT_CHARS = 300
/** Of a text that nobody limited. */
const READ_CHARS = 4000

/** Whatever stands after such a name may be the value of it: nothing more is taken of the text. */
const NAMED =
  /\b(authori[sz]ation|bearer|tokens?|pass(?:words?|phrases?)?|secrets?|seeds?|mnemonics?|api[-_]?keys?|sessions?|cookies?)\b.*/i
/** Recovery words stand in one row, without a mark between them; a sentence has short words and marks. */
const WORD_ROW = /\b(?:[a-z]{3,8}[\s,"']+){7,}[a-z]{3,8}\b/gi
/** Keys, hashes, signatures, addresses, encoded bytes. */
const LONG_RUN = /[A-Za-z0-9+/_=-]{24,}/g
const NUMBER_ROW = /\d{1,3}(?:\s*,\s*\d{1,3}){7,}/g
/** Whatever a message quotes is data; but a property's name in V8's own words is the program's. */
const QUOTED = /(reading |setting )?(?:"[^"]*"?|'[^']{2,}'|`[^`]*`?)/g
const ADDRESS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s/@]*@)?([a-z0-9.-]{1,80}(?::\d+)?)[^\s]*/gi

export interface Places {
  /** the user's own folder, which names them; empty: none */
  home: string
  /** where the program lies; empty: none */
  program: string
}

/**
 * A message from elsewhere (a library's, the system's, a page's) as it may stand in a log: one line of at most 300 characters, without what is
 * quoted in it, keys, recovery words, rows of numbers, what follows the name of a secret, the path and question of an address, and the name of
 * the user's folder.
 */
export function cleanText(text: string, places: Places): string {
  const unquoted = oneLine(text, places).replace(QUOTED, (quoted, ofV8: string | undefined) =>
    ofV8 && /^\w+ '\w{1,30}'$/.test(quoted) ? quoted : `“${LEFT_OUT}”`,
  )
  return cut(withoutKeys(unquoted.replace(NAMED, `$1 ${LEFT_OUT}`)))
}

/** The message of an error of the program's own, which repeats no secret: names and sentences stay, keys and addresses don't. */
export function cleanMessage(message: string, places: Places): string {
  return cut(withoutKeys(oneLine(message, places)))
}

function oneLine(text: string, places: Places): string {
  // what is cut off in the middle is no key any more that is known as one
  const whole = text.length <= READ_CHARS ? text : text.slice(0, READ_CHARS).replace(/\S*$/, '')
  return withoutPlaces(cleanName(whole), places).replace(ADDRESS, '$1$2')
}

function withoutKeys(text: string): string {
  return text.replace(WORD_ROW, LEFT_OUT).replace(NUMBER_ROW, LEFT_OUT).replace(LONG_RUN, LEFT_OUT)
}

function cut(text: string): string {
  return text.length <= TEXT_CHARS ? text : `${text.slice(0, TEXT_CHARS - 1)}${LEFT_OUT}`
}

/** The name of a thing of the program's (a code, a kind, an id): letters, digits and a few marks, at most 40; `?` for anything else. */
export function cleanWord(word: string): string {
  return /^[\w.:+-]{1,40}$/.test(word) ? word : '?'
}

/** The places in a stack, innermost first; nothing of the message that stands above them. */
export function stackFrames(stack: string, places: Places, most = 40): string[] {
  const frames: string[] = []
  for (const line of stack.slice(0, 40_000).split('\n')) {
    // V8: "at name (place:1:2)" and "at place:1:2"; Firefox and Safari: "name@place:1:2"
    const [, name = '', place, row, column] =
      /^\s*at (?:(?:async )?([\w$.<>[\] #]{1,100}) \()?([^()\s]+):(\d{1,7}):(\d{1,7})\)?$/.exec(line) ??
      /^([\w$.<>/]{0,100})@([^()\s]+):(\d{1,7}):(\d{1,7})$/.exec(line) ??
      []
    if (place === undefined) continue
    frames.push(`${name.trim() === '' ? '' : `${name.trim()} `}${cleanPlace(place, places)}:${row}:${column}`.slice(0, 300))
    if (frames.length === most) break
  }
  return frames
}

/** A file of a stack: below the program as it is, elsewhere without the user's folder; of an address without its question. */
function cleanPlace(place: string, places: Places): string {
  const path = place.replace(/^file:\/\//, '').replace(/[?#].*$/, '')
  return withoutPlaces(path, places)
    .replace(/[^\w./:@~+-]/g, '')
    .slice(-200)
}

function withoutPlaces(text: string, { home, program }: Places): string {
  const shorter = program.length > 1 ? text.replaceAll(`${program}/`, '').replaceAll(`${program}\\`, '') : text
  return home.length > 1 ? shorter.replaceAll(home, '~') : shorter
}
