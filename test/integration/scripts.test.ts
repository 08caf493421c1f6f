import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const { bin, scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: Record<string, string>
  scripts: Record<string, string>
}

/** A Node of the system itself that is too old for the program, where there is one. */
const oldNode = ['/usr/local/bin/node', '/usr/bin/node'].find(path => {
  if (!existsSync(path)) return false
  const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? ''
  return Number.parseInt(version.slice(1), 10) === 20
})

test('every script is there, and what it runs exists', () => {
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'dev', 'build', 'check', 'test', 'test:long', 'e2e', 'bench']))
  for (const [name, script] of Object.entries(scripts))
    for (const command of script.split('&&').map(part => part.trim())) {
      const [program = '', first = ''] = command.split(/\s+/)
      const runs = { node: join(root, first), npm: join(root, 'package.json') }[program] ?? join(root, 'node_modules/.bin', program)
      expect(existsSync(runs), `${name}: ${command}`).toBe(true)
      for (const [, path] of command.matchAll(/--config (\S+)/g)) expect(existsSync(join(root, path!)), `${name}: ${path}`).toBe(true)
      if (program === 'npm') expect(scripts, `${name}: ${command}`).toHaveProperty(command.split(/\s+/)[2]!)
    }
})

test('the bin and the start of CI can be run', () => {
  expect(existsSync(join(root, bin.granary!))).toBe(true)
  expect(readFileSync(join(root, bin.granary!), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  if (process.platform !== 'win32') expect(statSync(join(root, '.ci/run')).mode & 0o111).toBe(0o111)
})

test('npx granary --help works in the repository', () => {
  const help = execFileSync('npx', ['granary', '--help'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' })
  for (const command of ['mint', 'import', 'explain', 'demo', 'serve', 'archive'])
    expect(help).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
})

test('the older Node of the system hands over to the one that the project brings', context => {
  if (!oldNode) return context.skip('no Node 20 is installed beside')
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: process.env.HOME ?? '/' }
  const granary = spawnSync(oldNode, [join(root, bin.granary!), '--help'], { env, encoding: 'utf8' })
  expect(granary.stderr).toBe('')
  expect(granary.status).toBe(0)
  expect(granary.stdout).toContain('mint')
  const wrong = spawnSync(oldNode, [join(root, bin.granary!), 'no-such-command'], { env, encoding: 'utf8' })
  expect(wrong.status).toBe(2)
  const start = spawnSync(oldNode, [join(root, 'src-main/hosts/start.mjs'), '--help'], { env, encoding: 'utf8' })
  expect(start.status).toBe(0)
  expect(start.stdout).toContain('--data DIR')
  const tests = spawnSync(oldNode, [join(root, 'test/run.mjs')], { env, encoding: 'utf8' })
  expect(tests.status).toBe(1)
  expect(tests.stderr).toContain('npm test')
})
