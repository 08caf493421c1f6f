import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * A program folder of its own in which the real start.mjs and what it imports run, with stand-ins for what they start: a builder
 * that writes a command line which only says how it was called, and an electron package whose install script is the test's.
 */
export interface StandInProgram {
  folder: string
  /** how often the builder ran */
  builds(): number
  write(path: string, text: string): void
  read(path: string): string | undefined
  start(args: string[], env?: Record<string, string>): StandInRun
  remove(): void
}

export interface StandInRun {
  child: ChildProcess
  output(): string
  /** waits until the output holds the text */
  says(text: string): Promise<void>
  ended: Promise<number | NodeJS.Signals>
}

const hosts = join(import.meta.dirname, '../../src-main/hosts')

const builder = `
const fs = require('node:fs')
fs.appendFileSync('builds', 'x')
setTimeout(() => {
  for (const [path, text] of [
    ['out/main/cli.js', 'process.on("message", ({ asked }) => { if (asked === "to stop") { console.log("cli ends in order"); process.exit(0) } }); console.log("cli", JSON.stringify(process.argv.slice(2))); setInterval(() => {}, 1000)'],
    ['out/main/worker.js', ''], ['out/main/electron.js', ''], ['out/preload/preload.cjs', ''], ['out/renderer/index.html', ''],
  ]) {
    fs.mkdirSync(require('node:path').dirname(path), { recursive: true })
    fs.writeFileSync(path, text)
  }
}, 300)
`

export function standInProgram(): StandInProgram {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'granary-start-')))
  const running = new Set<ChildProcess>()
  const program: StandInProgram = {
    folder,
    builds: () => program.read('builds')?.length ?? 0,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    },
    read(path) {
      try {
        return readFileSync(join(folder, path), 'utf8')
      } catch {
        return undefined
      }
    },
    start(args, env = {}) {
      const { DISPLAY: _, WAYLAND_DISPLAY: __, ELECTRON_OVERRIDE_DIST_PATH: ___, INIT_CWD: ____, ...rest } = process.env
      const child = spawn(process.execPath, [join(folder, 'src-main/hosts/start.mjs'), ...args], {
        cwd: folder,
        env: { ...rest, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // a group of its own, so that what it has started ends with it
        detached: true,
      })
      running.add(child)
      let text = ''
      let heard = (): void => {}
      for (const stream of [child.stdout!, child.stderr!])
        stream.on('data', part => {
          text += part
          heard()
        })
      const ended = once(child, 'close').then(([code, signal]) => {
        running.delete(child)
        return (code ?? signal) as number | NodeJS.Signals
      })
      return {
        child,
        output: () => text,
        says: wanted =>
          new Promise((resolve, reject) => {
            heard = () => text.includes(wanted) && resolve()
            heard()
            void ended.then(() => reject(new Error(`It ended without saying "${wanted}", but:\n${text}`)))
          }),
        ended,
      }
    },
    remove() {
      for (const child of running) process.kill(-child.pid!, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  for (const path of ['start.mjs', 'cli/build.mjs', 'cli/find-node.mjs', 'cli/run-for.mjs', 'electron/find-electron.mjs'])
    cpSync(join(hosts, path), join(folder, 'src-main/hosts', path))
  program.write('package.json', '{"type":"module"}')
  program.write('electron.vite.config.ts', '')
  program.write('node_modules/electron-vite/package.json', '{"type":"commonjs"}')
  program.write('node_modules/electron-vite/bin/electron-vite.js', builder)
  return program
}

/** Gives the program an electron package whose install script is the given text (CommonJS, in the package's folder). */
export function giveElectron(program: StandInProgram, installScript: string): void {
  const at = 'node_modules/electron'
  program.write(`${at}/package.json`, JSON.stringify({ name: 'electron', version: '1.2.3', bin: { 'install-electron': 'install.js' } }))
  program.write(`${at}/install.js`, installScript)
}
