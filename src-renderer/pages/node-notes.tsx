import { Button } from '@mantine/core'
import { cleanName } from '../../src-shared/text.ts'
import { IconEdit } from '../icons.tsx'
import { openSheet } from '../store.ts'
import { LabelForm } from './label-form.tsx'
import classes from './page.module.css'

/** The farmer's own name and note for a node; they stay on this machine. */
export function NodeNotes({ row }: { row: { nodeId: number; label: string; note: string } }) {
  return (
    <section className={classes.panel} aria-label="Your label and note">
      <div className={classes.panelHead}>
        <h2>Your label and note</h2>
        <Button
          variant="default"
          h={32}
          leftSection={<IconEdit />}
          onClick={() => openSheet({ title: `Your label and note for node ${row.nodeId}`, body: <LabelForm row={row} /> })}
        >
          Edit
        </Button>
      </div>
      {row.label ? <p>{cleanName(row.label)}</p> : null}
      {row.note ? <p className={classes.note}>{row.note}</p> : null}
      {row.label || row.note ? null : (
        <p className={classes.dim}>None yet. A label stands beside the number everywhere; neither leaves this machine.</p>
      )}
    </section>
  )
}
