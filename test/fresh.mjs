// node test/fresh.mjs start|npm|desktop …: what a fresh machine does with the project, each in an empty folder with an empty home. Takes
// npm's registry. Run by .ci/run; on the system's Node, whichever it is.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt, findNode, programDir } from '../src-main/hosts/cli/build.mjs'
import { layOutNpmPackage } from '../src-main/hosts/package/npm-package.mjs'

const work = mkdtempSync(join(tmpdir(), 'granary-fresh-'))
const home = join(work, 'home')
/** without what npm tells its scripts, among it the path to the locked Node */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|XDG_|GRANARY_|INIT_CWD$|DISPLAY$)/i.test(name))),
  PATH: (process.env.PATH ?? '')
    .split(':')
    .filter(folder => !folder.includes('node_modules'))
    .join(':'),
  HOME: home,
}

function expect(truth, what) {
  if (!truth) throw new Error(what)
}

/** Runs a program to its end; its output with the exit code that was expected, else an error with all it said. */
function run(program, args, cwd, code = 0) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 10 * 60_000 })
  if (status !== code) throw error ?? new Error(`"${program} ${args.join(' ')}" ended with ${status}, not ${code}:\n${stdout}${stderr}`)
  return { stdout, stderr }
}

/** Starts a program that serves the app, waits for the address that it prints, asks for the page, and ends it. */
async function serves(program, args, cwd) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let said = ''
  const ended = new Promise(resolve => child.on('exit', code => resolve(`it ended with ${code}`)))
  try {
    const address = await Promise.race([
      new Promise(resolve => {
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', part => {
            said += part
            const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)
            if (found) resolve(found[0])
          })
      }),
      ended.then(why => Promise.reject(new Error(`${why} before it told its address:\n${said}`))),
      new Promise((_, reject) => setTimeout(() => reject(new Error(`no address within 3 min:\n${said}`)), 180_000).unref()),
    ])
    const answer = await fetch(address)
    expect(
      answer.status === 200 && (await answer.text()).includes('<title>Granary'),
      `${address} answered ${answer.status} without the page`,
    )
  } finally {
    process.kill(-child.pid, 'SIGTERM')
    await ended
    await groupEnded(child.pid)
  }
}

/** npx ends before the program that it started, which still writes its last words into the home. */
async function groupEnded(pid) {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(-pid, 0)
    } catch {
      return
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the program did not end within 10 s of SIGTERM')
}

