import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** Each room and the rooms that it may import besides itself (a room is the longest prefix that fits). */
const rooms: Record<string, string[]> = {
  'src-shared': [],
  'src-main/engines': ['src-shared'],
  'src-main/clients': ['src-shared', 'src-main/engines'],
  'src-main/store': ['src-shared', 'src-main/engines'],
  'src-main/archive': ['src-shared', 'src-main/engines'],
  'src-main/signing': ['src-shared', 'src-main/engines'],
  'src-main/jobs': ['src-shared', 'src-main/engines', 'src-main/clients', 'src-main/store', 'src-main/archive', 'src-main/signing'],
  'src-main/core': [
    'src-shared',
    'src-main/engines',
    'src-main/clients',
    'src-main/store',
    'src-main/archive',
    'src-main/signing',
    'src-main/jobs',
  ],
  'src-main/hosts': ['src-shared', 'src-main/core'],
  'src-renderer': ['src-shared'],
}
/** Engines, clients, store, archive and signing see of engines only its types; only jobs and core run them. */
const typesOnlyOfEngines = ['src-main/clients', 'src-main/store', 'src-main/archive', 'src-main/signing']

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(ts|tsx|mjs|cjs)$/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}

function roomOf(path: string): string | undefined {
  return Object.keys(rooms).find(room => path === room || path.startsWith(`${room}/`))
}

interface Import {
  specifier: string
  typeOnly: boolean
}

function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^'"`;]*?from\s+['"]([^'"]+)['"]/gm))
    found.push({ specifier: match[2]!, typeOnly: Boolean(match[1]) })
  for (const match of text.matchAll(/(?:^\s*import\s+|\bimport\s*\(\s*|\brequire\s*\(\s*)['"]([^'"]+)['"]/gm))
    found.push({ specifier: match[1]!, typeOnly: false })
  return found
}

const sources = ['src-shared', 'src-main', 'src-renderer']
  .flatMap(top => filesBelow(join(root, top)))
  .map(path => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))

test('there are sources to look at', () => {
  expect(sources.length).toBeGreaterThan(5)
})

test('every source file stands in a room', () => {
  expect(sources.filter(source => !roomOf(source.path)).map(source => source.path)).toEqual([])
})

test('no import runs against the order of the rooms', () => {
  const wrong: string[] = []
  for (const { path, text } of sources) {
    const from = roomOf(path)
    if (!from) continue
    for (const { specifier, typeOnly } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue
      const target = relative(root, resolve(root, dirname(path), specifier))
      const to = roomOf(target)
      if (to === from) continue
      if (!to || !rooms[from]!.includes(to)) wrong.push(`${path} imports ${target}`)
      else if (to === 'src-main/engines' && typesOnlyOfEngines.includes(from) && !typeOnly)
        wrong.push(`${path} imports more than types of ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test('electron, process.env and Worker stand in hosts only', () => {
  const wrong = sources
    .filter(({ path }) => roomOf(path) !== 'src-main/hosts')
    .filter(({ text }) => /from ['"]electron['"]|require\(['"]electron['"]\)|\bprocess\.env\b|\bnew Worker\b/.test(text))
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('engines read no clock, file, database, network or chance', () => {
  const wrong = sources
    .filter(({ path }) => roomOf(path) === 'src-main/engines')
    .filter(({ text }) => /from ['"](node:|better-sqlite3|kysely|ws)|\bDate\.now\b|new Date\(\)|\bMath\.random\b|\bfetch\(/.test(text))
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('the library for chain connections is loaded by our client first, by tests too', () => {
  // the bench measures the library in a process of its own
  const loaders = ['src-main/clients/tfchain/provider.ts', 'test/helpers/polkadot-api.ts', 'test/bench/bench-blocks.ts']
  const tests = filesBelow(join(root, 'test')).map(path => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))
  const wrong = [...sources, ...tests]
    .filter(({ path }) => !loaders.includes(path))
    .filter(({ text }) => importsOf(text).some(({ specifier, typeOnly }) => !typeOnly && /^@polkadot\/(api|rpc-|x-ws)/.test(specifier)))
    .map(({ path }) => path)
  expect(wrong).toEqual([])
})

test('--no-sandbox stands in test/ only', () => {
  const hidden = sources.filter(({ text }) => text.includes('no-sandbox')).map(({ path }) => path)
  expect(hidden).toEqual([])
})

test('the top level is the design card', () => {
  const allowed =
    /^(package\.json|package-lock\.json|electron\.vite\.config\.ts|tsconfig\.json|src-main|src-renderer|src-shared|resources|test|README\.md|LICENSE|\..*|node_modules|out|dist|test-results|playwright-report)$/
  expect(readdirSync(root).filter(name => !allowed.test(name))).toEqual([])
})
