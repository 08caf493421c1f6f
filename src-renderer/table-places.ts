/*
 * Where tables stood on pages that were left, by the entry of the window's history: Back goes on there, while a link to the same page begins
 * at the top. Kept while the window is open. A browser without the Navigation API begins at the top too.
 */

const navigation: Navigation | undefined = window.navigation

export interface TablePlace {
  /** px */
  top: number
  active: { row: number; column: number } | null
  /** the table had the keys */
  focused: boolean
}

const places = new Map<string, TablePlace>()
/** the page that is shown was come to by Back or Forward */
let isBack = false

/** Sees how pages are come to. Call once, before the first page draws. */
export function followHistory(): void {
  navigation?.addEventListener('navigate', event => {
    isBack = event.navigationType === 'traverse'
  })
}

/** The key of a table of the page that is shown. */
export function placeKey(label: string): string {
  return `${navigation?.currentEntry?.key ?? ''} ${label}`
}

/** Where a table was left; null where it was not, or the page was not come to by Back or Forward. */
export function placeOf(key: string): TablePlace | null {
  return isBack ? (places.get(key) ?? null) : null
}

export function keepPlace(key: string, place: TablePlace): void {
  places.set(key, place)
}
