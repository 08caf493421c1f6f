/** How long somebody stays unlocked without doing anything, seconds. */
export interface IdleTimes {
  entitySec: number
  administratorSec: number
}

/** Who is unlocked, for each actor of a host (Actor.id), in this process's memory only. */
export interface TreasurySessions {
  unlock(actorId: string, entityId: string): void
  /** the entity and the administrator */
  lock(actorId: string): void
  grant(actorId: string): void
  revoke(actorId: string): void
  entityOf(actorId: string): string | null
  isAdministrator(actorId: string): boolean
  /** something was done as the entity, or as the administrator: the time without use begins anew */
  use(actorId: string, as: 'entity' | 'administrator'): void
  close(): void
}

interface Held {
  entityId: string | null
  entityLast: Clocks
  isAdministrator: boolean
  administratorLast: Clocks
}

/** How late a page may see that somebody was locked; whoever acts is locked to the second. */
const LOOK_SEC = 15

type Clocks = readonly [wallMs: number, steadyMs: number]

/** `changed` is told when somebody was locked because nothing was done. */
export function createTreasurySessions(idle: () => IdleTimes, changed: () => void, now: () => Clocks = clocks): TreasurySessions {
  const held = new Map<string, Held>()
  const timers = new Map<string, NodeJS.Timeout>()

  function get(actorId: string): Held {
    let one = held.get(actorId)
    if (!one) {
      one = { entityId: null, entityLast: now(), isAdministrator: false, administratorLast: now() }
      held.set(actorId, one)
    }
    const { entitySec, administratorSec } = idle()
    if (one.isAdministrator && isOver(one.administratorLast, administratorSec)) one.isAdministrator = false
    if (one.entityId !== null && isOver(one.entityLast, entitySec)) {
      one.entityId = null
      one.isAdministrator = false
    }
    return one
  }

  /** One clock goes on while the machine sleeps, the other can't be set back; whichever says so first. */
  function isOver(last: Clocks, sec: number): boolean {
    return now().some((ms, which) => ms - last[which]! >= sec * 1000)
  }

  /** Pages see that it went without asking: one timer for each actor, which looks again while somebody is unlocked. */
  function watch(actorId: string): void {
    if (timers.has(actorId)) return
    const { entitySec, administratorSec } = idle()
    const timer = setTimeout(
      () => {
        timers.delete(actorId)
        const before = held.get(actorId)
        const was = { entityId: before?.entityId ?? null, isAdministrator: before?.isAdministrator ?? false }
        const is = get(actorId)
        if (was.entityId !== is.entityId || was.isAdministrator !== is.isAdministrator) changed()
        if (is.entityId !== null || is.isAdministrator) watch(actorId)
      },
      Math.min(entitySec, administratorSec, LOOK_SEC) * 1000,
    )
    timer.unref()
    timers.set(actorId, timer)
  }

  return {
    unlock(actorId, entityId) {
      const one = get(actorId)
      one.entityId = entityId
      one.entityLast = now()
      watch(actorId)
    },
    lock(actorId) {
      held.delete(actorId)
    },
    grant(actorId) {
      const one = get(actorId)
      one.isAdministrator = true
      one.administratorLast = now()
      watch(actorId)
    },
    revoke(actorId) {
      get(actorId).isAdministrator = false
    },
    entityOf: actorId => get(actorId).entityId,
    isAdministrator: actorId => get(actorId).isAdministrator,
    use(actorId, as) {
      const one = get(actorId)
      one.entityLast = now()
      if (as === 'administrator') one.administratorLast = now()
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer)
      held.clear()
    },
  }
}

function clocks(): Clocks {
  return [Date.now(), performance.now()]
}
