import { formatUtc } from '../../src-shared/time.ts'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import type { Column } from '../components/data-table.tsx'
import { Clip } from '../components/names.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { settingText, subjectOf, unitText } from './configuration-model.ts'
import classes from './page.module.css'

const words = texts.configuration

/** The subject of a setting, in words. */
export function subjectName(subject: string): string {
  return words.subjects[subject] ?? subject
}

/** The columns of the list of settings. */
export function settingColumns(nameOf: (id: string) => string): Column<ParameterShown>[] {
  const { columns: heads } = words
  return [
    {
      id: 'about',
      header: heads.about,
      width: 300,
      grow: 4,
      sortable: true,
      cell: row => <Clip text={sentence(row.about)} />,
      text: row => row.about,
    },
    {
      id: 'subject',
      header: heads.subject,
      width: 110,
      sortable: true,
      cell: row => subjectName(subjectOf(row.name)),
      text: row => subjectName(subjectOf(row.name)),
    },
    {
      id: 'value',
      header: heads.value,
      width: 150,
      align: 'right',
      help: 'setting',
      cell: row =>
        row.isNormal ? (
          <ValueText row={row} json={row.value} />
        ) : (
          <strong>
            <ValueText row={row} json={row.value} />
          </strong>
        ),
      text: row => row.value,
    },
    {
      id: 'normal',
      header: heads.normal,
      width: 150,
      align: 'right',
      help: 'setting',
      cell: row => (
        <span className={classes.dim}>
          <ValueText row={row} json={row.normal} />
        </span>
      ),
      text: row => row.normal,
    },
    {
      id: 'changed',
      header: heads.changed,
      width: 160,
      sortable: true,
      cell: row => (row.changedTs === null ? <span className={classes.dim}>{words.never}</span> : <DateTime ts={row.changedTs} />),
      text: row => (row.changedTs === null ? '' : formatUtc(row.changedTs)),
    },
    {
      id: 'by',
      header: heads.by,
      width: 130,
      sortable: true,
      cell: row => (row.changedBy === null ? '' : <Clip text={nameOf(row.changedBy)} />),
      text: row => (row.changedBy === null ? '' : nameOf(row.changedBy)),
    },
    {
      id: 'name',
      header: heads.name,
      width: 210,
      sortable: true,
      optional: true,
      cell: row => <code>{row.name}</code>,
      text: row => row.name,
    },
  ]
}

/** The first letter of what a setting means. */
export function sentence(about: string): string {
  return about.charAt(0).toUpperCase() + about.slice(1)
}

/** A setting by its subject and what it means, where it stands among others: `Payments: fee of a payment, on top of it`. */
export function settingName({ name, about }: Pick<ParameterShown, 'name' | 'about'>): string {
  return `${subjectName(subjectOf(name))}: ${about}`
}

/** A value, as JSON, with its unit. */
export function valueText(row: Pick<ParameterShown, 'name' | 'unit'>, json: string): string {
  const unit = unitText(row.unit)
  const text = settingText(row.name, json, row.unit)
  return unit === '' || json.startsWith('[') || json.startsWith('{') ? text : `${text} ${unit}`
}

function ValueText({ row, json }: { row: ParameterShown; json: string }) {
  return <Clip text={valueText(row, json)} />
}
