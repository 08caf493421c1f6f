import { Button, Select, Switch, TextInput } from '@mantine/core'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { texts } from '../texts.ts'
import classes from './configuration.module.css'
import { valueText } from './configuration-columns.tsx'
import { draftValue, type SettingDraft, type SettingEditor, type SettingField, type SettingRow } from './configuration-model.ts'
import page from './page.module.css'

const words = texts.configuration

type Setting = Pick<ParameterShown, 'name' | 'unit'>

interface Problem {
  path: readonly (string | number)[]
  message: string
}

/** The fields of a setting: one, or those of its rows. `problem` stands at the field that it is of. */
export function SettingFields({
  row,
  editor,
  draft,
  problem,
  onChange,
}: {
  row: Setting
  editor: SettingEditor
  draft: SettingDraft
  problem: Problem | null
  onChange: (draft: SettingDraft) => void
}) {
  if (editor.kind === 'field')
    return (
      <Field
        field={editor.field}
        label={row.unit === '' ? words.newValue : `${words.newValue}, ${row.unit}`}
        description={hintOf(row, editor, draft)}
        text={typeof draft === 'string' ? draft : ''}
        error={problem?.message ?? null}
        onChange={onChange}
      />
    )
  return <Rows fields={editor.fields} rows={typeof draft === 'string' ? [] : draft} problem={problem} onChange={onChange} />
}

/** What the text comes to, where it is a number with a unit of its own. */
function hintOf(row: Setting, editor: SettingEditor, draft: SettingDraft): string {
  if (row.unit === 'schedule, UTC') return words.cronHint
  const value = draftValue(editor, draft)
  return typeof value === 'number' ? words.same(valueText(row, JSON.stringify(value))) : ''
}

function Field(props: {
  field: SettingField
  label: string
  description?: string
  text: string
  error: string | null
  onChange: (text: string) => void
}) {
  const { field, label, description = '', text, error, onChange } = props
  if (field.kind === 'switch')
    return (
      <Switch label={label} checked={text === 'true'} onChange={event => onChange(String(event.currentTarget.checked))} error={error} />
    )
  if (field.kind === 'choice')
    return (
      <Select
        label={label}
        data={[...field.options]}
        value={text}
        onChange={value => onChange(value ?? text)}
        allowDeselect={false}
        error={error}
      />
    )
  return (
    <TextInput
      label={label}
      description={description === '' && field.isOptional ? words.optional : description}
      value={text}
      onChange={event => onChange(event.currentTarget.value)}
      error={error}
      maxLength={300}
      inputMode={field.kind === 'whole' ? 'numeric' : field.kind === 'amount' ? 'decimal' : 'text'}
      spellCheck={false}
      autoComplete="off"
    />
  )
}

/** A table that is entered row by row. */
function Rows(props: {
  fields: readonly SettingField[]
  rows: readonly SettingRow[]
  problem: Problem | null
  onChange: (rows: SettingRow[]) => void
}) {
  const { fields, rows, problem, onChange } = props
  const change = (at: number, name: string, text: string) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, [name]: text } : row)))
  // a row that has no problem of a field of its own has it as a whole
  const at = typeof problem?.path[0] === 'number' ? problem.path[0] : null
  const isOfRow = (index: number, { type, category }: SettingRow) =>
    problem !== null && (at === null ? problem.path[0] === type && problem.path[1] === category : at === index)
  const shownAtRow = problem !== null && rows.some((row, index) => isOfRow(index, row))
  return (
    <div className={page.stack}>
      {rows.map((row, index) => (
        <fieldset key={words.row(index + 1)} className={classes.row}>
          <legend>{words.row(index + 1)}</legend>
          <div className={classes.fields}>
            {fields.map(field => (
              <Field
                key={field.name}
                field={field}
                label={words.fields[field.name] ?? field.name}
                text={row[field.name] ?? ''}
                error={isOfRow(index, row) && isAtField(problem, field.name) ? problem!.message : null}
                onChange={text => change(index, field.name, text)}
              />
            ))}
          </div>
          {isOfRow(index, row) && problem?.path.length === 1 ? (
            <p role="alert" className={page.bad}>
              {problem.message}
            </p>
          ) : null}
          <Button
            variant="subtle"
            size="compact-sm"
            h={32}
            aria-label={words.removeRow(index + 1)}
            onClick={() => onChange(rows.filter((_, other) => other !== index))}
          >
            {words.remove}
          </Button>
        </fieldset>
      ))}
      <div className={page.buttons}>
        <Button variant="default" onClick={() => onChange([...rows, newRow(fields)])}>
          {words.addRow}
        </Button>
      </div>
      {problem && !shownAtRow ? (
        <p role="alert" className={page.bad}>
          {problem.message}
        </p>
      ) : null}
    </div>
  )
}

/** Of a nested value's amount the path ends with the category. */
function isAtField(problem: Problem | null, name: string): boolean {
  const last = problem?.path.at(-1)
  return last === name || (typeof problem?.path[0] === 'string' && name === 'amount')
}

function newRow(fields: readonly SettingField[]): SettingRow {
  return Object.fromEntries(
    fields.map(({ name, kind, options }) => [name, kind === 'choice' ? (options[0] ?? '') : kind === 'switch' ? 'true' : '']),
  )
}
