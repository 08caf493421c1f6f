import { toAppError } from '../../../src-shared/errors.ts'
import type { RestDoor } from '../../../src-shared/treasury/access-tokens-table.ts'
import type { HostCore } from '../../core/index.ts'
import { type RestServer, startRestServer } from './rest.ts'
import { OPENAPI_PATH } from './rest-openapi.ts'

export interface RestDoorKeeper {
  /** closes the door, whatever is set */
  close(): Promise<void>
}

/**
 * Keeps the REST door as the administrator set it (rest.open, rest.port): opens, closes and moves it as soon as that changes, and tells the core
 * where it is. A port that can't be had stops nothing else: it is told as the door's problem, and tried again when something changes.
 */
export async function keepRestDoor(core: HostCore, version: string, onInternalError: (error: unknown) => void): Promise<RestDoorKeeper> {
  let server: RestServer | null = null
  let portOpen = 0
  let isOver = false
  /** one step after the other: a door that opens is not asked to move meanwhile */
  let steps: Promise<void> = Promise.resolve()

  async function settle(): Promise<void> {
    const { isOpen, port } = isOver ? { isOpen: false, port: 0 } : core.rest.wanted()
    if (server && (!isOpen || port !== portOpen)) {
      await server.close()
      server = null
    }
    if (!server && isOpen) {
      server = await startRestServer({ core, port, version, onInternalError })
      portOpen = port
    }
    core.rest.tell({ url: server?.url ?? null, problem: null })
  }

  function step(): Promise<void> {
    steps = steps.then(settle).catch(error => {
      const { code, message } = toAppError(error)
      if (code === 'internal') onInternalError(error)
      core.rest.tell({ url: null, problem: message })
    })
    return steps
  }

  const forget = core.subscribe(topics => {
    if (topics.includes('treasury')) void step()
  })
  await step()
  return {
    close() {
      isOver = true
      forget()
      return step()
    },
  }
}

/** The door in a line, for a terminal. */
export function doorText({ isWanted, url, problem }: RestDoor): string {
  if (url !== null) return `The REST door is open at ${url} (described at ${new URL(OPENAPI_PATH, url).href}).`
  if (!isWanted) return 'The REST door is closed (the setting rest.open).'
  return `The REST door could not be opened. ${problem ?? ''}`.trim()
}
