import { join } from 'node:path'
import type { Core } from '../../../src-shared/contract.ts'
import type { Log } from '../../core/log.ts'
import { resolveDataDir } from '../data-dir.ts'
import { hostLog, internalWords } from '../host-log.ts'
import { openHostCore, pageDir } from '../open-host-core.ts'
import { loadPageFiles } from '../page-files.ts'
import { userName } from '../user-name.ts'
import { writeLinkFile } from './link-file.ts'
import { openBrowser } from './open-browser.ts'
import { doorText } from './rest-door.ts'
import { defaultLoopbackLimits, type LoopbackServer, startLoopbackServer } from './server.ts'

export interface ServeCoreOptions {
  core: Core
  dataDir: string
  /** the folder of the built page */
  pageDir: string
  port?: number
  /** shows the page in a browser */
  open?: boolean
  print: (line: string) => void
  printError: (line: string) => void
  /** prints where an internal error came from, too */
  debug?: boolean
  log?: Log
}

/** Serves a core on loopback and prints, or opens, the first link. The core stays the caller's to close. */
export async function serveCore(options: ServeCoreOptions): Promise<LoopbackServer> {
  const server = await startLoopbackServer({
    core: options.core,
    pageFiles: connect => loadPageFiles(options.pageDir, connect),
    userName: userName(),
    onInternalError(error) {
      options.log?.internal(error)
      options.printError(internalWords)
      if (options.debug) options.printError(error instanceof Error ? (error.stack ?? error.message) : String(error))
    },
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  try {
    if (!options.open) printLink(server, options.print)
    else await showPage(server, options)
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

/** Prints a fresh link. */
export function printLink(server: LoopbackServer, print: (line: string) => void): void {
  print(server.link())
  print('Open this link in a browser on this machine. It works once, within a minute.')
}

async function showPage(server: LoopbackServer, options: ServeCoreOptions): Promise<void> {
  const file = writeLinkFile(options.dataDir, server.link())
  const timer = setTimeout(file.remove, defaultLoopbackLimits.tokenMs)
  timer.unref()
  process.once('exit', file.remove)
  const shown = await openBrowser(file.url, join(options.dataDir, 'browser'))
  if (shown === 'window') options.print(`Granary is open in a window of its own (${server.origin}).`)
  else if (shown === 'tab') options.print(`Granary is open in your browser (${server.origin}).`)
  else {
    file.remove()
    options.print('No browser could be opened here.')
    printLink(server, options.print)
  }
}

export interface ServeOptions {
  /** as the user gave it; see resolveDataDir */
  dataDir?: string
  port?: number
  open?: boolean
  print?: (line: string) => void
  printError?: (line: string) => void
  debug?: boolean
  /** ends it, besides Ctrl-C */
  signal?: AbortSignal
}

/**
 * The loopback host from start to end: opens the core, serves it, and resolves after Ctrl-C (or the signal), when all is closed.
 * Enter on the terminal gives a new link. Rejects like openCore, and with `usage` where the port cannot be had.
 */
export async function serve(options: ServeOptions = {}): Promise<void> {
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const printError = options.printError ?? (line => process.stderr.write(`${line}\n`))
  const dataDir = resolveDataDir(options.dataDir)
  const asked = askedToStop(options.signal)
  try {
    const log = hostLog(dataDir, 'server')
    const core = await openHostCore({ dataDir, host: 'loopback', log })
    try {
      const { port, open, debug } = options
      const server = await serveCore({
        core,
        dataDir,
        pageDir,
        print,
        printError,
        log,
        ...(debug && { debug }),
        ...(port === undefined ? {} : { port }),
        ...(open === undefined ? {} : { open }),
      })
      const tellDoor = await doorTeller(core, print, printError)
      const giveLink = (): void => printLink(server, print)
      if (process.stdin.isTTY) {
        print('Press Enter for a new link, Ctrl-C to stop.')
        process.stdin.on('data', giveLink)
      }
      await asked.stopped
      tellDoor.stop()
      process.stdin.off('data', giveLink)
      process.stdin.pause()
      await server.close()
    } finally {
      await core.close()
    }
  } finally {
    asked.forget()
  }
}

/** Prints whether the REST door is open and where, now and whenever that changes. */
async function doorTeller(core: Core, print: (line: string) => void, printError: (line: string) => void): Promise<{ stop: () => void }> {
  let told = ''
  async function tell(): Promise<void> {
    const text = doorText(await core.query('access-tokens.door', {}))
    if (text !== told) print(text)
    told = text
  }
  await tell()
  return { stop: core.subscribe(topics => topics.includes('treasury') && tell().catch(error => printError(String(error)))) }
}

/** Ctrl-C, a polite end by the system, or the caller's signal. */
function askedToStop(signal: AbortSignal | undefined): { stopped: Promise<void>; forget: () => void } {
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => {
    stop = resolve
  })
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  const forget = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    signal?.removeEventListener('abort', stop)
  }
  return { stopped, forget }
}
