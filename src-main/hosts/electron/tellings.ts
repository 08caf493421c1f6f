import type { Telling } from '../../../src-shared/alerts.ts'
import type { Core } from '../../../src-shared/contract.ts'

/*
 * What alerts tell, from the core's process to the desktop. A click shows the page of the subject and does nothing else.
 */

/** One thing to show; `path` is a page of the app. */
export interface DesktopTelling {
  title: string
  body: string
  path: string
}

/** The core process's end: says what is told from now on, each once. Returns the stop. */
export function sayTellings(core: Core, say: (telling: DesktopTelling) => void, log: (error: unknown) => void): () => void {
  let last: number | null = null
  let running: Promise<void> = Promise.resolve()

  async function look(): Promise<void> {
    // what was told before this start stands on the page Alerts
    last ??= (await core.query('alerts.count', {})).last
    const news = await core.query('alerts.news', { after: last })
    last = news.last
    for (const telling of news.tellings) say(toDesktop(telling))
  }

  const soon = () => {
    running = running.then(look).catch(log)
  }
  const stop = core.subscribe(topics => {
    if (topics.includes('alerts')) soon()
  })
  soon()
  return stop
}

function toDesktop({ title, body, href }: Telling): DesktopTelling {
  return { title, body, path: href }
}

/** Electron's Notification, as far as it is used. */
export interface SystemNotification {
  on(event: 'click', listener: () => void): unknown
  show(): void
}

export interface DesktopEdges {
  isSupported(): boolean
  notification(options: { title: string; body: string }): SystemNotification
  /** brings the window up, on a page of the app */
  showPage(path: string): void
}

/** On the desktop. Titles hold names from a chain, so what is too long for a notification is cut. */
export function showTelling({ title, body, path }: DesktopTelling, edges: DesktopEdges, shown: Set<SystemNotification>): void {
  if (!edges.isSupported()) return
  const notification = edges.notification({ title: title.slice(0, 200), body: body.slice(0, 1_000) })
  // one that nobody holds is collected, and its click with it
  shown.add(notification)
  if (shown.size > MOST_HELD) shown.delete(shown.values().next().value!)
  notification.on('click', () => {
    shown.delete(notification)
    edges.showPage(isPagePath(path) ? path : '/alerts')
  })
  notification.show()
}

const MOST_HELD = 50

/** Whether this is the path of a page, and nothing that an address could be made of. */
export function isPagePath(path: string): boolean {
  return /^\/[a-z0-9-]*(\/[A-Za-z0-9:_-]+)*$/.test(path)
}
