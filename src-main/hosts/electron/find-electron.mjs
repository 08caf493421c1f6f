// Finding Electron's program, and getting it by its package's own script. Plain JavaScript without packages: it runs on any Node.
// `require('electron')` would start a download by itself, without progress or end; so the files are looked at instead.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const programs = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }

/**
 * Electron's program if it is there whole: where ELECTRON_OVERRIDE_DIST_PATH says, else in the package.
 * @param {string} packageDir node_modules/electron
 * @param {Record<string, string | undefined>} env
 * @returns {string | undefined}
 */
export function findElectron(packageDir, env) {
  const named = readText(join(packageDir, 'path.txt'))
  const program = named || (programs[process.platform] ?? 'electron')
  if (env.ELECTRON_OVERRIDE_DIST_PATH) {
    const path = join(env.ELECTRON_OVERRIDE_DIST_PATH, program)
    return existsSync(path) ? path : undefined
  }
  // the script writes path.txt last: without it the folder may be half unpacked
  if (!named || readText(join(packageDir, 'dist/version'))?.replace(/^v/, '') !== versionOf(packageDir)) return undefined
  const path = join(packageDir, 'dist', program)
  return existsSync(path) ? path : undefined
}

/** The version that the package stands for, undefined where it is not installed. */
export function versionOf(packageDir) {
  const text = readText(join(packageDir, 'package.json'))
  return text === undefined ? undefined : JSON.parse(text).version
}

/**
 * Whether to open Electron, to get it first, or to leave it; with the reason where it is left.
 * @param {object} at
 * @param {string | undefined} at.electron its program
 * @param {string | undefined} at.version the package's version, undefined where it is not installed
 * @param {boolean} at.asked --electron: tried in any case
 * @param {boolean} at.refused --browser
 * @param {{ version: string, reason: string, at: string } | undefined} at.lastFailure of getting it
 * @param {NodeJS.Platform} at.platform
 * @param {Record<string, string | undefined>} at.env
 * @param {number | undefined} at.userId
 * @returns {{ do: 'open' | 'get' | 'leave', why: string }}
 */
export function planElectron({ electron, version, asked, refused, lastFailure, platform, env, userId }) {
  if (refused) return { do: 'leave', why: 'as --browser says' }
  const onLinux = platform === 'linux'
  if (!asked && onLinux && !env.DISPLAY && !env.WAYLAND_DISPLAY) return { do: 'leave', why: 'there is no display here' }
  if (electron) return { do: 'open', why: '' }
  if (env.ELECTRON_OVERRIDE_DIST_PATH)
    return { do: 'leave', why: `ELECTRON_OVERRIDE_DIST_PATH is ${env.ELECTRON_OVERRIDE_DIST_PATH}, where Electron's program is not` }
  if (!version) return { do: 'leave', why: 'the package electron is not installed ("npm ci" installs it)' }
  if (asked) return { do: 'get', why: '' }
  // Electron keeps its sandbox here, and with that it does not start as root
  if (onLinux && userId === 0) return { do: 'leave', why: 'Electron does not run as root' }
  if (lastFailure?.version === version)
    return { do: 'leave', why: `Electron ${version} could not be downloaded on ${lastFailure.at.slice(0, 10)} (${lastFailure.reason})` }
  return { do: 'get', why: '' }
}

/** @returns {{ version: string, reason: string, at: string } | undefined} what the last attempt to get it failed of */
export function readFailure(path) {
  try {
    const { version, reason, at } = JSON.parse(readFileSync(path, 'utf8'))
    return typeof version === 'string' && typeof reason === 'string' && typeof at === 'string' ? { version, reason, at } : undefined
  } catch {
    return undefined
  }
}

/** Remembers a failure, or (undefined) that there is none any more. A cache that cannot be written only costs another try. */
export function writeFailure(path, failure) {
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (failure) writeFileSync(path, `${JSON.stringify(failure)}\n`)
    else rmSync(path, { force: true })
  } catch {
    // see above
  }
}

/**
 * Runs the package's own install-electron, until it is done, fails, or gets no data for `idleMs`. Aborting kills it at once.
 * @param {object} options
 * @param {string} options.packageDir
 * @param {string} options.node a Node of 22.12 or newer
 * @param {string} options.tempDir where the download lies while it grows; made and removed
 * @param {number} options.idleMs
 * @param {(bytes: number) => void} options.onProgress once a second: how much has come
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<string | undefined>} why it failed, in a few words
 */
export async function installElectron({ packageDir, node, tempDir, idleMs, onProgress, signal }) {
  const { bin } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'))
  mkdirSync(tempDir, { recursive: true })
  const downloadDir = mkdtempSync(join(tempDir, 'electron-'))
  try {
    return await new Promise(resolve => {
      const child = spawn(node, [join(packageDir, bin['install-electron'])], {
        // its download grows in the temporary folder: one of its own can be watched, and is gone afterwards
        env: { ...process.env, TMPDIR: downloadDir, TEMP: downloadDir, TMP: downloadDir, ELECTRON_GET_NO_PROGRESS: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      let lastBytes = 0
      let heardMs = performance.now()
      let ended
      const end = why => {
        ended ??= why
        child.kill('SIGKILL')
      }
      const abort = () => end('stopped')
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      const take = part => {
        output = (output + part).slice(-8_000)
        heardMs = performance.now()
      }
      child.stdout.on('data', take)
      child.stderr.on('data', take)
      const watch = setInterval(
        () => {
          // unpacking counts as well: it takes a while on a slow disk
          const bytes = bytesBelow(downloadDir) + bytesBelow(join(packageDir, 'dist'))
          if (bytes !== lastBytes) heardMs = performance.now()
          lastBytes = bytes
          onProgress(bytes)
          if (performance.now() - heardMs > idleMs) end(`no data for ${Math.round(idleMs / 1000)} s`)
        },
        Math.min(1_000, idleMs / 2),
      )
      const settle = why => {
        clearInterval(watch)
        signal?.removeEventListener('abort', abort)
        resolve(ended ?? why)
      }
      child.on('error', error => settle(error.message))
      child.on('close', (code, killedBy) =>
        settle(code === 0 ? undefined : reasonIn(output) || `ended by ${killedBy ?? `exit code ${code}`}`),
      )
    })
  } finally {
    rmSync(downloadDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The telling part of the script's stack trace: the innermost cause. */
function reasonIn(output) {
  const errors = [...output.matchAll(/^\s*(?:\[cause\]: |Caused by: )?((?:[A-Z]\w*)?Error(?: \[\w+\])?: .+)$/gm)].map(match => match[1])
  const codes = [...output.matchAll(/\bcode: '([A-Z_]+)'/g)].map(match => match[1])
  const said = (errors.at(-1)?.replace(/^(?:Type)?Error: /, '') ?? output.trim().split('\n')[0] ?? '').replace(/\s*\{$/, '').slice(0, 200)
  return codes.length > 0 && !said.includes(codes.at(-1)) ? `${said} ${codes.at(-1)}` : said
}

function bytesBelow(folder) {
  let bytes = 0
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false })?.size ?? 0
  } catch {
    // not there, or going away while it is read
  }
  return bytes
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
