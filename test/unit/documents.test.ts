import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as groups from '../../src-main/hosts/cli/command-groups.ts'
import { granary as program } from '../../src-main/hosts/cli/main.ts'
import { createTerminal } from '../../src-main/hosts/cli/terminal.ts'
import { anchorOf, type Block, type Inline, parseHelp, plainText } from '../../src-shared/help-markdown.ts'
import { granary } from '../helpers/granary.ts'
import { pngSize } from '../helpers/small-png.ts'

/* What README and resources/help say is so: their commands, links, files, pictures and worked examples. */

const root = resolve(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = ['README.md', ...readdirSync(join(root, 'resources/help')).map(file => `resources/help/${file}`)]
const blocksOf = new Map(documents.map(path => [path, parseHelp(read(path))]))

function inlinesOf(block: Block): Inline[] {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return block.parts
    case 'list':
      return block.items.flat()
    case 'table':
      return [...block.head, ...block.rows.flat()].flat()
    case 'code':
      return []
  }
}

function flat(parts: readonly Inline[]): Inline[] {
  return parts.flatMap(part => ('parts' in part ? [part, ...flat(part.parts)] : [part]))
}

const inlines = (path: string) => blocksOf.get(path)!.flatMap(inlinesOf)
const anchors = (path: string) => blocksOf.get(path)?.flatMap(block => (block.kind === 'heading' ? [block.anchor] : [])) ?? []

/** What stands in code: each line of a block, and each piece within a line. */
function codeOf(path: string): string[] {
  const blocks = blocksOf.get(path)!.flatMap(block => (block.kind === 'code' ? block.text.split('\n') : []))
  return [...blocks, ...flat(inlines(path)).flatMap(part => (part.kind === 'code' ? [part.text] : []))]
}

function tablesOf(path: string): { head: string[]; rows: string[][] }[] {
  return blocksOf
    .get(path)!
    .flatMap(block =>
      block.kind === 'table' ? [{ head: block.head.map(plainText), rows: block.rows.map(cells => cells.map(plainText)) }] : [],
    )
}

describe('links', () => {
  test.each(documents)('%s: each leads to a file that is there, and to a heading of it', path => {
    const links = flat(inlines(path)).flatMap(part => (part.kind === 'link' ? [part.target] : []))
    for (const target of links.filter(link => !/^[a-z]+:/.test(link))) {
      const [file = '', anchor] = target.split('#')
      const to = file === '' ? path : relative(root, resolve(root, dirname(path), file))
      expect(existsSync(join(root, to)), `${path} links to ${target}`).toBe(true)
      if (anchor !== undefined) expect(anchors(to), `${path} links to ${target}`).toContain(anchor)
    }
  })

  test('each document of the help is reached from the README or another one', () => {
    const targets = documents.flatMap(path => flat(inlines(path)).flatMap(part => (part.kind === 'link' ? [part.target] : [])))
    for (const path of documents.slice(1))
      expect(
        targets.some(target => target.split('#')[0]?.endsWith(path.split('/').at(-1)!)),
        `nothing links to ${path}`,
      ).toBe(true)
  })

  test('files and folders that are named are there', () => {
    for (const path of documents)
      for (const code of codeOf(path)) {
        const named = /^(?:src-(?:main|renderer|shared)|test|resources|\.ci)\/[\w./-]+$/.exec(code)?.[0]
        if (named && !/NAME|\.\.\./.test(named)) expect(existsSync(join(root, named)), `${path} names ${named}`).toBe(true)
      }
  })
})

describe('pictures', () => {
  const pictures = readdirSync(join(root, 'resources/pictures'))
  const shown = [...read('README.md').matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path]) => path!)

  test('the README shows each that is there, and no other', () => {
    expect([...new Set(shown)].sort()).toEqual(pictures.map(name => `resources/pictures/${name}`).sort())
    // whoever can't see them reads what they show
    expect(
      read('README.md')
        .match(/<img [^>]*>/g)
        ?.every(image => /alt="[^"]{20,}"/.test(image)),
    ).toBe(true)
  })

  test.each(pictures)('%s is a PNG of a window of 1280 by 800, and small', name => {
    const path = join(root, 'resources/pictures', name)
    expect(pngSize(readFileSync(path))).toEqual({ width: 1280, height: 800 })
    expect(statSync(path).size).toBeLessThan(120_000)
  })
})

