import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** A copy that has no platform package of Node above it, as on a machine where npm brought none. */
let folder: string
let findNode: (programDir: string, env: Record<string, string>, running?: string) => string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-node-'))
  const copy = join(folder, 'find-node.mjs')
  cpSync(join(import.meta.dirname, '../../src-main/hosts/cli/find-node.mjs'), copy)
  ;({ findNode } = await import(copy))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the Node that runs is taken if it is new enough', () => {
  expect(findNode(folder, { PATH: '', HOME: folder })).toBe(process.execPath)
})

describe.skipIf(process.platform === 'win32')('on an older Node', () => {
  /** A program of that name which says the version. */
  function nodeAt(path: string, version: string): string {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, `#!/bin/sh\necho ${version}\n`, { mode: 0o755 })
    return path
  }

  test('the first on the path that is new enough', () => {
    nodeAt(join(folder, 'old/node'), 'v20.20.2')
    const newer = nodeAt(join(folder, 'new/node'), 'v24.1.0')
    const PATH = [join(folder, 'nothing'), join(folder, 'old'), join(folder, 'new')].join(':')
    expect(findNode(folder, { PATH, HOME: folder }, '20.20.2')).toBe(newer)
  })

  test('the newest of a version manager, if it runs and is what its folder says', () => {
    const home = join(folder, 'home')
    nodeAt(join(home, '.nvm/versions/node/v20.1.0/bin/node'), 'v20.1.0')
    nodeAt(join(home, '.nvm/versions/node/v26.0.0/bin/node'), 'broken')
    nodeAt(join(home, '.nvm/versions/node/v22.19.0/bin/node'), 'v22.19.0')
    const newest = nodeAt(join(home, '.nvm/versions/node/v24.3.0/bin/node'), 'v24.3.0')
    expect(findNode(folder, { PATH: '', HOME: home }, '18.0.0')).toBe(newest)
  })

  test('a Node that really is one', () => {
    mkdirSync(join(folder, 'real'))
    symlinkSync(process.execPath, join(folder, 'real/node'))
    expect(findNode(folder, { PATH: join(folder, 'real'), HOME: folder }, '21.7.3')).toBe(join(folder, 'real/node'))
  })

  test.skipIf(process.platform === 'darwin')('where there is none, the error has the one command that gets it', () => {
    const nothing = { PATH: '', HOME: join(folder, 'nobody') }
    // what lies in the usual folders of this machine counts too
    const found = tryFind(join(folder, 'app/node_modules/granary'), nothing)
    if (typeof found === 'string') return expect(found).toMatch(/^\/(usr\/local|opt)\//)
    expect(found.message).toMatch(/needs Node 22 or newer; this is Node 20\.20\.2.*Nothing was changed/)
    expect(found.message).toMatch(/\n {2}npm install --global --no-bin-links node-linux-(x64|arm64)@24\.\d+\.\d+$/)
    mkdirSync(join(folder, 'app'), { recursive: true })
    writeFileSync(join(folder, 'app/package.json'), '{}')
    expect(String(tryFind(join(folder, 'app/node_modules/granary'), nothing))).toContain(`npm install --prefix "${join(folder, 'app')}" `)
    expect(String(tryFind(join(folder, 'clone'), nothing))).toContain(`Run "npm ci" in ${join(folder, 'clone')}`)
  })

  function tryFind(programDir: string, env: Record<string, string>): string | Error {
    try {
      return findNode(programDir, env, '20.20.2')
    } catch (error) {
      return error as Error
    }
  }
})