const parts = {
  /** the first command of the README, in this very folder: a clone where npm ci has run and nothing was built */
  async start() {
    expect(!existsSync(join(programDir, 'out')), 'out/ is there: this is no fresh clone')
    await serves('npm', ['start'], programDir)
    return 'npm start builds the app and serves it on demo data'
  },

  async npm() {
    await ensureBuilt()
    const layout = join(work, 'package')
    layOutNpmPackage(programDir, layout)
    run('npm', ['pack', layout, '--pack-destination', work], work)
    const file = readdirSync(work).find(name => name.endsWith('.tgz'))
    const app = join(work, 'app')
    mkdirSync(app)
    // a folder of its own, else npm looks for one further up
    writeFileSync(join(app, 'package.json'), '{}')
    run('npm', ['install', '--no-audit', '--no-fund', join(work, file)], app)
    const names = readdirSync(join(app, 'node_modules')).filter(name => !name.startsWith('.'))
    expect(names.join() === 'better-sqlite3,granary,node-addon-api', `it brings more than it needs: ${names}`)
    const old = Number.parseInt(process.versions.node, 10) < 22
    if (old) {
      const { stderr } = run('npx', ['granary', '--help'], app, 1)
      const [, command] = /^ {2}(npm install .*)$/m.exec(stderr) ?? []
      expect(command, `no command that gets a newer Node in: ${stderr}`)
      run('sh', ['-c', command], app)
    }
    run('npx', ['granary', 'demo', '--nodes', '20', '--days', '2', '--seed', '1', 'demo.ndjson.gz'], app)
    run('npx', ['granary', 'mint', '--archive', 'demo.ndjson.gz', '--out', 'out'], app)
    expect(readFileSync(join(app, 'out/overview.csv'), 'utf8').split('\n').length > 20, 'the overview has too few lines')
    const linked = readFileSync(join(app, 'node_modules/granary/README.md'), 'utf8').match(/resources\/[\w./-]+/g)
    const missing = linked.filter(path => !existsSync(join(app, 'node_modules/granary', path)))
    expect(missing.length === 0, `the README of the package leads to what it has not: ${missing}`)
    await serves('npx', ['granary', 'serve'], app)
    return `${file} (${(statSync(join(work, file)).size / 1e6).toFixed(1)} MB) is installed, ${old ? 'gets a newer Node by the command that it tells, ' : ''}mints and serves`
  },

  /** the desktop package as far as it goes without Electron's release: around a stand-in for its program, which holds the fuses */
  async desktop() {
    await ensureBuilt()
    const desktop = join(programDir, '.ci/desktop')
    if (!existsSync(join(desktop, 'node_modules/electron-builder'))) run('npm', ['ci', '--no-audit', '--no-fund'], desktop)
    const electron = join(work, 'electron')
    mkdirSync(join(electron, 'resources'), { recursive: true })
    const version = JSON.parse(readFileSync(join(programDir, 'node_modules/electron/package.json'), 'utf8')).version
    writeFileSync(join(electron, 'version'), version)
    // the mark that a program with fuses has, their version and number, and each as Electron is delivered
    writeFileSync(join(electron, 'electron'), 'stand-in dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x0810110010')
    chmodSync(join(electron, 'electron'), 0o755)
    const script = join(work, 'desktop.mjs')
    const at = path => JSON.stringify(pathToFileURL(join(desktop, path)).href)
    writeFileSync(
      script,
      `import { createRequire } from 'node:module'
       import { configuration } from ${at('configuration.mjs')}
       const require = createRequire(${at('build.mjs')})
       const { build, Platform } = require('electron-builder')
       const asar = require('@electron/asar')
       const { getCurrentFuseWire } = require('@electron/fuses')
       const directories = { ...configuration.directories, output: ${JSON.stringify(join(work, 'desktop'))} }
       await build({ projectDir: ${JSON.stringify(programDir)}, targets: Platform.LINUX.createTarget('dir'),
         config: { ...configuration, electronDist: ${JSON.stringify(electron)}, directories } })
       const made = ${JSON.stringify(join(work, 'desktop/linux-unpacked'))}
       asar.extractAll(made + '/resources/app.asar', ${JSON.stringify(join(work, 'extracted'))})
       console.log('FUSES ' + JSON.stringify(await getCurrentFuseWire(made + '/granary')))`,
    )
    const { stdout } = run(findNode(), [script], work)
    const fuses = JSON.parse(/^FUSES (.*)$/m.exec(stdout)[1])
    // by number: RunAsNode, CookieEncryption, NodeOptions, NodeCliInspect, AsarIntegrity, OnlyLoadAppFromAsar, V8Snapshot, FileProtocol
    const set = Array.from({ length: 8 }, (_, at) => String.fromCharCode(fuses[at])).join('')
    expect(set === '01001100', `the fuses are ${set}`)
    const extracted = join(work, 'extracted')
    const modules = readdirSync(join(extracted, 'node_modules'))
    expect(modules.join() === 'better-sqlite3', `the package brings ${modules}`)
    const prebuilds = readdirSync(join(extracted, 'node_modules/better-sqlite3/prebuilds'))
    expect(
      prebuilds.every(name => name.startsWith('linux')),
      `the package has binaries for other systems: ${prebuilds}`,
    )
    const { main } = JSON.parse(readFileSync(join(extracted, 'package.json'), 'utf8'))
    for (const file of [main, 'out/main/core-process.js', 'out/main/worker.js', 'out/preload/preload.cjs', 'out/renderer/index.html'])
      expect(existsSync(join(extracted, file)), `${file} is not in the package`)
    // its code with its native module, on a Node without anything else near
    cpSync(join(programDir, 'src-main/hosts/cli'), join(extracted, 'src-main/hosts/cli'), {
      recursive: true,
      filter: path => !path.endsWith('.ts'),
    })
    run(
      findNode(),
      [join(extracted, 'src-main/hosts/cli/granary.mjs'), 'import', join(extracted, 'resources/demo/period-102.ndjson.zst')],
      work,
    )
    return 'the desktop package holds the bundle, one native module and the fuses that it should'
  },
}

const names = process.argv.slice(2)
if (names.length === 0 || names.some(name => !Object.hasOwn(parts, name))) {
  console.error(`node test/fresh.mjs ${Object.keys(parts).join('|')} …`)
  process.exit(2)
}
try {
  for (const name of names) {
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home)
    const startMs = performance.now()
    console.log(`fresh machine, ${name}: ${await parts[name]()} (${((performance.now() - startMs) / 1000).toFixed(0)} s)`)
  }
} catch (error) {
  console.error(`fresh machine: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
