import type { Command } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { anchorOf, parseHelp, sectionsOf, wordsOf } from '../../../src-shared/help-markdown.ts'
import { createHelp, type HelpAnswers } from '../../core/help.ts'
import { helpDir } from '../program.ts'
import { sayOn } from './command-group.ts'
import type { Terminal } from './terminal.ts'

/** `granary help`: the topics that the page Help has, one of them, an entry of the glossary, or what has a word. */
export function addHelpCommand(command: (name: string, description: string) => Command, terminal: Terminal): void {
  const say = sayOn(terminal)
  command('help', 'what figures and words mean: the topics, one of them, a term of the glossary, or a word to look for')
    .argument('[topic...]', 'glossary, alerts, downtime left, …')
    .action((words: string[]) => {
      const help = createHelp(helpDir)
      const { json, text } = words.length === 0 ? listed(help) : answered(help, words.join(' '))
      say(json, text)
    })
}

interface Said {
  json: unknown
  text: string
}

function listed(help: HelpAnswers): Said {
  const topics = help['help.list']({})
  const width = Math.max(...topics.map(({ name }) => name.length))
  const lines = topics.map(({ name, title }) => `${name.padEnd(width)}  ${title}`)
  return { json: topics, text: `${lines.join('\n')}\n\ngranary help TOPIC, or any term or word\n` }
}

/** Throws AppError not-found where nothing is about it. */
function answered(help: HelpAnswers, wanted: string): Said {
  const name = wanted.toLowerCase().replace(/\.md$/, '')
  if (help['help.list']({}).some(topic => topic.name === name)) {
    const topic = help['help.get']({ topic: name })
    return { json: topic, text: topic.text }
  }
  const term = sectionsOf(parseHelp(help['help.get']({ topic: 'glossary' }).text)).sections.find(
    ({ anchor }) => anchor === anchorOf(wanted),
  )
  if (term) {
    const lines = term.blocks.flatMap(block => wordsOf(block).map(line => (block.kind === 'list' ? `- ${line}` : line)))
    return { json: { topic: 'glossary', term: term.title, lines }, text: `${[term.title, '', ...lines].join('\n')}\n` }
  }
  const hits = help['help.find']({ text: wanted.slice(0, 100) })
  if (hits.length === 0)
    throw new AppError('not-found', `Nothing in the help is about "${wanted}". Try another word, or "granary help" for the topics.`)
  return { json: hits, text: `${hits.map(({ topic, title, line }) => `${topic}: ${title}\n  ${line}`).join('\n')}\n` }
}
