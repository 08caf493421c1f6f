import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { plural } from '../../src-renderer/catalogue.ts'
import { Filled } from '../../src-renderer/components/filled.tsx'
import { texts } from '../../src-renderer/texts.ts'
import { literalTexts } from '../helpers/literal-texts.ts'

const root = resolve(import.meta.dirname, '../../src-renderer')
const sources = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map(entry => join(entry.parentPath, entry.name))
  .map(path => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }))

/** Names of fonts, selectors, and the core's sentence that is cut off another. */
const WITHOUT_TEXTS = ['theme.ts', 'frame/tour-steps.ts', 'amount-entry.ts']

test('no page has words of its own: what is seen stands in the catalogue', () => {
  const found = sources
    .filter(({ path }) => !WITHOUT_TEXTS.includes(path) && !/^texts(-[\w-]+)?\.ts$/.test(path))
    .flatMap(({ path, text }) =>
      literalTexts(text, path.endsWith('.tsx') ? 'tsx' : 'ts').map(literal => `${path}:${literal.line}: ${literal.text}`),
    )
  expect(found).toEqual([])
})

test('what people see is found wherever it stands, and what only a program reads is not', () => {
  const seen = [
    '<p>Not yet</p>',
    '<p>soon</p>',
    '<a title="Open it">{x}</a>',
    '<a aria-label={"Node " + id}>{x}</a>',
    '<p>{late ? "late" : null}</p>',
    '<p>{x ?? "none"}</p>',
    '<Field label={on ? "on" : "off"} />',
    'notifications.show({ title: "It failed" })',
    'const columns = [{ id: "tft", header: "Payout, TFT" }]',
    'const why = empty ? "Nothing is here." : ""',
    'show("Do it now")',
    'const word = done ? "Copied" : "x"',
  ]
  for (const source of seen) expect([source, literalTexts(source, 'tsx').length]).toEqual([source, source.includes('"off"') ? 2 : 1])
  const hidden = [
    'import { a } from "Some Where"',
    '<p className="big one">{x}</p>',
    '<p>{x} TFT</p>',
    '<code>granary mint --period 80</code>',
    '<DataTable name="receipts" />',
    'if (event.key === "Enter") go()',
    'throw new Error("No root here")',
    'const kind: "Some One" = x',
    'x.closest("button, input")',
    'switch (x) { case "Home": go() }',
  ]
  for (const source of hidden) expect([source, literalTexts(source, 'tsx')]).toEqual([source, []])
})

test('every part is in the catalogue, and nobody takes one past it', () => {
  const parts = sources.filter(({ path }) => /^texts-[\w-]+\.ts$/.test(path)).map(({ path }) => path)
  expect(parts.length).toBeGreaterThan(30)
  const catalogue = sources.find(({ path }) => path === 'texts.ts')!.text
  expect(parts.filter(part => !catalogue.includes(`from './${part}'`))).toEqual([])
  const past = sources.filter(({ path, text }) => !path.startsWith('texts') && /^import \{.*from '(\.\.?\/)+texts-/m.test(text))
  expect(past.map(({ path }) => path)).toEqual([])
})

test('the catalogue holds texts and what makes them, and none is missing', () => {
  const wrong: string[] = []
  const look = (value: unknown, path: string): void => {
    if (typeof value === 'string' || typeof value === 'function') return
    if (typeof value === 'object' && value !== null) for (const [key, member] of Object.entries(value)) look(member, `${path}.${key}`)
    else wrong.push(path)
  }
  look(texts, 'texts')
  expect(wrong).toEqual([])
})

test('a count takes its form, with groups and without; a language without that form has another', () => {
  const forms = { one: 'node', other: 'nodes' }
  expect([0, 1, 2, 1.5].map(count => plural(count, forms))).toEqual(['nodes', 'node', 'nodes', 'nodes'])
  expect(['1', '1,001', '21'].map(count => plural(count, forms))).toEqual(['node', 'nodes', 'nodes'])
  expect(plural(1, { other: 'Fisch' })).toBe('Fisch')
})

test('a sentence is filled wherever its language puts the parts', () => {
  const filled = (text: string) =>
    renderToStaticMarkup(createElement(Filled, { text, parts: { follow: createElement('a', null, 'Follow'), time: '12:00' } }))
  expect(filled('{follow} until {time}, or wait.')).toBe('<a>Follow</a> until 12:00, or wait.')
  expect(filled('At {time} {follow} {unknown}')).toBe('At 12:00 <a>Follow</a> {unknown}')
})
