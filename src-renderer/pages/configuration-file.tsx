import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { FormEvent } from 'react'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useAdministrator } from './administrator-entry.tsx'
import classes from './configuration.module.css'
import { valueText } from './configuration-columns.tsx'
import { type FileChange, fileChanges } from './configuration-model.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.configuration

/** What a file of settings changes here, before it does. */
export function ImportSettings({ fileName, text, parameters }: { fileName: string; text: string; parameters: ParameterShown[] }) {
  const sending = useSend()
  const administrator = useAdministrator()
  const changes = fileChanges(text, parameters)
  if (changes === null) return <Note state="down">{words.noFile}</Note>
  if (changes.length === 0) return <Note state="up">{words.importNone}</Note>
  const isBad = changes.some(({ problem }) => problem !== null)
  const take = (event: FormEvent) => {
    event.preventDefault()
    sending.send(async () => {
      await administrator.unlock()
      const { changed } = await command('configuration.import', { text })
      notifications.show({ message: words.imported(changed.length) })
      closeSheet()
    })
  }
  return (
    <div className={page.stack}>
      <p>{words.importHow(fileName)}</p>
      <Changes changes={changes} parameters={parameters} />
      {isBad ? (
        <Note state="down">{words.importBad}</Note>
      ) : (
        <form className={page.stack} onSubmit={take} noValidate aria-label={words.import}>
          {administrator.entry}
          {sending.error ? <ErrorPanel error={sending.error} /> : null}
          <div className={page.buttons}>
            <Button type="submit" loading={sending.busy} disabled={!administrator.canAct}>
              {words.importAction(changes.length)}
            </Button>
            <Button variant="default" onClick={closeSheet}>
              {words.close}
            </Button>
          </div>
        </form>
      )}
    </div>
  )
}

function Changes({ changes, parameters }: { changes: readonly FileChange[]; parameters: readonly ParameterShown[] }) {
  const rowOf = new Map(parameters.map(row => [row.name, row]))
  const textOf = (name: string, json: string) => {
    const row = rowOf.get(name)
    return row ? valueText(row, json) : json
  }
  const heads = words.importColumns
  return (
    <div className={page.scroll}>
      <table className={page.table} aria-label={words.importTitle}>
        <thead>
          <tr>
            <th scope="col">{heads.name}</th>
            <th scope="col">{heads.before}</th>
            <th scope="col">{heads.after}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ name, before, after, problem }) => (
            <tr key={name}>
              <td title={rowOf.get(name)?.about}>{name}</td>
              <td title={before}>{before === '' ? '' : textOf(name, before)}</td>
              <td className={`${page.wrap} ${classes.json}`} title={after}>
                {problem === null ? textOf(name, after) : <Note state="down">{problem}</Note>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
