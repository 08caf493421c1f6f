import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo, useState } from 'react'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { sentence, subjectName, valueText } from './configuration-columns.tsx'
import { SettingFields } from './configuration-fields.tsx'
import {
  draftOf,
  draftValue,
  editorOf,
  problemOf,
  type SettingDraft,
  type SettingEditor,
  subjectOf,
  unitText,
} from './configuration-model.ts'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.configuration

/** One setting: what it means, what it may be, who changed it when; and changing it. */
export function SettingSheet({ name }: { name: string }) {
  const { data, error, refetch } = useQuery('configuration.list', {}, ['treasury'])
  const row = data?.parameters.find(one => one.name === name)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!row) return null
  return (
    <div className={page.stack}>
      <p>{sentence(row.about)}.</p>
      <Facts row={row} />
      {/* what somebody else changed meanwhile begins a new form */}
      <ChangeForm key={row.value} row={row} />
      <History row={row} />
    </div>
  )
}

function Facts({ row }: { row: ParameterShown }) {
  const nameOf = useEntityNames()
  const editor = useMemo(() => editorOf(row.name), [row.name])
  const bounds = boundsText(editor, row)
  return (
    <dl className={settings.facts}>
      <Fact name={words.subject}>{subjectName(subjectOf(row.name))}</Fact>
      <Fact name={words.columns.value}>
        <strong>{valueText(row, row.value)}</strong>
      </Fact>
      <Fact name={words.columns.normal}>{valueText(row, row.normal)}</Fact>
      {row.unit === '' ? null : <Fact name={words.unit}>{row.unit}</Fact>}
      {bounds === null ? null : <Fact name={words.bounds}>{bounds}</Fact>}
      <Fact name={words.byVote}>{row.byVote ? words.byVoteYes : words.byVoteNo}</Fact>
      <Fact name={words.changedWhen}>
        {row.changedTs === null ? (
          words.never
        ) : (
          <>
            <DateTime ts={row.changedTs} form="both" />, {nameOf(row.changedBy ?? '')}
          </>
        )}
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function boundsText(editor: SettingEditor, row: ParameterShown): string | null {
  if (editor.kind !== 'field' || editor.field.least === null || editor.field.most === null) return null
  const { least, most } = editor.field
  const [from, to] = [valueText(row, String(least)), valueText(row, String(most))]
  const plain = words.range(formatCount(least), formatCount(most))
  return unitText(row.unit) === '' && from !== formatCount(least) ? `${plain} (${words.range(from, to)})` : plain
}

function ChangeForm({ row }: { row: ParameterShown }) {
  const editor = useMemo(() => editorOf(row.name), [row.name])
  const [draft, setDraft] = useState<SettingDraft>(() => draftOf(editor, row.value))
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const value = draftValue(editor, draft)
  const json = JSON.stringify(value)
  const problem = problemOf(row.name, value)
  const isSame = json === row.value
  return (
    <TreasuryForm
      name={words.change}
      how={words.changeHow}
      action={actionOf(editor, problem === null ? valueText(row, json) : null)}
      as="administrator"
      sending={sending}
      isReady={problem === null && !isSame}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        await command('configuration.set', { name: row.name, value: json }, { idempotencyKey })
        notifications.show({ message: words.changed(row.name) })
        closeSheet()
      }}
    >
      <SettingFields row={row} editor={editor} draft={draft} problem={tried ? problem : null} onChange={setDraft} />
      {json === row.normal ? null : (
        <div>
          <Button variant="default" h={32} onClick={() => setDraft(draftOf(editor, row.normal))}>
            {words.fillNormal(valueText(row, row.normal))}
          </Button>
        </div>
      )}
      <p role="status" className={page.dim}>
        {isSame && tried ? words.unchanged : ''}
      </p>
    </TreasuryForm>
  )
}

/** `text`: the value that it is changed to; null: what is entered is none. */
function actionOf(editor: SettingEditor, text: string | null): string {
  if (editor.kind !== 'field') return words.changeRows
  return text === null ? words.change : words.changeTo(text)
}

function History({ row }: { row: ParameterShown }) {
  const nameOf = useEntityNames()
  const { data, error } = useQuery('configuration.history', { name: row.name, limit: 50 }, ['treasury'])
  const heads = words.historyColumns
  return (
    <section aria-label={words.history}>
      <h3>{words.history}</h3>
      {error && !data ? <ErrorPanel error={error} /> : null}
      {data?.rows.length === 0 ? <p className={page.dim}>{words.noHistory}</p> : null}
      {data && data.rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.history}>
            <thead>
              <tr>
                <th scope="col">{heads.when}</th>
                <th scope="col">{heads.by}</th>
                <NumHead name={heads.value} help="setting" />
              </tr>
            </thead>
            <tbody>
              {data.rows.map(({ version, value, changedTs, changedBy }) => (
                <tr key={version}>
                  <td>
                    <DateTime ts={changedTs} />
                  </td>
                  <td>{nameOf(changedBy)}</td>
                  <td className={page.num} title={value}>
                    {valueText(row, value)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}
