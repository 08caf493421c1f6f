import { AppError } from '../../src-shared/errors.ts'
import { startDevnet } from '../jobs/devnet/index.ts'

/** What `granary devnet` is asked. */
export interface DevnetCommand {
  port?: number
  speed: number
  archive?: string
  nodes: number
  seed: number
  latency: number
  drop?: number
}

/** Serves a made-up chain on this machine until the signal says stop. `say` gets its address, and what to do with it. */
export async function runDevnet(command: DevnetCommand, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (command.nodes < 1 || command.nodes > 10_000) throw new AppError('usage', '--nodes takes 1 to 10,000.')
  const { port, archive, drop, latency, ...rest } = command
  const devnet = await startDevnet({
    ...rest,
    ...(port !== undefined && { port }),
    ...(archive !== undefined && { archive }),
    faults: { latencyMs: latency, ...(drop !== undefined && { dropEvery: drop }) },
    signal,
  })
  try {
    say(`listening ${devnet.url} head ${devnet.head()}`)
    say(`follow it with: granary sync --network devnet --endpoint ${devnet.url} --data DIR`)
    await new Promise<void>(resolve => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await devnet.close()
  }
}
