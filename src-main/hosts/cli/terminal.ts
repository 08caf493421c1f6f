import { fstatSync, writeSync } from 'node:fs'
import { toAppError, toPrintError } from '../../../src-shared/errors.ts'
import { curveRefusalMeaning } from '../../../src-shared/treasury/curve.ts'
import type { JobProgress } from '../../core/index.ts'
import { onAskedToStop } from './asked-to-stop.ts'

export interface Terminal {
  /** aborted by Ctrl-C and by a polite end; a second Ctrl-C ends the process at once */
  readonly signal: AbortSignal
  readonly json: boolean
  out(text: string): void
  err(text: string): void
  /** shows where a job is, on one line that is written over; only where standard error is a terminal */
  progress(progress: JobProgress): void
  /** says what went wrong, on standard error */
  fail(error: unknown): void
  /** Waits until what was printed is taken, and gives whether all of it was; if not, it has said why. */
  end(): Promise<boolean>
}

/** Bigints as decimal texts, as everywhere on the wire. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? member.toString() : member))}\n`
}

export function createTerminal(
  { stdout, stderr }: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream },
  { json, debug }: { json: boolean; debug: boolean },
): Terminal {
  const abort = new AbortController()
  let lineShown = false
  let printed = Promise.resolve()
  let unprinted: NodeJS.ErrnoException | null = null
  const stopListening = onAskedToStop(() => {
    if (abort.signal.aborted) process.exit(1)
    abort.abort()
  })
  // whoever reads our output may go away early (`| head`): that is no failure
  const broken = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') process.exit(0)
    // any other failure is told at the end: the work itself goes on
  }
  stdout.on('error', broken)
  // whoever can't be told reads it from the exit code
  stderr.on('error', () => {})

  function clearLine(): void {
    if (lineShown) stderr.write('\r\x1b[2K')
    lineShown = false
  }

  return {
    signal: abort.signal,
    json,
    out: text => {
      clearLine()
      printed = new Promise(resolve => {
        stdout.write(text, error => {
          if (error) unprinted ??= error
          resolve()
        })
      })
    },
    err: text => {
      clearLine()
      stderr.write(text)
    },
    progress: ({ fraction, detail, secondsLeft }) => {
      if (!stderr.isTTY) return
      const share = fraction === null ? '' : `${Math.floor(fraction * 100)} %  `
      const left = secondsLeft === null ? '' : `, ${secondsLeft} s left`
      stderr.write(`\r\x1b[2K${share}${detail}${left}`)
      lineShown = true
    },
    fail,
    async end() {
      clearLine()
      // once stopped, the process ends by itself; the same press of Ctrl-C that comes a second time must not change its exit code
      if (!abort.signal.aborted) stopListening()
      // `broken` stays: what was written may still be on its way when a reader goes
      await printed
      if (unprinted === null || unprinted.code === 'EPIPE') return true
      fail(toPrintError(unprinted))
      return false
    },
  }

  function fail(caught: unknown): void {
    clearLine()
    const error = toAppError(caught)
    if (error.code === 'cancelled') stderr.write('Stopped. Nothing half-written is left; run the same command again to go on.\n')
    else {
      const meaning = curveRefusalMeaning(error.code)
      stderr.write(`granary: ${error.message}${meaning === null ? '' : `. ${meaning}`}\n`)
    }
    if (debug)
      stderr.write(
        `${error.code} ${JSON.stringify(error.details)}\n${error.stack}\n${error.cause instanceof Error ? `${error.cause.stack}\n` : ''}`,
      )
  }
}

/**
 * Has a standard output that is a file written to its last byte: of what a disk that fills up has no room for, the system writes a part, which
 * Node's stream takes for all of it.
 */
export function printWhole(stdout: NodeJS.WriteStream & { fd: number }): void {
  try {
    if (!fstatSync(stdout.fd).isFile()) return
  } catch {
    return // Windows starts programs that have none
  }
  stdout._write = (chunk: string | Uint8Array, encoding, done) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(stdout.fd, bytes, at)
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  }
}
