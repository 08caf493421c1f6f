import type { TextPort } from '../../src-shared/rpc-client.ts'

export interface TestPort extends TextPort {
  sent: string[]
}

/** Two ends of a line; what one sends the other gets in a later turn, in order, until either closes. */
export function portPair(): [TestPort, TestPort] {
  let open = true
  const ends = [0, 1].map(() => ({ sent: [] as string[], message: (_text: string): void => {}, close: (): void => {} }))
  function shut(): void {
    if (!open) return
    open = false
    for (const end of ends) setImmediate(() => end.close())
  }
  function port(mine: number): TestPort {
    const own = ends[mine]!
    const other = ends[1 - mine]!
    return {
      sent: own.sent,
      send(text) {
        if (!open) throw new Error('the line is closed')
        own.sent.push(text)
        setImmediate(() => open && other.message(text))
      },
      onMessage(listener) {
        own.message = listener
      },
      onClose(listener) {
        own.close = listener
      },
      close: shut,
    }
  }
  return [port(0), port(1)]
}
