#!/usr/bin/env node
// What `granary` starts: on the system's Node, whichever it is. Finds a Node that is new enough, builds if need be, then hands over.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, findNode, programDir } from './build.mjs'

try {
  const node = findNode()
  if (node === process.execPath) {
    await ensureBuilt()
    const { main } = await import(pathToFileURL(join(programDir, 'out/main/cli.js')).href)
    await main()
  } else {
    // Ctrl-C reaches the child as well, which ends in order; this process only waits for it
    process.on('SIGINT', () => {})
    const child = spawnSync(node, [process.argv[1], ...process.argv.slice(2)], { stdio: 'inherit' })
    if (child.error) throw child.error
    process.exitCode = child.status ?? 1
  }
} catch (error) {
  process.stderr.write(`granary: ${error.message}\n`)
  process.exitCode = 1
}
