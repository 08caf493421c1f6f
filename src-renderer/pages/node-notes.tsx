import { Button } from '@mantine/core'
import { cleanName } from '../../src-shared/text.ts'
import { IconEdit } from '../icons.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { LabelForm } from './label-form.tsx'
import classes from './page.module.css'

const words = texts.node.notes

/** The farmer's own name and note for a node; they stay on this machine. */
export function NodeNotes({ row }: { row: { nodeId: number; label: string; note: string } }) {
  return (
    <section className={classes.panel} aria-label={words.title}>
      <div className={classes.panelHead}>
        <h2>{words.title}</h2>
        <Button
          variant="default"
          h={32}
          leftSection={<IconEdit />}
          onClick={() => openSheet({ title: words.titleOf(row.nodeId), body: <LabelForm row={row} /> })}
        >
          {words.edit}
        </Button>
      </div>
      {row.label ? <p>{cleanName(row.label)}</p> : null}
      {row.note ? <p className={classes.note}>{row.note}</p> : null}
      {row.label || row.note ? null : <p className={classes.dim}>{words.none}</p>}
    </section>
  )
}
