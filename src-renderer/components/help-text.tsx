import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { type Block, helpTarget, type Inline } from '../../src-shared/help-markdown.ts'
import { helpPath } from '../links.ts'
import { closeSheet } from '../store.ts'
import classes from './help-text.module.css'

/** Help text as elements of the page; nothing in it becomes HTML by itself. `topic`: where it comes from, as links may name no other. */
export function HelpText({ blocks, topic }: { blocks: readonly Block[]; topic: string }) {
  return blocks.map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text's blocks have nothing but their place, and don't move
    <BlockOf key={index} block={block} topic={topic} />
  ))
}

function BlockOf({ block, topic }: { block: Block; topic: string }) {
  switch (block.kind) {
    case 'heading': {
      const Heading = `h${block.level}` as const
      return (
        // a link into the topic puts the focus here
        <Heading id={headingId(block.anchor)} tabIndex={-1} className={classes.heading}>
          <Parts parts={block.parts} topic={topic} />
        </Heading>
      )
    }
    case 'paragraph':
      return (
        <p>
          <Parts parts={block.parts} topic={topic} />
        </p>
      )
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul'
      return (
        <List>
          {keyed(block.items).map(([key, item]) => (
            <li key={key}>
              <Parts parts={item} topic={topic} />
            </li>
          ))}
        </List>
      )
    }
    case 'table':
      return <Table block={block} topic={topic} />
    case 'code':
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      )
  }
}

function Table({ block, topic }: { block: Extract<Block, { kind: 'table' }>; topic: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className={classes.wide} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {keyed(block.head).map(([key, cell]) => (
              <th key={key} scope="col">
                <Parts parts={cell} topic={topic} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {keyed(block.rows).map(([rowKey, row]) => (
            <tr key={rowKey}>
              {keyed(row).map(([key, cell]) => (
                <td key={key}>
                  <Parts parts={cell} topic={topic} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Parts({ parts, topic }: { parts: readonly Inline[]; topic: string }): ReactNode {
  return keyed(parts).map(([key, part]) => <Part key={key} part={part} topic={topic} />)
}

function Part({ part, topic }: { part: Inline; topic: string }): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'strong':
      return (
        <strong>
          <Parts parts={part.parts} topic={topic} />
        </strong>
      )
    case 'em':
      return (
        <em>
          <Parts parts={part.parts} topic={topic} />
        </em>
      )
    case 'link': {
      const target = helpTarget(part.target, topic)
      const words = <Parts parts={part.parts} topic={topic} />
      if (target.kind === 'topic')
        return (
          <Link href={helpPath(target.topic, target.anchor)} onClick={closeSheet}>
            {words}
          </Link>
        )
      if (target.kind === 'web')
        return (
          <a href={target.url} target="_blank" rel="noreferrer">
            {words}
          </a>
        )
      return words
    }
  }
}

/** Parts of a text that never move, by their places. */
function keyed<T>(list: readonly T[]): [key: string, one: T][] {
  return list.map((one, index) => [String(index), one])
}

/** The id of a heading on the page. */
export function headingId(anchor: string): string {
  return `help-${anchor}`
}
