/** What comes from one place closer together than this is one press of Ctrl-C: npm passes on what has come from the terminal too. */
const sameKeyMs = 300

/**
 * Calls `stop` each time that this process is asked to stop: by Ctrl-C or a polite end, or by the process that waits for this one
 * (run-for.mjs) and was asked itself. What reached both is one time. Gives back what ends the listening.
 */
export function onAskedToStop(stop: () => void): () => void {
  let times = 0
  const onSignal = presses(count)
  const pressedThere = presses(count)
  function count(timesHere: number): void {
    if (timesHere <= times) return
    times = timesHere
    stop()
  }
  function onMessage(message: unknown): void {
    if ((message as { asked?: unknown } | null)?.asked === 'to stop') pressedThere()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('message', onMessage)
  return () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('message', onMessage)
  }
}

/** Tells how often a key was pressed in one place. */
function presses(tell: (times: number) => void): () => void {
  let times = 0
  let lastMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = performance.now()
    if (nowMs - lastMs <= sameKeyMs) return
    lastMs = nowMs
    tell(++times)
  }
}
