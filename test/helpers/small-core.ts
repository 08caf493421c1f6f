import type { Actor, CommandName, Core, QueryName, Topic } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'

export interface Call {
  name: string
  input: unknown
  signal: AbortSignal | undefined
  actor?: Actor
  key?: string
}

export interface SmallCore extends Core {
  calls: Call[]
  /** answers by name; a function may wait or throw; what is not here is `not-found` */
  answers: Partial<Record<QueryName | CommandName, (call: Call) => unknown>>
  announce(topics: Topic[]): void
  listeners(): number
  closed(): boolean
}

/** A core without a store, for the tests of what lies between it and a page. */
export function smallCore(answers: SmallCore['answers'] = {}): SmallCore {
  const listeners = new Set<(topics: Topic[]) => void>()
  const calls: Call[] = []
  let closed = false
  async function answer(call: Call): Promise<never> {
    calls.push(call)
    const make = core.answers[call.name as QueryName]
    if (!make) throw new AppError('not-found', `Nothing here answers ${call.name}.`)
    return (await make(call)) as never
  }
  const core: SmallCore = {
    calls,
    answers,
    query: (name, input, options) => answer({ name, input, signal: options?.signal }),
    command: (name, input, options) => answer({ name, input, signal: options.signal, actor: options.actor, key: options.idempotencyKey }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    announce(topics) {
      for (const listener of listeners) listener(topics)
    },
    listeners: () => listeners.size,
    closed: () => closed,
    async close() {
      closed = true
    },
  }
  return core
}

/** Waits until something holds; fails after two seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const endMs = Date.now() + 2_000
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
