import type { Page } from '@playwright/test'
import type { DesktopState } from '../../src-shared/page-connection.ts'

/** What the stand-in's desktop is, and what it was asked. */
export interface StandInDesktop {
  state: DesktopState
  /** by the number in the page's address */
  opened: Record<number, string[]>
}

/**
 * Gives a browser's page what Electron's preload gives to the application's: the line goes to the loopback host all the same. Before the page
 * is opened; `window.desktopAsked` holds what was changed.
 */
export async function standInDesktop(page: Page, desktop: StandInDesktop): Promise<void> {
  await page.addInitScript(({ state, opened }) => {
    const asked: unknown[] = []
    async function session(): Promise<string> {
      const token = /^#token=([\w-]+)/.exec(location.hash)?.[1]
      if (token) {
        const body = JSON.stringify({ token })
        const answer = await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        sessionStorage.setItem('stand-in', ((await answer.json()) as { session: string }).session)
        history.replaceState(null, '', location.pathname)
      }
      return sessionStorage.getItem('stand-in')!
    }
    async function connect(): Promise<void> {
      const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/rpc`, ['granary', `session.${await session()}`])
      const { port1, port2 } = new MessageChannel()
      socket.onopen = () => {
        port1.onmessage = ({ data }) => socket.send(data)
        window.postMessage('granary:port', '*', [port2])
      }
      socket.onmessage = ({ data }) => port1.postMessage(data)
    }
    Object.assign(window, {
      desktopAsked: asked,
      granary: {
        connect: () => void connect(),
        pathForFile: () => '',
        openFileDialog: async () => null,
        desktopState: async () => state,
        async setDesktop(change: object) {
          asked.push(change)
          Object.assign(state, change)
          return { ...state }
        },
        openedFiles: async (number: number) => opened[number] ?? [],
      },
    })
  }, desktop)
}
