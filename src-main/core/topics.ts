import type { Topic } from '../../src-shared/contract.ts'

export interface Topics {
  changed(...topics: Topic[]): void
  subscribe(listener: (topics: Topic[]) => void): () => void
  close(): void
}

/** Gathers what changed and tells it at most every `everyMs`, the first time at once in the next turn of the event loop. */
export function createTopics(everyMs = 100): Topics {
  const listeners = new Set<(topics: Topic[]) => void>()
  const pending = new Set<Topic>()
  let timer: ReturnType<typeof setTimeout> | null = null
  let lastMs = 0

  function flush(): void {
    timer = null
    lastMs = performance.now()
    const topics = [...pending]
    pending.clear()
    for (const listener of listeners) listener(topics)
  }

  return {
    changed(...topics) {
      for (const topic of topics) pending.add(topic)
      if (timer === null) timer = setTimeout(flush, Math.max(0, everyMs - (performance.now() - lastMs)))
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      listeners.clear()
    },
  }
}
