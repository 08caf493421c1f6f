import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Core } from '../../../src-shared/contract.ts'
import { loadPageFiles } from '../page-files.ts'
import { writeLinkFile } from './link-file.ts'
import { openBrowser } from './open-browser.ts'
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
}

/** Serves a core on loopback and prints, or opens, the first link. The core stays the caller's to close. */
export async function serveCore(options: ServeCoreOptions): Promise<LoopbackServer> {
  const server = await startLoopbackServer({
    core: options.core,
    pageFiles: connect => loadPageFiles(options.pageDir, connect),
    userName: userInfo().username,
    onInternalError: error => options.printError(error instanceof Error ? (error.stack ?? error.message) : String(error)),
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
