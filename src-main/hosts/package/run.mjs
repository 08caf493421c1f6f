// npm run package -- npm | linux | mac | win: makes a package in dist/.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt, findNode, programDir } from '../cli/build.mjs'
import { layOutNpmPackage } from './npm-package.mjs'

const usage = `npm run package -- WHAT

  npm     the package "granary" for servers (loopback host and command line), in dist/npm
  linux   AppImage and deb, in dist/desktop
  mac     dmg, in dist/desktop
  win     installer (nsis), in dist/desktop

What makes the desktop packages is installed first, from its own lock file (.ci/desktop); it downloads Electron's release for the platform.`

/** Runs a program with this one's terminal. Throws an Error where it does not end well. */
function run(program, args, cwd = programDir) {
  // on Windows npm is a script of the shell
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit', shell: program === 'npm' && process.platform === 'win32' })
  if (status !== 0) throw error ?? new Error(`"${program} ${args.join(' ')}" ended with exit code ${status}; what it said stands above.`)
}

async function main(what) {
  if (!['npm', 'linux', 'mac', 'win'].includes(what)) {
    console.error(usage)
    return 2
  }
  await ensureBuilt()
  if (what === 'npm') {
    const folder = join(programDir, 'dist/npm/package')
    layOutNpmPackage(programDir, folder)
    run('npm', ['pack', folder, '--pack-destination', join(programDir, 'dist/npm')])
  } else {
    const desktop = join(programDir, '.ci/desktop')
    if (!existsSync(join(desktop, 'node_modules/electron-builder'))) run('npm', ['ci', '--no-audit', '--no-fund'], desktop)
    run(findNode(), [join(desktop, 'build.mjs'), what])
  }
  return 0
}

try {
  process.exitCode = await main(process.argv[2])
} catch (error) {
  console.error(`The package was not made: ${error.message}`)
  process.exitCode = 1
}
