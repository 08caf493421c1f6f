import { notifications } from '@mantine/notifications'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { command } from '../api.ts'
import { Note } from '../components/note.tsx'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './configuration.module.css'
import { valueText } from './configuration-columns.tsx'
import { type FileChange, fileChanges } from './configuration-model.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.configuration

/** What a file of settings changes here, before it does. */
export function ImportSettings({ fileName, text, parameters }: { fileName: string; text: string; parameters: ParameterShown[] }) {
  const sending = useSendOnce()
  const changes = fileChanges(text, parameters)
  if (changes === null) return <Note state="down">{words.noFile}</Note>
  if (changes.length === 0) return <Note state="up">{words.importNone}</Note>
  const isBad = changes.some(({ problem }) => problem !== null)
  return (
    <div className={page.stack}>
      <p>{words.importHow(fileName)}</p>
      <Changes changes={changes} parameters={parameters} />
      {isBad ? (
        <Note state="down">{words.importBad}</Note>
      ) : (
        <TreasuryForm
          name={words.import}
          how={words.importAll}
          action={words.importAction(changes.length)}
          as="administrator"
          sending={sending}
          isReady
          onTried={() => undefined}
          onSend={async idempotencyKey => {
            const { changed } = await command('configuration.import', { text }, { idempotencyKey })
            notifications.show({ message: words.imported(changed.length) })
            closeSheet()
          }}
        >
          {null}
        </TreasuryForm>
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
