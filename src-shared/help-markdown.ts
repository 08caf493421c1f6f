/* The help's own Markdown: what resources/help uses of it, read into plain data. A page and a terminal show the same. */

/** A piece of a line of text. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'em'; parts: Inline[] }
  | { kind: 'link'; target: string; parts: Inline[] }

export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3 | 4; anchor: string; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'code'; text: string }

/** What a link to a heading calls it: `Downtime left` is `downtime-left`. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}

/** The words alone, without how they are set. */
export function plainText(parts: readonly Inline[]): string {
  return parts.map(part => ('parts' in part ? plainText(part.parts) : part.text)).join('')
}

const FENCE = /^```/
const HEADING = /^(#{1,4}) (.+)$/
const ITEM = /^(?:[-*]|(\d+)\.) +(.*)$/
const RULE_OF_TABLE = /^\|?[\s:|-]*-[\s:|-]*$/

/** Reads a text. What it does not know (HTML, pictures, lists within lists) stays as the text that it is. */
export function parseHelp(text: string): Block[] {
  const lines = text.split(/\r?\n/)
  const blocks: Block[] = []
  let at = 0
  /** The lines from here for as long as `more` says so. */
  const take = (more: (line: string) => boolean): string[] => {
    const from = at
    while (at < lines.length && more(lines[at]!)) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at]!
    const heading = HEADING.exec(line)
    if (line.trim() === '') at++
    else if (FENCE.test(line)) {
      at++
      blocks.push({ kind: 'code', text: take(one => !FENCE.test(one)).join('\n') })
      at++ // the fence that closes it
    } else if (heading) {
      at++
      const parts = parseInline(heading[2]!)
      blocks.push({ kind: 'heading', level: heading[1]!.length as 1 | 2 | 3 | 4, anchor: anchorOf(plainText(parts)), parts })
    } else if (line.startsWith('|') && RULE_OF_TABLE.test(lines[at + 1] ?? '')) {
      const [head = '', , ...rows] = take(one => one.startsWith('|'))
      blocks.push({ kind: 'table', head: cellsOf(head), rows: rows.map(cellsOf) })
    } else if (ITEM.test(line)) blocks.push(listOf(take(one => ITEM.test(one) || /^\s+\S/.test(one))))
    else {
      at++
      const rest = take(one => one.trim() !== '' && !FENCE.test(one) && !HEADING.test(one) && !ITEM.test(one))
      blocks.push({ kind: 'paragraph', parts: parseInline([line, ...rest].map(one => one.trim()).join(' ')) })
    }
  }
  return blocks
}

function listOf(lines: readonly string[]): Block {
  const items: string[] = []
  for (const line of lines) {
    const item = ITEM.exec(line)
    if (item) items.push(item[2]!)
    else items.push(`${items.pop() ?? ''} ${line.trim()}`)
  }
  return { kind: 'list', ordered: ITEM.exec(lines[0]!)?.[1] !== undefined, items: items.map(parseInline) }
}

/** A bar that is part of a cell's text is written `\|`. */
function cellsOf(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||(?<!\\)\|$/g, '')
    .split(/(?<!\\)\|/)
    .map(cell => parseInline(cell.trim().replaceAll('\\|', '|')))
}

/** `code`, **strong**, *em*, [link](target), and \ before a sign that is meant as it stands. */
const INLINE = /\\([\\`*_[\]|<>])|(`+)(.+?)\2|\*\*(.+?)\*\*|\*(?!\s)([^*]+?)\*|\[([^\]]+)\]\(([^()\s]+)\)/g

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = []
  const say = (more: string) => {
    const last = parts.at(-1)
    if (last?.kind === 'text') last.text += more
    else if (more !== '') parts.push({ kind: 'text', text: more })
  }
  let from = 0
  for (const found of text.matchAll(INLINE)) {
    say(text.slice(from, found.index))
    from = found.index + found[0].length
    const [, escaped, , code, strong, em, words, target] = found
    if (escaped !== undefined) say(escaped)
    else if (code !== undefined) parts.push({ kind: 'code', text: code })
    else if (strong !== undefined) parts.push({ kind: 'strong', parts: parseInline(strong) })
    else if (em !== undefined) parts.push({ kind: 'em', parts: parseInline(em) })
    else parts.push({ kind: 'link', target: target!, parts: parseInline(words!) })
  }
  say(text.slice(from))
  return parts
}

/** A part of a topic with a heading of its own, for the search and for one entry of the glossary. */
export interface HelpSection {
  /** empty: what stands before the first heading below the title */
  anchor: string
  title: string
  blocks: Block[]
}

/** A topic's title and its sections, cut at every heading below the title. */
export function sectionsOf(blocks: readonly Block[]): { title: string; sections: HelpSection[] } {
  let title = ''
  const sections: HelpSection[] = [{ anchor: '', title: '', blocks: [] }]
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level === 1) title ||= plainText(block.parts)
    else if (block.kind === 'heading') sections.push({ anchor: block.anchor, title: plainText(block.parts), blocks: [] })
    else sections.at(-1)!.blocks.push(block)
  }
  return { title, sections: sections.filter(({ anchor, blocks: own }) => anchor !== '' || own.length > 0) }
}

/** All words of a block, a line for each of its lines, items or rows. */
export function wordsOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
    case 'paragraph':
      return [plainText(block.parts)]
    case 'list':
      return block.items.map(plainText)
    case 'table':
      return [block.head, ...block.rows].map(row => row.map(plainText).join(', '))
    case 'code':
      return block.text.split('\n')
  }
}

/** Where a link of a help text leads: another topic (and a heading in it), the web, or a file that is no help text. */
export type HelpTarget = { kind: 'topic'; topic: string; anchor: string } | { kind: 'web'; url: string } | { kind: 'other' }

/** @param topic the topic that the link stands in */
export function helpTarget(target: string, topic: string): HelpTarget {
  if (/^https?:\/\//.test(target)) return { kind: 'web', url: target }
  const found = /^(?:([a-z0-9-]+)\.md)?(?:#([\p{L}\p{N}-]+))?$/u.exec(target)
  if (!found || target === '') return { kind: 'other' }
  return { kind: 'topic', topic: found[1] ?? topic, anchor: found[2] ?? '' }
}
