import { AppError } from './errors.ts'
import type { TextPort } from './rpc-client.ts'

/** What Electron's preload gives to the page as `window.granary`; absent in a browser. */
export interface DesktopBridge {
  /** asks for a fresh line to the core; it arrives as a window message (see desktopPort) */
  connect(): void
  /** the path of a dropped or chosen file, for import.start */
  pathForFile(file: unknown): string
  /** lets the user choose a file; null when they changed their mind */
  openFileDialog(): Promise<string | null>
  /** how the desktop is set, as the system has it now */
  desktopState(): Promise<DesktopState>
  /** changes it, and answers how it is then */
  setDesktop(change: DesktopChange): Promise<DesktopState>
  /** the paths of files that the system handed over, by the number in the address of the page that shows them */
  openedFiles(number: number): Promise<string[]>
}

/** What the user chose of the desktop; kept on this machine, apart from the core's settings. */
export interface DesktopSettings {
  /** a closed window leaves the program in the tray */
  keepInTray: boolean
  /** alerts are shown on the desktop */
  notifications: boolean
}

export type DesktopChange = Partial<DesktopSettings & { startAtLogin: boolean }>

export interface DesktopState extends DesktopSettings {
  /** as the system has it, whoever changed it there */
  startAtLogin: boolean
  /** what is to be known of it, or why it was not changed; null: nothing */
  note: string | null
  /** macOS programs go on without a window in any case */
  alwaysGoesOn: boolean
}

/** The data of the window messages by which the preload hands over a line and says that the core is gone. */
export const portMessage = 'granary:port'
export const goneMessage = 'granary:gone'
/** The same for the menu's search: the page opens its palette. */
export const searchMessage = 'granary:search'

/** What of a browser's window the loopback connection needs; given by the page, or by a test. */
export interface PageEdges {
  /** `location.origin`, e.g. `http://127.0.0.1:40123` */
  origin: string
  /** `location.hash` */
  hash(): string
  /** puts another hash into the address without a new history entry */
  replaceHash(hash: string): void
  /** `sessionStorage` */
  storage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void }
  fetch: typeof fetch
  WebSocket: typeof WebSocket
}

const storageKey = 'granary.session'

/** The one-time token of a link to the loopback host, where the address has one. */
export function tokenOf(hash: string): string | undefined {
  return /^#token=([\w-]+)/.exec(hash)?.[1]
}

/**
 * Opens a line to the loopback host. A one-time token in the address (`#token=…`) is traded for a session key and removed
 * from the address; the key stays in this tab's storage, so that a reload goes on. Rejects with `io.denied`, not
 * retryable, where a new link is needed, and with `core.gone`, retryable, where Granary does not answer.
 */
export async function openLoopbackPort(edges: PageEdges): Promise<TextPort> {
  const token = tokenOf(edges.hash())
  if (token) {
    edges.replaceHash('')
    const session = await postSession(edges, { token })
    if (session) edges.storage.setItem(storageKey, session)
  }
  const key = edges.storage.getItem(storageKey)
  if (!key || !(await postSession(edges, { session: key }))) {
    edges.storage.removeItem(storageKey)
    throw new AppError(
      'io.denied',
      'This page has no access to Granary: its link was used before, is older than a minute, or Granary was started again. Start Granary again, or open a new link from "granary serve".',
    )
  }
  return webSocketPort(new edges.WebSocket(`${edges.origin.replace(/^http/, 'ws')}/rpc`, ['granary', `session.${key}`]))
}

async function postSession(edges: PageEdges, body: { token: string } | { session: string }): Promise<string | undefined> {
  let answer: Response
  try {
    answer = await edges.fetch(`${edges.origin}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch (cause) {
    throw unreachable(cause)
  }
  if (answer.status === 403) return undefined
  if (!answer.ok) throw unreachable(undefined)
  const { session } = (await answer.json()) as { session?: unknown }
  return typeof session === 'string' ? session : undefined
}

function unreachable(cause: unknown): AppError {
  return new AppError('core.gone', 'Granary does not answer. Is it still running? This page goes on by itself when it is back.', {
    retryable: true,
    cause,
  })
}

/** Waits until the socket is open. Rejects with `core.gone` if it does not open. */
export function webSocketPort(socket: WebSocket): Promise<TextPort> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('close', () => reject(unreachable(undefined)), { once: true })
    socket.addEventListener(
      'open',
      () =>
        resolve({
          send: text => socket.send(text),
          onMessage: listener => socket.addEventListener('message', event => listener(String(event.data))),
          onClose: listener => socket.addEventListener('close', () => listener()),
          close: () => socket.close(),
        }),
      { once: true },
    )
  })
}

/** The two events of a page's window that desktopPort listens to. */
export interface MessageWindow {
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void
}

/**
 * Asks the desktop's preload for a line to the core and waits for it. The line counts as closed when the port closes or
 * when the preload says that the core is gone, whichever comes first.
 */
export function desktopPort(bridge: Pick<DesktopBridge, 'connect'>, window: MessageWindow, timeoutMs = 15_000): Promise<TextPort> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      window.removeEventListener('message', take)
      reject(unreachable(undefined))
    }, timeoutMs)
    function take(event: MessageEvent): void {
      const port = event.ports[0]
      if (event.source !== (window as unknown) || event.data !== portMessage || !port) return
      clearTimeout(timer)
      window.removeEventListener('message', take)
      resolve(messagePort(port, window))
    }
    window.addEventListener('message', take)
    bridge.connect()
  })
}

function messagePort(port: MessagePort, window: MessageWindow): TextPort {
  let closed = false
  let tell = (): void => {}
  function shut(): void {
    if (closed) return
    closed = true
    window.removeEventListener('message', heed)
    port.close()
    tell()
  }
  function heed(event: MessageEvent): void {
    if (event.source === (window as unknown) && event.data === goneMessage) shut()
  }
  window.addEventListener('message', heed)
  port.addEventListener('close', shut)
  return {
    send: text => port.postMessage(text),
    onMessage: listener => {
      port.addEventListener('message', event => listener(String(event.data)))
      port.start()
    },
    onClose: listener => {
      tell = listener
    },
    close: shut,
  }
}
