import type { Core, Status, Topic } from '../../../src-shared/contract.ts'
import { cleanName } from '../../../src-shared/text.ts'

/* How things stand, from the core's process to the tray: how many alerts are open, the first of them, and the sync. */

export interface Standing {
  alerts: number
  /** something is down or at risk; a mere information needs nobody */
  needsAttention: boolean
  /** the most severe first; `path` is a page of the app */
  first: { title: string; path: string }[]
  sync: Pick<Status['sync'], 'phase' | 'fraction'>
  demo: boolean
}

const SHOWN_ALERTS = 5
/** A sync changes things ten times a second, and nobody looks at a tray so often. */
const LOOK_EVERY_MS = 2_000
const watched: readonly Topic[] = ['alerts', 'sync', 'facts']

/** Asks the core how things stand. Rejects as the core does. */
async function lookAround(core: Core): Promise<Standing> {
  const [status, { total, worst }, list] = await Promise.all([
    core.query('status.get', {}),
    core.query('alerts.count', {}),
    core.query('alerts.list', { limit: SHOWN_ALERTS }),
  ])
  const { phase, fraction } = status.sync
  return {
    alerts: total,
    needsAttention: worst === 'down' || worst === 'at-risk' || phase === 'halted',
    first: list.rows.map(({ title, href }) => ({ title: cleanName(title).slice(0, 80), path: href })),
    // a tenth of a per cent is no news for a tray
    sync: { phase, fraction: fraction === null ? null : Math.floor(fraction * 100) / 100 },
    demo: status.demo,
  }
}

export interface StandingEdges {
  say(standing: Standing): void
  after(ms: number, action: () => void): void
  log(error: unknown): void
}

/** The core's process's end: says how things stand, now and when that changes. Returns the stop. */
export function sayStanding(core: Core, { say, after, log }: StandingEdges): () => void {
  let said = ''
  let state: 'idle' | 'busy' | 'again' = 'idle'
  let stopped = false

  function look(): void {
    if (stopped) return
    if (state !== 'idle') {
      state = 'again'
      return
    }
    state = 'busy'
    lookAround(core)
      .then(standing => {
        const text = JSON.stringify(standing)
        if (text === said || stopped) return
        said = text
        say(standing)
      })
      .catch(log)
      .finally(() =>
        after(LOOK_EVERY_MS, () => {
          const isAsked = state === 'again'
          state = 'idle'
          if (isAsked) look()
        }),
      )
  }

  const stop = core.subscribe(topics => {
    if (topics.some(topic => watched.includes(topic))) look()
  })
  look()
  return () => {
    stopped = true
    stop()
  }
}
