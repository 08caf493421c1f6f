import { readFileSync } from 'node:fs'
import { AppError } from '../../../src-shared/errors.ts'

/*
 * How the command line gets secrets: typed at a terminal without an echo, or read from standard input or a file descriptor. Never from
 * arguments, which every user of the machine can list, and never from the environment, which programs hand on.
 */

export interface SecretInput {
  /** somebody sits there and can be asked */
  readonly isTerminal: boolean
  /** A secret; at a terminal it is asked for and not shown. Without one: all of `fd`, or the next line of standard input. */
  secret(prompt: string, fd?: number): Promise<string>
  /** Something that may be seen, at a terminal only. */
  visible(prompt: string): Promise<string>
}

/** `say` writes to the terminal, beside what a program reads. */
export function createSecretInput(say: (text: string) => void, stdin: NodeJS.ReadStream = process.stdin): SecretInput {
  let lines: string[] | null = null

  function nextLine(prompt: string): string {
    lines ??= readText(0).split(/\r?\n/)
    const line = lines.shift()
    if (line === undefined || (line === '' && lines.length === 0))
      throw new AppError(
        'usage',
        `${prompt}: standard input ended before it. Nothing was changed. Give one secret a line, in the order in which they are asked.`,
      )
    return line
  }

  return {
    isTerminal: stdin.isTTY === true,
    async secret(prompt, fd) {
      if (fd !== undefined && fd !== 0) return readText(fd).replace(/\r?\n$/, '')
      return stdin.isTTY === true ? typed(stdin, say, prompt, false) : nextLine(prompt)
    },
    async visible(prompt) {
      return stdin.isTTY === true ? typed(stdin, say, prompt, true) : nextLine(prompt)
    },
  }
}

function readText(fd: number): string {
  try {
    return readFileSync(fd, 'utf8')
  } catch (cause) {
    throw new AppError(
      'usage',
      `File descriptor ${fd} can't be read (${(cause as NodeJS.ErrnoException).code}). Nothing was changed. Open it in your shell: ${fd}<FILE.`,
    )
  }
}

const ENTER = /[\r\n]/
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const RUBOUT = /[\u007f\b]/
/** arrows and the marks around pasted text */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own signs
const ESCAPES = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/g

/** A line from the terminal, in raw mode so that nothing echoes; what is typed is shown only if it may be. */
function typed(stdin: NodeJS.ReadStream, say: (text: string) => void, prompt: string, visible: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const wasRaw = stdin.isRaw
    // before the question is seen, so that nobody who answers at once has it echoed
    stdin.setRawMode(true)
    stdin.setEncoding('utf8')
    say(`${prompt}: `)
    const end = (outcome: () => void) => {
      stdin.off('data', take)
      stdin.setRawMode(wasRaw)
      stdin.pause()
      say('\n')
      outcome()
    }
    function take(chunk: string): void {
      const [...signs] = String(chunk).replace(ESCAPES, '')
      for (const [at, sign] of signs.entries()) {
        if (ENTER.test(sign)) {
          // what was pasted after it belongs to the next question
          const rest = signs.slice(at + 1).join('')
          end(() => resolve(text))
          if (rest !== '') stdin.unshift(rest)
          return
        }
        if (sign === CTRL_C || (sign === CTRL_D && text === '')) {
          end(() => reject(new AppError('cancelled', 'Stopped at the question.')))
          return
        }
        if (RUBOUT.test(sign)) {
          if (visible && text !== '') say('\b \b')
          text = [...text].slice(0, -1).join('')
        } else if (sign === CTRL_U) {
          if (visible) say('\b \b'.repeat([...text].length))
          text = ''
        } else if (sign >= ' ') {
          text += sign
          if (visible) say(sign)
        }
      }
    }
    stdin.on('data', take)
    stdin.resume()
  })
}
