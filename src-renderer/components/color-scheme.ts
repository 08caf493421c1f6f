import { useSyncExternalStore } from 'react'

const attribute = 'data-mantine-color-scheme'

const listeners = new Set<() => void>()
const observer = new MutationObserver(() => {
  for (const listener of [...listeners]) listener()
})

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) observer.observe(document.documentElement, { attributeFilter: [attribute] })
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) observer.disconnect()
  }
}

/** `light` or `dark`, as the page's styles have it now: for what draws with their colours on a canvas. Cheap enough for every row of a table. */
export function useColorScheme(): string {
  return useSyncExternalStore(subscribe, () => document.documentElement.getAttribute(attribute) ?? 'light')
}
