import { Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { parseHelp, sectionsOf } from '../../src-shared/help-markdown.ts'
import { useQuery } from '../api.ts'
import type { HelpTerm } from '../help-terms.ts'
import { IconHelp } from '../icons.tsx'
import { GLOSSARY, helpPath } from '../links.ts'
import { closeSheet, openOver } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './help-mark.module.css'
import { HelpText } from './help-text.tsx'

const words = texts.help

/** A small question mark beside a figure's name: the entry of the glossary in the side sheet. `name`: as it stands on the page. */
export function HelpMark({ term, name }: { term: HelpTerm; name: string }) {
  return (
    <button
      type="button"
      className={classes.mark}
      aria-label={words.mark(name)}
      aria-haspopup="dialog"
      onClick={() => openTerm(term, name)}
    >
      <IconHelp size={14} />
    </button>
  )
}

/** Opens the entry of the glossary in the side sheet. */
export function openTerm(term: HelpTerm, name: string): void {
  openOver({ title: name, body: <TermBody term={term} />, help: term })
}

/** What stands in every sheet of a figure: the way to its entry. */
export function MoreInHelp({ term }: { term: HelpTerm }) {
  return (
    <Link href={helpPath(GLOSSARY, term)} onClick={closeSheet} className={classes.more}>
      {words.more}
    </Link>
  )
}

function TermBody({ term }: { term: HelpTerm }) {
  const { data, error } = useQuery('help.get', { topic: GLOSSARY })
  const found = useMemo(
    () => (data ? sectionsOf(parseHelp(data.text)).sections.find(({ anchor }) => anchor === term) : undefined),
    [data, term],
  )
  if (error) return <p>{error.message}</p>
  if (!found) return <Skeleton height={80} />
  return (
    <div className={classes.entry}>
      <HelpText blocks={found.blocks} topic={GLOSSARY} />
    </div>
  )
}
