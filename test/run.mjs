// npm test: builds what is needed, runs every kind of test, finds or gets a browser for the last part, and says at the end what
// passed, failed and was skipped. `--long` runs the properties at full count; `--e2e [arguments for Playwright]` runs the browser part alone.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ensureBuilt, findNode, programDir } from '../src-main/hosts/cli/build.mjs'

const args = process.argv.slice(2)
const long = args.includes('--long')
const e2eAt = args.indexOf('--e2e')
const e2eArgs = e2eAt < 0 ? [] : args.slice(e2eAt + 1)
if (args.some((arg, index) => arg !== '--long' && (e2eAt < 0 || index < e2eAt))) {
  console.error(
    'npm test takes --long (full counts for the properties) and --e2e (the browser part alone; what follows goes to Playwright).',
  )
  process.exit(2)
}
// vitest and the type-stripping of test helpers want a little more than the program itself
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  try {
    if (major >= 22)
      throw new Error(`The tests need Node 22.18 or newer; this is ${process.versions.node}. Install Node 24 and put it first on the path.`)
    console.error(`This is Node ${process.versions.node}; the tests need Node 22.18 or newer. "npm test" uses it by itself: ${findNode()}`)
  } catch (error) {
    console.error(error.message)
  }
  process.exit(1)
}

const seed = process.env.GRANARY_SEED ?? String(Math.floor(Math.random() * 2 ** 31))
process.env.GRANARY_SEED = seed
if (long) process.env.GRANARY_RUNS ??= '20000'

const temp = mkdtempSync(join(tmpdir(), 'granary-test-'))
/** what runs now, each the first of a process group of its own so that all it started ends with it */
const running = new Set()
process.on('exit', () => {
  for (const child of running) killGroup(child, 'SIGKILL')
  rmSync(temp, { recursive: true, force: true })
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => {
    for (const child of running) killGroup(child, 'SIGTERM')
    console.error(`\nStopped by ${signal}.`)
    // a moment to close browsers and remove temporary folders in order
    setTimeout(() => process.exit(code), running.size > 0 ? 2_000 : 0)
  })

function killGroup(child, signal) {
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' })
    else process.kill(-child.pid, signal)
  } catch {
    // it has ended
  }
}

/**
 * Runs a program to its end. Resolves to its exit code, or to the reason why it was ended.
 * @param {object} [limits] idleMs: without output for so long it is ended; doneFile: from this file's writing on it has 20 s to end
 */
function run(program, programArgs, { env = {}, maxMs, idleMs, doneFile, output } = {}) {
  return new Promise(resolve => {
    const child = spawn(program, programArgs, {
      cwd: programDir,
      env: { ...process.env, ...env },
      stdio: ['ignore', idleMs || output ? 'pipe' : 'inherit', idleMs ? 'pipe' : 'inherit'],
      detached: process.platform !== 'win32',
    })
    running.add(child)
    const startMs = Date.now()
    let heardMs = startMs
    let ended
    const end = why => {
      ended ??= why
      killGroup(child, 'SIGKILL')
    }
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])
      from?.on('data', part => {
        heardMs = Date.now()
        if (output) output(part)
        else to.write(part)
      })
    const watch = setInterval(() => {
      if (maxMs && Date.now() - startMs > maxMs) end(`it took more than ${Math.round(maxMs / 60_000)} min`)
      if (idleMs && Date.now() - heardMs > idleMs) end(`nothing was heard of it for ${Math.round(idleMs / 1000)} s`)
      const done = doneFile && statSync(doneFile, { throwIfNoEntry: false })
      if (done && Date.now() - done.mtimeMs > 20_000) end('it did not end after its last test: something it started still runs')
    }, 500)
    const settle = result => {
      clearInterval(watch)
      // whatever it left behind goes with it
      killGroup(child, 'SIGKILL')
      running.delete(child)
      resolve(ended ?? result)
    }
    child.on('error', error => settle(error.message))
    child.on('exit', (code, signal) => settle(code ?? `ended by ${signal}`))
  })
}

/** every test: { file, name, state, again?, note?, ms } */
const outcomes = []
const notes = []

