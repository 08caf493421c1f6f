import { toAppError } from '../src-shared/errors.ts'
import { command } from './api.ts'

/** Of one page until it is loaded anew; the core has limits of its own. */
const MOST = 10

/** Tells the core of errors that nothing in this page took, each once, so that a report of them is kept on this machine. Call once. */
export function tellPageErrors(): void {
  const told = new Set<string>()

  function tell(error: unknown): void {
    // a call that was stopped or whose line broke is told where it was made
    if (['cancelled', 'core.gone', 'io.denied'].includes(toAppError(error).code)) return
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    const key = `${name} ${message} ${stack}`
    if (told.has(key) || told.size >= MOST) return
    told.add(key)
    const page = location.hash.replace(/^#?\/?/, '').split(/[/?]/)[0] ?? ''
    const report = { name: name.slice(0, 80), message: message.slice(0, 1000), stack: stack.slice(0, 8000), page: page.slice(0, 40) }
    command('crashes.tell', report).catch(() => {
      // the line to the core is broken too: the page says so itself
    })
  }

  window.addEventListener('error', event => {
    // a browser's word that it will lay out again in the next frame; nothing failed
    if (event.error === null && event.message.startsWith('ResizeObserver')) return
    tell(event.error ?? event.message)
  })
  window.addEventListener('unhandledrejection', event => tell(event.reason))
}
