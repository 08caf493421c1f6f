/** How far a job is. `fraction` 0 to 1, null where the end is not known; `detail` in words, e.g. `1.2 M events, 2.1 M/s`. */
export interface JobProgress {
  fraction: number | null
  detail: string
  secondsLeft: number | null
}

/** Runs a task by name, usually in a worker thread (see core/tasks.ts). Input, output and progress are plain data. */
export type TaskRunner = (
  name: string,
  input: unknown,
  context: { signal?: AbortSignal; onProgress?: (progress: unknown) => void },
) => Promise<unknown>

/** What whoever starts a job gives it. */
export interface JobContext {
  signal?: AbortSignal
  onProgress?: (progress: JobProgress) => void
  /** absent: the job does everything on its own thread */
  runTask?: TaskRunner
}

/**
 * Turns counts into progress at most ten times a second: `report(done, total, events)`; `what` is counted, in the plural.
 * The rate is that of the whole run so far, which is what the time left should rest on.
 */
export function progressMeter(
  context: JobContext,
  now: () => number,
  what = 'events',
): (done: number, total: number | null, events: number) => void {
  const startedMs = now()
  let lastMs = Number.NEGATIVE_INFINITY
  return (done, total, events) => {
    const nowMs = now()
    if (!context.onProgress || nowMs - lastMs < 100) return
    lastMs = nowMs
    const elapsedSec = Math.max((nowMs - startedMs) / 1000, 0.001)
    const fraction = total && total > 0 ? Math.min(done / total, 1) : null
    context.onProgress({
      fraction,
      detail: `${shortCount(events)} ${what}, ${shortCount(events / elapsedSec)}/s`,
      secondsLeft: fraction && fraction > 0.01 ? Math.round((elapsedSec * (1 - fraction)) / fraction) : null,
    })
  }
}

function shortCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`
  if (count >= 1e4) return `${Math.round(count / 1e3)} k`
  return String(Math.round(count))
}
