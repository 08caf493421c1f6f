#!/usr/bin/env node
// What `granary` starts: on the system's Node, whichever it is. Finds a Node that is new enough, builds if need be, then hands over.
import nodeModule from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheDir, ensureBuilt, findNode, programDir } from './build.mjs'

try {
  const node = findNode()
  // not left to the newer Node: whoever is asked to stop ends the build
  await ensureBuilt()
  if (node === process.execPath) {
    // the bundle's compiled code from the last time; where that can't be kept (a folder of others, an older Node), it is compiled again
    nodeModule.enableCompileCache?.(join(cacheDir, 'compiled'))
    const { main } = await import(pathToFileURL(join(programDir, 'out/main/cli.js')).href)
    await main()
  } else {
    const { runFor } = await import('./run-for.mjs')
    process.exitCode = await runFor(node, process.argv.slice(1), handedOn(process.argv))
  }
} catch (error) {
  process.stderr.write(`granary: ${error.message}\n`)
  process.exitCode = 1
}

/** Standard input and output, and the file descriptors from which secrets are to be read (`--secret-fd 3`). */
function handedOn(args) {
  const named = args.flatMap((arg, at) =>
    /^--[a-z-]+-fd$/.test(arg) ? [args[at + 1]] : /^--[a-z-]+-fd=/.test(arg) ? [arg.split('=')[1]] : [],
  )
  const fds = new Set([0, 1, 2, ...named.map(Number).filter(fd => Number.isInteger(fd) && fd > 2 && fd < 256)])
  return Array.from({ length: Math.max(...fds) + 1 }, (_, fd) => (fds.has(fd) ? 'inherit' : 'ignore'))
}
