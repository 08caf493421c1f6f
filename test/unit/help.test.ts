import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHelp } from '../../src-main/core/help.ts'
import { placeBeside } from '../../src-renderer/frame/tour-place.ts'
import { helpTerms } from '../../src-renderer/help-terms.ts'
import { AppError } from '../../src-shared/errors.ts'
import {
  anchorOf,
  type Block,
  helpTarget,
  type Inline,
  parseHelp,
  parseInline,
  plainText,
  sectionsOf,
  wordsOf,
} from '../../src-shared/help-markdown.ts'

const root = join(import.meta.dirname, '../..')
const helpDir = join(root, 'resources/help')
const help = createHelp(helpDir)
const topics = help['help.list']({}).map(({ name }) => ({ name, blocks: parseHelp(help['help.get']({ topic: name }).text) }))
const glossary = sectionsOf(topics.find(({ name }) => name === 'glossary')!.blocks).sections.filter(({ blocks }) => blocks.length > 0)
const entries = new Map(glossary.filter(({ anchor }) => anchor !== '').map(({ anchor, blocks }) => [anchor, blocks.flatMap(wordsOf)]))

/** Every file of the pages. */
const sources = readdirSync(join(root, 'src-renderer'), { recursive: true, encoding: 'utf8' })
  .filter(file => /\.tsx?$/.test(file))
  .map(file => ({ file: file.replaceAll(sep, '/'), text: readFileSync(join(root, 'src-renderer', file), 'utf8') }))

/** The object literal around a place of a source. */
function objectAround(text: string, at: number): string {
  let from = at
  for (let depth = 0; depth >= 0 && from > 0; ) {
    from--
    if (text[from] === '}') depth++
    if (text[from] === '{') depth--
  }
  let to = at
  for (let depth = 0; depth >= 0 && to < text.length; to++) {
    if (text[to] === '{') depth++
    if (text[to] === '}') depth--
  }
  return text.slice(from, to)
}

function placesOf(text: string, what: RegExp): number[] {
  return [...text.matchAll(what)].map(({ index }) => index)
}

