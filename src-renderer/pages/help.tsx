import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { HelpHit } from '../../src-shared/help-contract.ts'
import { parseHelp, sectionsOf } from '../../src-shared/help-markdown.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { HelpText, headingId } from '../components/help-text.tsx'
import { startTour } from '../frame/tour-state.ts'
import { IconSearch } from '../icons.tsx'
import { GLOSSARY, helpPath } from '../links.ts'
import { useStore } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './help.module.css'
import page from './page.module.css'

const words = texts.help

/** What the words and figures of Granary mean: topics at the left, the chosen one or what was searched for at the right. */
export function HelpPage({ params }: { params: Record<string, string | undefined> }) {
  const topic = params.topic ?? GLOSSARY
  const anchor = decodeURIComponent(params.anchor ?? '')
  const topics = useQuery('help.list', {})
  const role = useStore(state => state.settings?.role ?? null)
  const [text, setText] = useState('')
  const [settled] = useDebouncedValue(text.trim(), 120)
  const isSearching = text.trim() !== '' && settled !== ''
  // a link that was followed ends the search
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place stands for the link
  useEffect(() => setText(''), [topic, anchor])
  if (topics.error) return <ErrorPanel error={topics.error} onRetry={topics.refetch} />
  if (topics.data?.length === 0) return <EmptyState title={words.none}>{words.noneText}</EmptyState>
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{words.title}</h1>
        <div className={page.right}>
          <Button variant="default" h={32} onClick={() => startTour(role ?? 'farmer')}>
            {texts.tour.start}
          </Button>
          <TextInput
            type="search"
            className={classes.search}
            aria-label={words.search}
            placeholder={words.searchHint}
            leftSection={<IconSearch />}
            value={text}
            maxLength={100}
            onChange={event => setText(event.currentTarget.value)}
            onKeyDown={event => {
              if (event.key === 'Escape') setText('')
            }}
          />
        </div>
      </header>
      <div className={classes.columns}>
        <nav aria-label={words.topics} className={classes.topics}>
          <ul>
            {topics.data?.map(({ name, title, about }) => (
              <li key={name}>
                <Link href={helpPath(name)} title={about || undefined} aria-current={name === topic && !isSearching ? 'page' : undefined}>
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {isSearching ? <Hits text={settled} onOpen={() => setText('')} /> : <Topic name={topic} anchor={anchor} />}
      </div>
    </div>
  )
}

function Topic({ name, anchor }: { name: string; anchor: string }) {
  const { data, error } = useQuery('help.get', { topic: name })
  const blocks = useMemo(() => (data ? parseHelp(data.text) : null), [data])
  useEffect(() => {
    if (!blocks) return
    const heading = anchor === '' ? null : document.getElementById(headingId(anchor))
    heading?.scrollIntoView()
    heading?.focus({ preventScroll: true })
  }, [blocks, anchor])
  if (error) return <EmptyState title={words.noTopic}>{words.noTopicText}</EmptyState>
  if (!blocks) return <Skeleton height={420} />
  const { sections } = sectionsOf(blocks)
  const beginning = blocks.findIndex(block => block.kind === 'heading' && block.level > 1)
  const lead = beginning < 0 ? blocks.length : beginning
  return (
    <article className={classes.text}>
      <HelpText blocks={blocks.slice(0, lead)} topic={name} />
      {name === GLOSSARY ? (
        <nav aria-label={words.terms} className={classes.terms}>
          {sections
            .filter(section => section.blocks.length === 0)
            .map(section => (
              <Link key={section.anchor} href={helpPath(name, section.anchor)}>
                {section.title}
              </Link>
            ))}
        </nav>
      ) : null}
      <HelpText blocks={blocks.slice(lead)} topic={name} />
    </article>
  )
}

function Hits({ text, onOpen }: { text: string; onOpen: () => void }) {
  const { data, error, refetch } = useQuery('help.find', { text }, [], { keepPrevious: true })
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  return (
    <section className={classes.hits} aria-label={words.search}>
      <p role="status" className={page.dim}>
        {data ? words.found(data.length, text) : ''} {data?.length === 0 ? words.foundNone : ''}
      </p>
      <ul>
        {data?.map(hit => (
          <li key={`${hit.topic} ${hit.anchor}`} className={classes.hit}>
            <Hit hit={hit} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Hit({ hit, onOpen }: { hit: HelpHit; onOpen: () => void }) {
  return (
    <>
      <Link href={helpPath(hit.topic, hit.anchor)} onClick={onOpen}>
        {hit.title}
      </Link>
      {hit.topicTitle === hit.title ? null : <span className={page.dim}> {hit.topicTitle}</span>}
      <p className={page.dim}>{hit.line}</p>
    </>
  )
}