describe('commands', () => {
  const silent = () => new PassThrough() as unknown as NodeJS.WriteStream
  const all = program(createTerminal({ stdout: silent(), stderr: silent() }, { json: false, debug: false }), groups, () => undefined)

  /** The command that the words lead to, and the words after its name. */
  function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
    let command = all
    let rest = words
    for (let next = named(command, rest[0]); next !== undefined; next = named(command, rest[0])) {
      command = next
      rest = rest.slice(1)
    }
    return { command, rest }
  }

  const named = (command: Command, name: string | undefined) => command.commands.find(one => one.name() === name)

  /** What is wrong with a line that starts Granary, or null. */
  function wrongWith(line: string): string | null {
    // two spaces end the command and begin what is said of it; brackets stand around what may be left out
    const [typed = ''] = line.replace(/^npx /, '').split(/ {2,}/)
    const words = [...typed.replace(/[[\]]/g, '').matchAll(/"[^"]*"|\S+/g)].map(([word]) => word).slice(1)
    const { command, rest } = findCommand(words)
    const [first] = rest.filter(word => !word.startsWith('-'))
    const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0
    if (isGroup && first !== undefined && /^[a-z]/.test(first)) return `${command.name()} has no command ${first}`
    const known = [...command.options, ...(command.parent?.options ?? [])].map(({ long }) => long)
    for (const option of rest.flatMap(word => /^--[a-z-]+/.exec(word) ?? []))
      if (!known.includes(option) && option !== '--help') return `${command.name()} has no ${option}`
    return null
  }

  const started = (path: string) => codeOf(path).filter(code => /^(?:npx )?granary(?: |$)/.test(code))

  test.each(documents)('%s: each that is named exists, with its options', path => {
    expect(started(path).flatMap(line => (wrongWith(line) === null ? [] : [`${line}: ${wrongWith(line)}`]))).toEqual([])
  })

  test('what does not exist is found', () => {
    expect(wrongWith('granary explan --node 17')).toBe('granary has no command explan')
    expect(wrongWith('npx granary votes sing --period 80  vote')).toBe('votes has no command sing')
    expect(wrongWith('granary explain --note 17')).toBe('explain has no --note')
  })

  test('command-line.md names every command, and what stands behind "also" is one', () => {
    const rows = tablesOf('resources/help/command-line.md').flatMap(({ rows }) => rows)
    const first = new Set(rows.map(([typed]) => typed?.split(' ')[1]))
    expect(all.commands.map(command => command.name()).filter(name => !first.has(name))).toEqual([])
    for (const [typed = '', said = ''] of rows) {
      const group = findCommand(typed.split(' ').slice(1)).command
      const parent = group.commands.length > 0 ? group : group.parent!
      const also = /also ([a-z, -]+?)(?: for |$|[^a-z, -])/.exec(said)?.[1]?.split(/, | and /) ?? []
      const known = [...parent.commands, ...(parent.parent?.commands ?? [])].map(command => command.name())
      for (const name of also.filter(one => /^[a-z-]+$/.test(one))) expect(known, `${typed}: also ${name}`).toContain(name)
    }
  })

  test('scripts of npm that are named exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const path of documents)
      for (const code of codeOf(path))
        for (const [, script] of code.matchAll(/npm (?:run )?((?:(?<=run )[a-z:0-9]+)|start|test)\b/g))
          expect(Object.keys(scripts), `${path}: ${code}`).toContain(script)
  })
})

describe('the worked examples of figures.md', () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'granary-documents-'))
    const files = [102, 103].map(period => join(root, `resources/demo/period-${period}.ndjson.zst`))
    expect(await granary('import', ...files, '--data', folder)).toMatchObject({ code: 0 })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // a time, a block and what was credited; or a step and how it is computed
  const examples = tablesOf('resources/help/figures.md').flatMap(({ head, rows }) =>
    head[0] === 'when' || head[0] === 'step' ? [rows.map(cells => cells.join(head[0] === 'when' ? '  ' : ': '))] : [],
  )
  const [v3, ownPeriod] = [examples.slice(0, 2).flat(), examples.slice(2).flat()]

  async function told(...args: string[]): Promise<string[]> {
    const { code, out, err } = await granary(...args, '--data', folder)
    expect(err).toBe('')
    expect(code).toBe(0)
    return out.split('\n').map(line => line.trim().replace(/ \[.*$/, ''))
  }

  test('by v3', async () => {
    expect(v3.length).toBeGreaterThan(10)
    expect(await told('explain', '--node', '6', '--period', '102')).toEqual(expect.arrayContaining(v3))
  })

  test('by node-period', async () => {
    const { rows } = JSON.parse((await granary('mints', 'list', '--json', '--data', folder)).out) as {
      rows: { nodeId: number; id: string }[]
    }
    expect(ownPeriod.length).toBeGreaterThan(3)
    expect(await told('mints', 'show', rows.find(({ nodeId }) => nodeId === 6)!.id)).toEqual(expect.arrayContaining(ownPeriod))
  })
})

test('headings are told apart by their anchors', () => {
  for (const path of documents) {
    const headings = blocksOf.get(path)!.flatMap(block => (block.kind === 'heading' ? [anchorOf(plainText(block.parts))] : []))
    expect(headings.length, path).toBe(new Set(headings).size)
  }
})
