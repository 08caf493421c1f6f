type StopSignal = 'SIGINT' | 'SIGTERM'

/** Signals closer together than this are one press of Ctrl-C: npm passes on to us what has reached us from the terminal too. */
const sameKeyMs = 300

/**
 * Calls `stop` each time that this process is asked to stop: by Ctrl-C, by a polite end, or by the process that waits for this one
 * (run-for.mjs), which tells how often it was asked. What reached both is one time. Gives back what ends the listening.
 */
export function onAskedToStop(stop: () => void): () => void {
  const own = { SIGINT: 0, SIGTERM: 0 }
  const told = { SIGINT: 0, SIGTERM: 0 }
  let lastMs = Number.NEGATIVE_INFINITY
  function count(of: typeof own, signal: StopSignal, times: number): void {
    const before = Math.max(own[signal], told[signal])
    of[signal] = times
    if (times > before) stop()
  }
  function onSignal(signal: StopSignal): void {
    const nowMs = performance.now()
    if (nowMs - lastMs > sameKeyMs) count(own, signal, own[signal] + 1)
    lastMs = nowMs
  }
  function onMessage(message: unknown): void {
    const { asked, times } = (message ?? {}) as { asked?: unknown; times?: unknown }
    if ((asked === 'SIGINT' || asked === 'SIGTERM') && typeof times === 'number') count(told, asked, times)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('message', onMessage)
  return () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('message', onMessage)
  }
}
