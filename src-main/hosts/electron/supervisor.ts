import type { PlainError } from '../../../src-shared/errors.ts'
import type { SafeAnswer } from './safe-storage.ts'
import type { Standing } from './standing.ts'
import type { DesktopTelling } from './tellings.ts'

/** What main and the core's process say to each other; a `connect` carries the core's end of a page's line. */
export type ToCoreProcess = { t: 'connect' } | { t: 'close' } | { t: 'lock-keys' } | { t: 'pause-sync'; isPaused: boolean } | SafeAnswer
export type FromCoreProcess =
  | { t: 'ready' }
  | { t: 'failed'; error: PlainError }
  | { t: 'tell'; telling: DesktopTelling }
  | { t: 'standing'; standing: Standing }

/** The core's process as main sees it (Electron's UtilityProcess, or a stand-in in a test). */
export interface CoreProcess<Port> {
  postMessage(message: ToCoreProcess, ports?: Port[]): void
  onMessage(listener: (message: FromCoreProcess) => void): void
  onExit(listener: (code: number) => void): void
  kill(): void
}

export interface SupervisorEdges<Port> {
  start(): CoreProcess<Port>
  /** tells every page that its line is dead, so that no call waits in vain */
  announceGone(): void
  /** an alert is to be shown on the desktop */
  tell(telling: DesktopTelling): void
  /** how things stand, for the tray; null: nobody knows, the core is gone */
  stands(standing: Standing | null): void
  /** the core's process ended that nobody asked to; it has said nothing of why, or wrote a report of its own */
  died(exitCode: number): void
  /** the core cannot run: its reason to be shown, then quit */
  onFailed(error: PlainError): void
  nowMs(): number
  after(ms: number, action: () => void): void
}

export interface Supervisor<Port> {
  /** gives the core its end of a page's line, as soon as it is ready */
  connect(port: Port): void
  /** has every unlocked key forgotten: the machine is left alone */
  lockKeys(): void
  /** pauses the sync, or lets it go on */
  pauseSync(isPaused: boolean): void
  /** asks the core to stop and waits; ends it after ten seconds */
  close(): Promise<void>
}

const restartAfterMs = 500
/** more deaths than this within a minute, and it is given up */
const deathsAMinute = 5
const closeWithinMs = 10_000

/** Keeps a core process running: one that dies is replaced, one that says why it cannot run is not. */
export function superviseCore<Port>(edges: SupervisorEdges<Port>): Supervisor<Port> {
  let child: CoreProcess<Port> | undefined
  let ready = false
  let failed = false
  let closing: (() => void) | undefined
  let deathsMs: number[] = []
  const waiting: Port[] = []

  function fail(error: PlainError): void {
    if (failed) return
    failed = true
    edges.onFailed(error)
  }

  function start(): void {
    if (closing || failed) return
    const fresh = edges.start()
    child = fresh
    fresh.onMessage(message => {
      if (fresh !== child) return
      if (message.t === 'failed') fail(message.error)
      else if (message.t === 'tell') edges.tell(message.telling)
      else if (message.t === 'standing') edges.stands(message.standing)
      else {
        ready = true
        for (const port of waiting.splice(0)) fresh.postMessage({ t: 'connect' }, [port])
      }
    })
    fresh.onExit(code => {
      if (fresh !== child) return
      child = undefined
      ready = false
      if (closing) {
        closing()
        return
      }
      edges.announceGone()
      edges.stands(null)
      if (failed) return
      edges.died(code)
      const nowMs = edges.nowMs()
      deathsMs = [...deathsMs.filter(deathMs => nowMs - deathMs < 60_000), nowMs]
      if (deathsMs.length > deathsAMinute) {
        const message = `Granary's core ended ${deathsMs.length} times within a minute (the last time with code ${code}). What was saved is safe. Why stands in its crash reports: granary logs in a terminal lists them.`
        fail({ code: 'internal', message, retryable: false, details: { code } })
      } else edges.after(restartAfterMs, start)
    })
  }

  start()
  return {
    connect(port) {
      if (child && ready) child.postMessage({ t: 'connect' }, [port])
      else waiting.push(port)
    },
    lockKeys() {
      if (ready) child?.postMessage({ t: 'lock-keys' })
    },
    pauseSync(isPaused) {
      if (ready) child?.postMessage({ t: 'pause-sync', isPaused })
    },
    close() {
      return new Promise(resolve => {
        closing = resolve
        if (!child) {
          resolve()
          return
        }
        child.postMessage({ t: 'close' })
        edges.after(closeWithinMs, () => child?.kill())
      })
    },
  }
}
