// What has to be there before the program can run: a Node that is new enough, and the bundle in out/.
// Plain JavaScript without packages, as the system's own Node (20) reads it before anything else.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { findNode as findNodeFor } from './find-node.mjs'

/** The folder of the program, where package.json lies. */
export const programDir = resolve(fileURLToPath(new URL('../../..', import.meta.url)))

/** For what may be thrown away: the lock of a build, what start.mjs remembers. */
export const cacheDir = join(programDir, 'node_modules/.cache/granary')

/** The Node that runs the program; see find-node.mjs. */
export const findNode = () => findNodeFor(programDir)

/** What the bundle is made of. */
const sources = ['src-main', 'src-renderer', 'src-shared', 'electron.vite.config.ts', 'package.json', 'package-lock.json']
const products = ['out/main/cli.js', 'out/main/worker.js', 'out/main/electron.js', 'out/preload/preload.cjs', 'out/renderer/index.html']
const stampPath = join(programDir, 'out/built-from')
const lockPath = join(cacheDir, 'build.lock')
/** a lock that nobody has touched for so long is left over from a build that was killed */
const lockLostMs = 30_000

/** Names, sizes and times of all sources: other than before when one was changed, added, removed or put back. */
function fingerprint() {
  const lines = []
  const add = (path, { size, mtimeMs }) => lines.push(`${path}\0${size}\0${mtimeMs}\n`)
  // by hand: the recursive readdir takes three times as long, and every start of the program waits for this
  const walk = folder => {
    for (const entry of readdirSync(`${programDir}/${folder}`, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (/\.(ts|tsx|js|mjs|cjs|css|html|json|svg|png|woff2)$/.test(entry.name) && !entry.name.endsWith('.d.mts'))
        add(path, statSync(`${programDir}/${path}`))
    }
  }
  for (const source of sources) {
    const at = statSync(`${programDir}/${source}`, { throwIfNoEntry: false })
    if (at?.isDirectory()) walk(source)
    else if (at) add(source, at)
  }
  return createHash('sha256').update(lines.sort().join('')).digest('hex')
}

function isBuilt() {
  // installed without what builds it: the bundle that came along is the one
  if (!existsSync(join(programDir, 'electron.vite.config.ts'))) return true
  if (!products.every(product => existsSync(join(programDir, product)))) return false
  return readText(stampPath) === fingerprint()
}

/**
 * Builds out/ if it is missing or not made of the sources as they are now. Two that ask at the same time don't build at the same
 * time: the second waits and takes what the first built. Says what it does on standard error; nothing goes to standard output.
 * Rejects with an Error whose message holds the end of the builder's output.
 * @param {{ quiet?: boolean, force?: boolean }} [options] quiet: says nothing unless it fails; force: builds in any case
 * @returns {Promise<boolean>} whether it had to build
 */
export async function ensureBuilt({ quiet = false, force = false } = {}) {
  if (!force && isBuilt()) return false
  const say = quiet ? () => {} : line => process.stderr.write(`${line}\n`)
  const lock = await takeLock(say)
  try {
    if (!force && isBuilt()) return false
    const startMs = performance.now()
    say('Building the app (the first time, and after a change of its sources) …')
    const madeOf = fingerprint()
    rmSync(stampPath, { force: true })
    await runBuilder(lock.release)
    writeFileSync(stampPath, madeOf)
    say(`Built in ${((performance.now() - startMs) / 1000).toFixed(1)} s.`)
    return true
  } finally {
    lock.release()
  }
}

/** @param {() => void} release called before this process ends by a signal */
async function runBuilder(release) {
  // only here: a start of the built program does without
  const { spawn } = await import('node:child_process')
  const builder = join(programDir, 'node_modules/electron-vite/bin/electron-vite.js')
  if (!existsSync(builder))
    throw new Error(`The app is not built, and what builds it is not installed. Run "npm ci" in ${programDir} and try again.`)
  return new Promise((resolve, reject) => {
    const child = spawn(findNode(), [builder, 'build'], {
      cwd: programDir,
      // whoever asks (a test, a shell with settings of its own): the bundle is the same
      env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = part => {
      output = (output + part).slice(-4_000)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const stop = signal => {
      child.kill('SIGKILL')
      release()
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      if (code === 0) resolve()
      else
        reject(new Error(`The app could not be built (${signal ?? `exit code ${code}`}). The builder's last words:\n${output.trimEnd()}`))
    })
  })
}

/** Waits until no other process builds. The folder is the lock: making it works for one only. */
async function takeLock(say) {
  mkdirSync(cacheDir, { recursive: true })
  const owner = `${process.pid} ${randomUUID()}`
  let said = false
  for (;;) {
    try {
      mkdirSync(lockPath)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!removeLostLock()) {
      if (!said) say('Another process is building the app; waiting for it …')
      said = true
      await wait(100)
    }
  }
  writeFileSync(join(lockPath, 'owner'), owner)
  const alive = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(lockPath, now, now)
    } catch {
      // taken from us, as this process had been stopped for long
    }
  }, 2_000)
  alive.unref()
  return {
    release() {
      clearInterval(alive)
      if (readText(join(lockPath, 'owner')) === owner) rmSync(lockPath, { recursive: true, force: true })
    },
  }
}

/** @returns whether a lock was left over by a process that is no more, and is gone now */
function removeLostLock() {
  const at = statSync(lockPath, { throwIfNoEntry: false })
  if (!at) return true
  const owner = readText(join(lockPath, 'owner'))
  const untouchedMs = Date.now() - at.mtimeMs
  if (untouchedMs < lockLostMs && (owner === undefined || isRunning(Number.parseInt(owner, 10)))) return false
  // moved before it is removed: of several that find it, one moves it
  const aside = `${lockPath}-${randomUUID()}`
  try {
    renameSync(lockPath, aside)
    // another may have been faster in finding it and have taken the lock since: give that back
    if (readText(join(aside, 'owner')) === owner) rmSync(aside, { recursive: true, force: true })
    else renameSync(aside, lockPath)
  } catch {
    return false
  }
  return true
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

// npm run build
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await ensureBuilt({ force: true }).catch(error => {
    console.error(error.message)
    process.exitCode = 1
  })
