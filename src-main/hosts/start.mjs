// npm start: opens the app in Electron where it can, else in a browser's window, else prints the address. Begins on the system's Node.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { cacheDir, ensureBuilt, findNode, programDir } from './cli/build.mjs'
import { runFor } from './cli/run-for.mjs'
import { findElectron, installElectron, planElectron, readFailure, versionOf, writeFailure } from './electron/find-electron.mjs'

const usage = `npm start [-- OPTIONS]

  --data DIR   the data folder (default: the platform's application-data folder, or GRANARY_DATA)
  --electron   gets Electron for the app's own window again, though it failed before
  --browser    opens the app in a browser, whether Electron is there or not`

/** an Electron that ends with an error so soon did not open a window */
const electronFailsWithinMs = 8_000
const failurePath = join(cacheDir, 'electron-install.json')

const say = line => process.stderr.write(`${line}\n`)

/** @returns {{ dataDir?: string, electron: boolean, browser: boolean, help: boolean } | undefined} undefined for wrong usage */
function parse(args) {
  const options = { electron: false, browser: false, help: false }
  for (let index = 0; index < args.length; index++) {
    const [name, inline] = args[index].split(/=(.*)/s)
    if (name === '--data') {
      const value = inline ?? args[++index]
      if (!value) return undefined
      // npm runs scripts in the program's folder; the user meant the own one
      options.dataDir = resolve(process.env.INIT_CWD ?? '.', value)
    } else if (['--electron', '--browser', '--help'].includes(name) && inline === undefined) options[name.slice(2)] = true
    else return undefined
  }
  return options.electron && options.browser ? undefined : options
}

/** Runs a program with this one's terminal; signals go on to it. Resolves to its exit code. */
function runHere(program, args) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    const pass = signal => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
    const settle = () => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, pass)
    }
    child.on('error', error => {
      settle()
      failed(error)
    })
    child.on('exit', (code, signal) => {
      settle()
      done(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

/** @returns {Promise<string | undefined>} why it could not be got */
async function getElectron(packageDir, version) {
  const idleMs = Number(process.env.GRANARY_ELECTRON_WAIT_SEC || 60) * 1000
  const shown = process.stderr.isTTY
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  say(`Getting Electron ${version} for the app's own window, once, some 120 MB. Ctrl-C stops; "npm start -- --browser" does without.`)
  let lastSaidMb = 0
  const reason = await installElectron({
    packageDir,
    node: findNode(),
    tempDir: cacheDir,
    idleMs,
    signal: stop.signal,
    onProgress(bytes) {
      const mb = Math.floor(bytes / 1_000_000)
      if (shown) process.stderr.write(`\r  ${mb} MB`)
      else if (mb >= lastSaidMb + 20) {
        lastSaidMb = mb
        say(`  ${mb} MB`)
      }
    },
  })
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  if (shown) process.stderr.write('\r')
  if (stop.signal.aborted) {
    say('Stopped. The next start tries again; "npm start -- --browser" does without.')
    process.exit(130)
  }
  writeFailure(failurePath, reason === undefined ? undefined : { version, reason, at: new Date().toISOString() })
  return reason
}

/** @returns {Promise<number | string>} the exit code of Electron, or why there is no window of it */
async function tryElectron(options) {
  let packageDir
  try {
    packageDir = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
  } catch {
    packageDir = join(programDir, 'node_modules/electron')
  }
  const version = versionOf(packageDir)
  let electron = findElectron(packageDir, process.env)
  const plan = planElectron({
    electron,
    version,
    asked: options.electron,
    refused: options.browser,
    lastFailure: readFailure(failurePath),
    platform: process.platform,
    env: process.env,
    userId: process.getuid?.(),
  })
  if (plan.do === 'leave') return plan.why
  if (plan.do === 'get') {
    const reason = await getElectron(packageDir, version)
    electron = findElectron(packageDir, process.env)
    if (!electron) return `Electron ${version} could not be downloaded (${reason ?? 'its program is not where it should be'})`
  }
  const startMs = performance.now()
  try {
    const code = await runHere(electron, [programDir, ...(options.dataDir ? [`--data=${options.dataDir}`] : [])])
    if (code === 0 || code === 130 || performance.now() - startMs > electronFailsWithinMs) return code
    return `Electron ended at once with exit code ${code}; what it said stands above`
  } catch (error) {
    return `Electron could not be started (${error.message})`
  }
}

async function start() {
  const options = parse(process.argv.slice(2))
  if (!options) {
    say(usage)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const node = findNode()
  await ensureBuilt()
  const result = await tryElectron(options)
  if (typeof result === 'number') return result
  say(`No Electron window: ${result}.`)
  if (!options.browser)
    say('The app opens in a browser instead. For a window of its own: "npm start -- --electron", on a desktop and not as root.')
  return runFor(node, [join(programDir, 'out/main/cli.js'), 'serve', '--open', ...(options.dataDir ? ['--data', options.dataDir] : [])])
}

try {
  process.exitCode = await start()
} catch (error) {
  say(`Granary cannot start: ${error.message}`)
  process.exitCode = 1
}
