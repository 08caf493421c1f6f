// The npm package `granary` for servers: the loopback host and the command line, built, with nothing of what builds them.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The desktop host's own: no server has Electron. */
const desktopOnly = new Set(['electron.js', 'core-process.js'])

/**
 * Lays out the package in `folder`, which is emptied first; `npm pack` makes the file of it. The bundle in out/ must be there.
 * Its one dependency is the native module that stays outside the bundle. It brings no Node: the one that is there is taken (find-node.mjs).
 * @param {string} programDir the folder of the program, where package.json lies
 * @param {string} folder
 */
export function layOutNpmPackage(programDir, folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { name, version, description, license, type, bin, engines, dependencies } = JSON.parse(
    readFileSync(join(programDir, 'package.json'), 'utf8'),
  )
  const manifest = { name, version, description, license, type, bin, engines, dependencies }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  cpSync(join(programDir, 'LICENSE'), join(folder, 'LICENSE'))
  // without its pictures, which are for who reads it where the sources are
  const readme = readFileSync(join(programDir, 'README.md'), 'utf8')
  writeFileSync(join(folder, 'README.md'), readme.replace(/^(<picture>.*?<\/picture>|<img [^>]*>)\n\n/gms, ''))
  for (const file of ['granary.mjs', 'build.mjs', 'find-node.mjs', 'run-for.mjs'])
    cpSync(join(programDir, 'src-main/hosts/cli', file), join(folder, 'src-main/hosts/cli', file))
  for (const file of readdirSync(join(programDir, 'out/main')))
    if (!desktopOnly.has(file)) cpSync(join(programDir, 'out/main', file), join(folder, 'out/main', file))
  cpSync(join(programDir, 'out/renderer'), join(folder, 'out/renderer'), { recursive: true })
  const pictures = join(programDir, 'resources/pictures')
  cpSync(join(programDir, 'resources'), join(folder, 'resources'), { recursive: true, filter: from => from !== pictures })
}
