/** What the books number is named by its kind and number, e.g. `loan-3`, so that people can read it out. */
export type NumberedKind =
  | 'app'
  | 'loan'
  | 'pay'
  | 'req'
  | 'esc'
  | 'split'
  | 'mark'
  | 'guar'
  | 'auc'
  | 'stake'
  | 'spool'
  | 'rew'
  | 'prop'
  | 'curve'

/** The number in such a name; null: this is no name of that kind. */
export function numberIn(kind: NumberedKind, name: string): number | null {
  const found = /^([a-z]+)-([1-9]\d{0,14})$/.exec(name)
  return found?.[1] === kind ? Number(found[2]) : null
}
