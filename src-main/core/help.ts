import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { type HelpSection, parseHelp, sectionsOf, wordsOf } from '../../src-shared/help-markdown.ts'
import type { Parsed } from './queries.ts'

/** What one reads first; the others follow by their names. */
const FIRST = ['glossary', 'figures', 'alerts', 'exports', 'audit', 'votes-and-payouts', 'treasury', 'backup', 'security']
/** Found parts that are listed: who finds more types another word. */
const MOST_HITS = 30

interface Topic {
  name: string
  title: string
  about: string
  text: string
  sections: HelpSection[]
}

export type HelpAnswers = { [N in 'help.list' | 'help.find' | 'help.get']: (input: Parsed<N>) => QueryOutput<N> }

/**
 * The help that comes with Granary, from its folder of Markdown files, read when it is first asked for.
 * Answers throw AppError not-found (no such topic), io.missing (the folder is not there).
 * @param folder null: this Granary was opened without it
 */
export function createHelp(folder: string | null): HelpAnswers {
  let kept: Topic[] | null = null
  const topics = () => {
    kept ??= readTopics(folder)
    return kept
  }
  return {
    'help.list': () => topics().map(({ name, title, about }) => ({ name, title, about })),
    'help.find': ({ text }) => findIn(topics(), text).slice(0, MOST_HITS),
    'help.get'({ topic }) {
      const found = topics().find(({ name }) => name === topic)
      if (!found)
        throw new AppError('not-found', `The help has no topic ${topic}. Look at the list of topics, or search for a word.`, {
          details: { topic },
        })
      return { name: found.name, title: found.title, text: found.text }
    },
  }
}

function readTopics(folder: string | null): Topic[] {
  if (folder === null) return []
  const files = readdirOrThrow(folder)
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  return files.map(name => readTopic(folder, name)).sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1))
}

function readdirOrThrow(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(file => /^[a-z0-9-]{1,60}\.md$/.test(file))
      .map(file => file.slice(0, -'.md'.length))
  } catch (cause) {
    throw new AppError(
      'io.missing',
      `The help is not where Granary looks for it (${folder}). Install Granary again; nothing else depends on it.`,
      {
        cause,
        details: { path: folder },
      },
    )
  }
}

function readTopic(folder: string, name: string): Topic {
  const text = readFileSync(join(folder, `${name}.md`), 'utf8')
  const { title, sections } = sectionsOf(parseHelp(text))
  const first = sections[0]?.blocks.find(({ kind }) => kind === 'paragraph')
  const [sentence = ''] = first ? ((wordsOf(first)[0] ?? '').match(/^.*?[.:](?=\s|$)/) ?? ['']) : ['']
  return { name, title: title || name, about: sentence.replace(/:$/, '.'), text, sections }
}

/** Every part with all of the words; a part whose heading has them counts more than one whose text has. */
function findIn(topics: readonly Topic[], text: string): QueryOutput<'help.find'> {
  const wanted = text.toLowerCase().split(/\s+/)
  const has = (where: string) => wanted.every(word => where.toLowerCase().includes(word))
  const begins = (where: string) => where.toLowerCase().startsWith(wanted[0]!)
  const hits = topics.flatMap(topic =>
    topic.sections.flatMap(section => {
      const lines = section.blocks.flatMap(wordsOf)
      const title = section.title || topic.title
      if (!has([title, ...lines].join(' '))) return []
      const line = lines.find(has) ?? lines.find(one => wanted.some(word => one.toLowerCase().includes(word))) ?? lines[0] ?? ''
      const rank = has(title) ? (begins(title) ? 0 : 1) : 2
      return [{ rank, hit: { topic: topic.name, anchor: section.anchor, title, topicTitle: topic.title, line: around(line, wanted) } }]
    }),
  )
  return hits.sort((a, b) => a.rank - b.rank).map(({ hit }) => hit)
}

/** Of a long line what stands around the first of the words. */
function around(line: string, words: readonly string[]): string {
  const most = 160
  if (line.length <= most) return line
  const places = words.map(word => line.toLowerCase().indexOf(word)).filter(place => place >= 0)
  const at = places.length === 0 ? 0 : Math.min(...places) - 60
  const from = at <= 0 ? 0 : line.indexOf(' ', at) + 1
  const part = line.slice(from, from + most)
  return `${from > 0 ? '… ' : ''}${part}${from + most < line.length ? ' …' : ''}`
}
