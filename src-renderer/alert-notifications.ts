import { useEffect, useState } from 'react'
import { desktop, onChange, query } from './api.ts'

export type NotifyState = NotificationPermission | 'missing'

const changedEvent = 'granary-notify'

/** Whether this browser may show notifications; the desktop application shows them by itself. */
export function notifyState(): NotifyState {
  return 'Notification' in window ? Notification.permission : 'missing'
}

export function useNotifyState(): NotifyState {
  const [state, setState] = useState(notifyState)
  useEffect(() => {
    const look = () => setState(notifyState())
    window.addEventListener(changedEvent, look)
    window.addEventListener('focus', look)
    return () => {
      window.removeEventListener(changedEvent, look)
      window.removeEventListener('focus', look)
    }
  }, [])
  return state
}

/** Only for a button: a browser asks its user. */
export async function askToNotify(): Promise<void> {
  if ('Notification' in window) await Notification.requestPermission()
  window.dispatchEvent(new Event(changedEvent))
}

/** Shows what is told from now on, while this page is open and may. A click leads to the page of its subject. Returns the stop. */
export function followTellings(): () => void {
  if (desktop || !('Notification' in window)) return () => undefined
  let last: number | null = null
  let asking = false
  let again = false

  async function look(): Promise<void> {
    if (asking) {
      again = true
      return
    }
    asking = true
    try {
      do {
        again = false
        // what was told before this page was here is old
        const after: number = last ?? (await query('alerts.count', {})).last
        const news = await query('alerts.news', { after })
        last = news.last
        if (notifyState() === 'granted') for (const telling of news.tellings) show(telling)
      } while (again)
    } catch {
      // the line is gone, or the core is another one: the next change asks again, and the page Alerts has it all
    } finally {
      asking = false
    }
  }

  const stop = onChange(topics => {
    if (topics.includes('alerts')) void look()
  })
  void look()
  return stop
}

function show({ seq, ts, title, body, href }: { seq: number; ts: number; title: string; body: string; href: string }): void {
  // several windows show one: the tag is the same in all of them
  const shown = new Notification(title, { body, tag: `granary ${ts} ${seq}` })
  shown.onclick = () => {
    window.focus()
    window.location.hash = href
    shown.close()
  }
}