/** What a part reports, or one failure that says how it ended without a report, or badly for no test's sake. */
function take(part, result, tests) {
  outcomes.push(...(tests ?? []))
  if (result === 0) return
  if (tests?.some(test => test.state === 'failed') && typeof result === 'number') return
  outcomes.push({ file: part, name: typeof result === 'number' ? `ended with exit code ${result}` : result, state: 'failed', ms: 0 })
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

async function runVitest() {
  const report = join(temp, 'vitest.json')
  const result = await run(
    process.execPath,
    [
      join(programDir, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'test/vitest.config.ts',
      '--reporter=default',
      '--reporter=./test/helpers/vitest-report.ts',
      // one more than processors, as a fifth of their time is waiting for disks and other processes; tests start processes and threads
      // of their own, so more than four at a time only get in each other's way
      `--maxWorkers=${Math.min(availableParallelism() + 1, 4)}`,
    ],
    { env: { GRANARY_REPORT: report }, maxMs: long ? undefined : 20 * 60_000, doneFile: report },
  )
  take('vitest', result, readJson(report))
}

async function getBrowser() {
  const { findBrowser, forgetBrowser } = await import('./helpers/browser.ts')
  const found = findBrowser()
  if (found) return found
  const ways = []
  // Debian's packages bring the libraries along that a bare system lacks, Playwright's download does not
  if (process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get'))
    ways.push(['apt-get', ['update'], 'apt-get', ['install', '-y', '--no-install-recommends', 'chromium']])
  ways.push([process.execPath, [join(programDir, 'node_modules/@playwright/test/cli.js'), 'install', 'chromium']])
  for (const way of ways) {
    for (let step = 0; step < way.length; step += 2) {
      console.log(`No browser for the end-to-end tests; getting one: ${[way[step], ...way[step + 1]].join(' ')}`)
      const result = await run(way[step], way[step + 1], { idleMs: 60_000, maxMs: 10 * 60_000, env: { DEBIAN_FRONTEND: 'noninteractive' } })
      if (result !== 0) console.log(`That did not work (${typeof result === 'number' ? `exit code ${result}` : result}).`)
    }
    forgetBrowser()
    const got = findBrowser()
    if (got) return got
  }
  return undefined
}

/** Playwright's tree of results as a list. */
function playwrightTests(report) {
  const tests = []
  const walk = (suite, names) => {
    for (const inner of suite.suites ?? []) walk(inner, [...names, inner.title])
    for (const spec of suite.specs ?? [])
      for (const test of spec.tests) {
        const skip = test.annotations.find(annotation => annotation.type === 'skip' || annotation.type === 'fixme')
        const note = skip
          ? skip.description
          : test.status === 'skipped'
            ? 'did not run: what its file prepares, or a test before it, failed'
            : (test.results.find(result => result.error)?.error.message ?? '')
        tests.push({
          file: `test/e2e/${spec.file}`,
          name: [...names, spec.title].join(' > '),
          state: { expected: 'passed', flaky: 'passed', skipped: 'skipped' }[test.status] ?? 'failed',
          again: test.status === 'flaky',
          ms: test.results.reduce((sum, one) => sum + one.duration, 0),
          ...(note ? { note } : {}),
        })
      }
  }
  for (const file of report.suites) walk(file, [])
  for (const error of report.errors ?? []) tests.push({ file: 'test/e2e', name: error.message ?? 'error', state: 'failed', ms: 0 })
  return tests
}

async function runPlaywright() {
  const cli = join(programDir, 'node_modules/@playwright/test/cli.js')
  const command = [cli, 'test', '--config', 'test/playwright.config.ts', ...e2eArgs]
  let browser
  let why = 'no browser of the Chromium family was found, and none could be got'
  try {
    browser = await getBrowser()
  } catch (error) {
    why = error.message
  }
  if (!browser) {
    let listed = ''
    await run(process.execPath, [...command, '--list', '--reporter=json'], {
      env: { GRANARY_BROWSER: '' },
      output: part => {
        listed += part
      },
    })
    const tests = listed.startsWith('{') ? playwrightTests(JSON.parse(listed)) : []
    outcomes.push(...tests.map(test => ({ ...test, state: 'skipped', note: 'no browser' })))
    notes.push(
      `The end-to-end tests were skipped: ${why}.`,
      'To get one: install Chromium, Chrome or Edge; or run "npx playwright install chromium"; or, on Debian, "apt-get install chromium"; or set GRANARY_BROWSER to its path.',
    )
    return
  }
  console.log(`\nEnd-to-end tests in ${browser}`)
  const report = join(temp, 'playwright.json')
  const result = await run(process.execPath, [...command, '--reporter=list,json'], {
    env: { GRANARY_BROWSER: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    maxMs: 20 * 60_000,
    doneFile: report,
  })
  const json = readJson(report)
  take('Playwright', result, json && playwrightTests(json))
}

const startMs = performance.now()
try {
  await ensureBuilt()
} catch (error) {
  console.error(error.message)
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
console.log(`Random properties start from GRANARY_SEED=${seed}${long ? `, GRANARY_RUNS=${process.env.GRANARY_RUNS}` : ''}`)
if (e2eAt < 0) await runVitest()
await runPlaywright()

/** With the first lines of why it failed, without their colours: what was printed then may be far up. */
function withReason({ file, name, note = '' }) {
  const lines = stripVTControlCharacters(note).trimEnd().split('\n').slice(0, 12)
  return [`  ${file}: ${name}`, ...lines.filter(line => line !== '').map(line => `    ${line.slice(0, 200)}`)].join('\n')
}

const of = state => outcomes.filter(outcome => outcome.state === state)
const slow = outcomes.filter(outcome => outcome.ms > 10_000).sort((a, b) => b.ms - a.ms)
console.log('')
if (slow.length > 0) console.log('Longest:')
for (const { file, name, ms } of slow.slice(0, 8)) console.log(`  ${(ms / 1000).toFixed(0)} s  ${file}: ${name}`)
const failed = of('failed')
if (failed.length > 0) console.log(`Failed (again with GRANARY_SEED=${seed}):`)
for (const outcome of failed) console.log(withReason(outcome))
const again = outcomes.filter(outcome => outcome.again)
if (again.length > 0) console.log('Passed at the second try only:')
for (const outcome of again) console.log(withReason(outcome))
const skipped = of('skipped')
if (skipped.length > 0) console.log('Skipped:')
const noBrowser = skipped.filter(({ note }) => note === 'no browser')
if (noBrowser.length > 0) console.log(`  the ${noBrowser.length} end-to-end tests: no browser`)
for (const { file, name, note } of skipped) if (note !== 'no browser') console.log(`  ${file}: ${name}${note ? ` (${note})` : ''}`)
for (const note of notes) console.log(note)
console.log(`Took ${((performance.now() - startMs) / 1000).toFixed(0)} s, GRANARY_SEED=${seed}`)
console.log(`${of('passed').length} passed, ${failed.length} failed, ${skipped.length} skipped`)
process.exit(failed.length > 0 ? 1 : 0)
