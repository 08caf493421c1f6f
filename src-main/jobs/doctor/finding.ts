import type { AuditedRecords } from '../../../src-shared/receipt-audit.ts'
import type { DoctorCheck } from '../../../src-shared/sync.ts'

/** What a check found; its name comes from whoever makes it. */
export type Finding = Omit<DoctorCheck, 'name'>

export function fine(detail: string): Finding {
  return { state: 'ok', detail, wayOut: '' }
}

export function problem(detail: string, wayOut: string): Finding {
  return { state: 'problem', detail, wayOut }
}

/** Could not be made, or nothing follows from it. */
export function unknown(detail: string, wayOut = ''): Finding {
  return { state: 'unknown', detail, wayOut }
}

/** What was found of records of the books, as a check. */
export function recordsFinding({ wrong, why }: Pick<AuditedRecords, 'wrong' | 'why'>, wayOut: string): Finding {
  return wrong.length > 0 ? problem(firstOf(wrong.map(record => `${record.name}: ${record.why}`)), wayOut) : fine(why)
}

/** The first few of a list, and how many more there are: `a b and 5 more`. */
export function firstOf(list: readonly string[], most = 3): string {
  const rest = list.length - most
  return rest > 0 ? `${list.slice(0, most).join(' ')} And ${rest} more.` : list.join(' ')
}

export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}
