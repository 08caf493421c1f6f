// Finds a Node that is new enough for the program. Plain JavaScript without packages, as the system's own Node (20) reads it.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'

/** better-sqlite3 crashes on what is older. */
export const oldestNodeMajor = 22

/** The Node that the locked platform packages bring. */
const broughtNode = '24.21.0'

const windows = process.platform === 'win32'
const program = windows ? 'node.exe' : 'node'
const platformPackage = `node-${windows ? 'win' : process.platform}-${process.arch}`

/**
 * The Node that runs the program: the one that runs now if it is new enough, else the one that npm installed as a locked package, else the
 * newest of those on the path and in the folders of version managers.
 * Throws an Error with the one command that gets it where there is none.
 * @param {string} programDir the folder of the program, where package.json lies
 * @param {Record<string, string | undefined>} [env]
 * @param {string} [running] the version of the Node that runs
 * @returns {string} the path of the program
 */
export function findNode(programDir, env = process.env, running = process.versions.node) {
  if (majorOf(running) >= oldestNodeMajor) return process.execPath
  const found = [packagedNode(), ...nodesElsewhere(env)].find(path => path !== undefined && existsSync(path) && isNewEnough(path))
  if (found) return found
  throw new Error(
    `Granary needs Node ${oldestNodeMajor} or newer; this is Node ${running}, and no newer one was found. Nothing was changed. ${wayToGet(programDir)}`,
  )
}

function packagedNode() {
  try {
    return join(createRequire(import.meta.url).resolve(`${platformPackage}/package.json`), '../bin', program)
  } catch {
    // not installed: others are looked for
    return undefined
  }
}

/** Where a Node may lie beside the one that runs: the path first, then the version managers', newest first. */
function nodesElsewhere(env) {
  const home = env.HOME || env.USERPROFILE || homedir()
  const versions = [
    [env.NVM_DIR ?? join(home, '.nvm'), 'versions/node', 'bin'],
    [env.NVM_HOME, '', ''],
    [env.FNM_DIR ?? join(home, '.local/share/fnm'), 'node-versions', 'installation/bin'],
    [env.VOLTA_HOME ?? join(home, '.volta'), 'tools/image/node', 'bin'],
    [env.ASDF_DATA_DIR ?? join(home, '.asdf'), 'installs/nodejs', 'bin'],
    [join(home, '.local/share/mise'), 'installs/node', 'bin'],
  ].flatMap(([root, folder, bin]) => {
    const names = root ? namesIn(join(root, folder)).filter(name => majorOf(name) >= oldestNodeMajor) : []
    return names.sort((a, b) => majorOf(b) - majorOf(a)).map(name => join(root, folder, name, bin, program))
  })
  const onPath = (env.PATH ?? '').split(delimiter).filter(Boolean)
  const usual = windows
    ? ['C:\\Program Files\\nodejs']
    : ['/usr/local/bin', '/opt/homebrew/bin', '/opt/homebrew/opt/node@24/bin', '/usr/local/opt/node@24/bin']
  return [...onPath.map(folder => join(folder, program)), ...versions, ...usual.map(folder => join(folder, program))]
}

function namesIn(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** 24 of `v24.1.0` or `24.1.0`; NaN for anything else. */
function majorOf(version) {
  return Number.parseInt(version.replace(/^v/, ''), 10)
}

function isNewEnough(path) {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5_000 })
  return majorOf((stdout ?? '').trim()) >= oldestNodeMajor
}

/** One command, after which the program finds its Node. */
function wayToGet(programDir) {
  if (process.platform === 'darwin') return 'Get Node 24 with "brew install node@24" (or from https://nodejs.org) and try again.'
  const around = dirname(programDir)
  if (basename(around) !== 'node_modules') return `Run "npm ci" in ${programDir}, which brings Node 24, and try again.`
  // beside the program, where it is found; without links, which would take the place of the system's Node
  const where = existsSync(join(around, '..', 'package.json')) ? `--prefix "${dirname(around)}"` : '--global'
  return `Get Node 24, for it alone, and try again:\n  npm install ${where} --no-bin-links ${platformPackage}@${broughtNode}`
}
