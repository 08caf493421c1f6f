import { type CommandCall, runCommand, type Store } from '../store/index.ts'

/** Does a command's work once, in the books' transaction, and gives its answer; `subject` for the audit trail, null: no entry. */
export type Once = (subject: string | null, work: () => unknown) => unknown

/** Throws as runCommand does. */
export function onceOf(books: Store, call: Omit<CommandCall, 'audit'>): Once {
  return (subject, work) => runCommand(books, { ...call, audit: subject === null ? false : { subject } }, work)
}