/** Columns of numbers that nothing is computed for: they say which row it is. */
const IDS = /\bid: '(place|seq|entry|node|nodeId)'|\('entry',/

const isId = 'it says which one, and nothing is computed for it'

/** Plain heads that lead to no entry, each with why. */
const plainHeads = new Map([
  ['components/num-head.tsx name', 'it is the head that has the mark'],
  ['pages/account-file.tsx words.line', isId],
  ['pages/account.tsx heads.aside', 'a column of buttons'],
  ['pages/export-rows.tsx name', 'a column of the exported file, named as there; what it holds depends on the file'],
  ['pages/node-tables.tsx downtimeWords.columns.block', isId],
  ['pages/payout-parts.tsx columns.node', isId],
  ['pages/statement-tables.tsx heads.node', isId],
  ['pages/watch-marks.tsx heads.entry', isId],
])

/** What an element's tag says, from its `<` on; an arrow or a comparison inside of braces does not end it. */
function tagAt(text: string, at: number): string {
  let to = at
  for (let depth = 0; to < text.length && !(text[to] === '>' && depth === 0); to++) {
    if (text[to] === '{') depth++
    if (text[to] === '}') depth--
  }
  return text.slice(at, to + 1)
}

/** Heads of plain tables that are set as those of figures are and are no NumHead: where, and what stands in them. */
function plainHeadsOf(text: string): { at: number; head: string }[] {
  return placesOf(text, /<th\s/g).flatMap(at => {
    const tag = tagAt(text, at)
    if (!/\.(num|right)\b/.test(tag)) return []
    const inside = text.slice(at + tag.length, text.indexOf('</th>', at)).replace(/<[^>]*>|[{}]/g, '')
    return [{ at, head: inside.replace(/\s+/g, ' ').trim() }]
  })
}

/** Where a source shows a figure without its entry; `...field` of plain-columns.tsx brings one, as its type says. */
function withoutHelp({ file, text }: { file: string; text: string }): string[] {
  const columns = placesOf(text, /\balign: 'right',?/g).filter(at => {
    const column = objectAround(text, at)
    return !/\bhelp(:|,)|\.\.\.field,/.test(column) && !IDS.test(column)
  })
  const figures = placesOf(text, /<(Figure|NumHead)\s/g).filter(at => !/\bhelp=/.test(tagAt(text, at)))
  const heads = plainHeadsOf(text).flatMap(({ at, head }) => (plainHeads.has(`${file} ${head}`) ? [] : [at]))
  return [...columns, ...figures, ...heads].map(at => `${file}:${text.slice(0, at).split('\n').length}`)
}

test('every figure of the pages has an entry in the glossary', () => {
  expect(sources.flatMap(withoutHelp)).toEqual([])
})

test('a figure without an entry is found', () => {
  const text = [
    "const columns = [{ id: 'a', cell: ({ b }) => b, align: 'right', width: 9 },",
    "{ id: 'c', help: 'sla', align: 'right' }, { id: 'entry', align: 'right' },",
    '<Figure label={a} explain={() => b}>',
    '<th scope="col" className={page.num}>{heads.a}</th>',
    '<th scope="col">{heads.b}</th> <NumHead name={heads.c} help="sla" /> <thead className={page.num}>',
    '{list.map((one, at) => <th key={one} scope="col" className={at >= 3 ? classes.right : undefined}>{one}</th>)}',
    '<th',
    '  className={[page.num, classes.wide].join(" ")}',
    '>',
  ].join('\n')
  expect(withoutHelp({ file: 'x.tsx', text })).toEqual(['x.tsx:1', 'x.tsx:3', 'x.tsx:4', 'x.tsx:6', 'x.tsx:7'])
  expect(withoutHelp({ file: 'pages/watch-marks.tsx', text: '<th className={page.num}>\n  {heads.entry}\n</th>' })).toEqual([])
})

test('the plain heads that lead to no entry are all there, and needed', () => {
  const found = sources.flatMap(({ file, text }) => plainHeadsOf(text).map(({ head }) => `${file} ${head}`))
  expect([...plainHeads.keys()].sort()).toEqual(found.sort())
})

test('the terms that pages lead to are those of the glossary, each once', () => {
  expect([...helpTerms].sort()).toEqual([...entries.keys()].sort())
})

test('an entry of a figure tells unit, source and rule', () => {
  const figures = new Set<string>()
  for (const { file, text } of sources)
    if (file !== 'help-terms.ts' && !/explain-sheet|derivation|help-key/.test(file))
      for (const [, term] of text.matchAll(/\bhelp(?::|=) ?['"]([a-z-]+)['"]/g)) figures.add(term!)
  expect(figures.size).toBeGreaterThan(60)
  const isWord = new Set(['twin', 'farm'])
  for (const term of figures) {
    const parts = (entries.get(term) ?? []).map(line => /^(Unit|From|Rule): ./.exec(line)?.[1]).filter(Boolean)
    if (!isWord.has(term)) expect(parts, term).toEqual(['Unit', 'From', 'Rule'])
  }
})

test('links lead to topics and headings that are there', () => {
  const anchors = new Map(
    topics.map(({ name, blocks }) => [name, blocks.flatMap(block => (block.kind === 'heading' ? [block.anchor] : []))]),
  )
  const broken: string[] = []
  for (const { name, blocks } of topics)
    for (const link of linksOf(blocks)) {
      const target = helpTarget(link, name)
      if (
        target.kind === 'topic' &&
        !(target.anchor === '' ? anchors.has(target.topic) : anchors.get(target.topic)?.includes(target.anchor))
      )
        broken.push(`${name}: ${link}`)
    }
  expect(broken).toEqual([])
})

test('nothing in the topics is written in a way that the page does not know', () => {
  for (const { name, blocks } of topics) {
    expect(blocks[0], name).toMatchObject({ kind: 'heading', level: 1 })
    for (const block of blocks)
      if (block.kind !== 'code') for (const part of textsOf(block)) expect(part, name).not.toMatch(/\*\*|\]\(|^#|^```|<\/?[a-z]+>|^\|/)
  }
})

test('headings, lists, tables and code are read; what a sign means can be taken back', () => {
  const text =
    '# A *b*\n\nOne\ntwo `x|y`.\n\n- first\n  goes on\n- [link](alerts.md#c)\n\n1. one\n\n| h | k |\n| --- | --- |\n| a \\| b | **c** |\n\n```\n# no heading\n```\n'
  expect(parseHelp(text)).toEqual([
    {
      kind: 'heading',
      level: 1,
      anchor: 'a-b',
      parts: [
        { kind: 'text', text: 'A ' },
        { kind: 'em', parts: [{ kind: 'text', text: 'b' }] },
      ],
    },
    {
      kind: 'paragraph',
      parts: [
        { kind: 'text', text: 'One two ' },
        { kind: 'code', text: 'x|y' },
        { kind: 'text', text: '.' },
      ],
    },
    {
      kind: 'list',
      ordered: false,
      items: [
        [{ kind: 'text', text: 'first goes on' }],
        [{ kind: 'link', target: 'alerts.md#c', parts: [{ kind: 'text', text: 'link' }] }],
      ],
    },
    { kind: 'list', ordered: true, items: [[{ kind: 'text', text: 'one' }]] },
    {
      kind: 'table',
      head: [[{ kind: 'text', text: 'h' }], [{ kind: 'text', text: 'k' }]],
      rows: [[[{ kind: 'text', text: 'a | b' }], [{ kind: 'strong', parts: [{ kind: 'text', text: 'c' }] }]]],
    },
    { kind: 'code', text: '# no heading' },
  ])
  expect(plainText(parseInline('\\*as it is\\*'))).toBe('*as it is*')
})

test('any text is read to its end, and every word of it is kept', () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom(...'ab |-*`#[]()1. \\<') }), { maxLength: 12 })
  fc.assert(
    fc.property(lines, list => {
      const kept = parseHelp(list.join('\n')).flatMap(wordsOf).join('')
      const letters = (text: string) => text.replace(/[^ab]/g, '')
      // a link's target, and a fence's language, are no words; the rule under a table's head has none
      if (!list.some(line => /\]\(|^```/.test(line))) expect(letters(kept)).toBe(letters(list.join('')))
    }),
    { numRuns: 200 },
  )
})

test('a search finds terms first, and tells where; a topic that is not there is named', () => {
  const [first] = help['help.find']({ text: 'downtime left' })
  expect(first).toMatchObject({ topic: 'glossary', anchor: 'downtime-left', title: 'Downtime left', topicTitle: 'Glossary' })
  const quiet = help['help.find']({ text: 'QUIET hours' })
  expect(quiet.map(({ topic, anchor }) => `${topic} ${anchor}`)).toContain('alerts quiet-hours')
  expect(help['help.find']({ text: 'no such word anywhere' })).toEqual([])
  for (const { line } of help['help.find']({ text: 'the' })) expect(line.length).toBeLessThan(170)
  expect(() => help['help.get']({ topic: 'nowhere' })).toThrow(AppError)
  expect(anchorOf('Downtime, left!')).toBe('downtime-left')
})

function linksOf(blocks: readonly Block[]): string[] {
  const of = (parts: readonly Inline[]): string[] =>
    parts.flatMap(part => (part.kind === 'link' ? [part.target] : 'parts' in part ? of(part.parts) : []))
  return blocks.flatMap(block => partsOf(block).flatMap(of))
}

function partsOf(block: Block): Inline[][] {
  if (block.kind === 'code') return []
  if (block.kind === 'list') return block.items
  return block.kind === 'table' ? [block.head, ...block.rows].flat() : [block.parts]
}

/** What stands as plain text, code left out. */
function textsOf(block: Block): string[] {
  const of = (parts: readonly Inline[]): string[] =>
    parts.flatMap(part => (part.kind === 'text' ? [part.text] : 'parts' in part ? of(part.parts) : []))
  return partsOf(block).flatMap(of)
}

test('the box of the look around stands inside the window, and over what it explains only where nothing else is left', () => {
  const size = { width: 350, height: 180 }
  const px = (most: number) => fc.integer({ min: 0, max: most })
  fc.assert(
    fc.property(
      px(1900),
      px(1000),
      px(1900),
      px(1000),
      fc.integer({ min: 400, max: 1900 }),
      fc.integer({ min: 300, max: 1000 }),
      (...numbers) => {
        const [left, top, wide, high, width, height] = numbers
        const target = { left: Math.min(left, width), top: Math.min(top, height), width: wide, height: high }
        const at = placeBeside(target, size, { width, height })
        expect(at.left).toBeGreaterThanOrEqual(0)
        expect(at.top).toBeGreaterThanOrEqual(0)
        expect(at.left + size.width).toBeLessThanOrEqual(width)
        expect(at.top + size.height).toBeLessThanOrEqual(height)
        const covers =
          at.left < target.left + wide &&
          at.left + size.width > target.left &&
          at.top < target.top + high &&
          at.top + size.height > target.top
        const hasRoom = width - target.left - wide >= size.width + 24 || target.left >= size.width + 24
        if (hasRoom) expect(covers).toBe(false)
      },
    ),
    { numRuns: 300 },
  )
})
