import { formatUtc } from '../../../src-shared/time.ts'

/** An answer of the treasury for people: a list of records as a table, a record as its members, a line each. */
export function treasuryText(answer: unknown): string {
  if (Array.isArray(answer)) return answer.length === 0 ? 'None.\n' : tableText(answer)
  if (typeof answer !== 'object' || answer === null) return `${cell('', answer)}\n`
  const members = Object.entries(answer)
  if (members.length === 0) return 'Done.\n'
  const plain = members.filter(([, value]) => typeof value !== 'object' || value === null)
  const width = Math.max(0, ...plain.map(([name]) => label(name).length))
  const lines = plain.map(([name, value]) => `${label(name).padEnd(width)}  ${cell(name, value)}\n`)
  const parts = members.filter(([, value]) => typeof value === 'object' && value !== null)
  return [
    ...lines,
    ...parts.map(([name, value]) => `${lines.length > 0 || parts.length > 1 ? `${label(name)}:\n` : ''}${treasuryText(value)}`),
  ].join('')
}

function tableText(list: readonly unknown[]): string {
  if (list.some(one => typeof one !== 'object' || one === null)) return `${list.map(one => cell('', one)).join('\n')}\n`
  const records = list as readonly Record<string, unknown>[]
  const names = [...new Set(records.flatMap(record => Object.keys(record)))]
  const rows = [names.map(label), ...records.map(record => names.map(name => cell(name, record[name])))]
  const widths = names.map((_name, at) => Math.max(...rows.map(row => row[at]!.length)))
  return rows
    .map(
      row =>
        `${row
          .map((text, at) => text.padEnd(widths[at]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function cell(name: string, value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number' && /Ts$|^ts$/.test(name)) return value === 0 ? '-' : formatUtc(value)
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(one => cell('', one)).join(', ')
  if (typeof value !== 'object') return String(value)
  const { entityId, name: called } = value as { entityId?: unknown; name?: unknown }
  if (typeof entityId === 'string' && typeof called === 'string') return `${called} (${entityId})`
  return Object.entries(value)
    .map(([member, own]) => `${label(member)} ${cell(member, own)}`)
    .join(' ')
}

/** `createdTs` as `created` */
function label(name: string): string {
  return name
    .replace(/Ts$/, '')
    .replace(/^ts$/, 'time')
    .replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
