import { AppError } from '../../src-shared/errors.ts'
import type { Faults } from '../jobs/devnet/faults.ts'
import { startDevnet } from '../jobs/devnet/index.ts'

/** What `granary devnet` is asked. */
export interface DevnetCommand {
  port?: number
  speed: number
  archive?: string
  nodes: number
  seed: number
  days?: number
  /** what it does wrong, by the names of Faults (jobs/devnet/faults.ts); refuseLists is on for any number but 0 */
  fault?: Record<string, number>
}

const shares = ['stallShare', 'nullShare'] as const
const counts = ['latencyMs', 'dropEvery', 'lieAboutParent', 'wrongEvents', 'undecodable', 'prunedBelow', 'tooBigChars'] as const

/** Throws AppError usage naming the fault. */
function faultsOf(given: Record<string, number>): Faults {
  const faults: Faults = {}
  for (const [name, value] of Object.entries(given)) {
    const share = shares.find(known => known === name)
    const count = counts.find(known => known === name)
    if (share && value <= 1) faults[share] = value
    else if (count && Number.isInteger(value)) faults[count] = value
    else if (name === 'refuseLists') faults.refuseLists = value !== 0
    else
      throw new AppError(
        'usage',
        `--fault ${name}=${value} is none that the devnet knows: shares go from 0 to 1 (${shares.join(', ')}), the others are whole numbers (${counts.join(', ')}, refuseLists).`,
      )
  }
  return faults
}

/** Serves a made-up chain on this machine until the signal says stop. `say` gets its address, and what to do with it. */
export async function runDevnet(command: DevnetCommand, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (command.nodes < 1 || command.nodes > 10_000) throw new AppError('usage', '--nodes takes 1 to 10,000.')
  const { port, archive, days, fault = {}, ...rest } = command
  const devnet = await startDevnet({
    ...rest,
    ...(port !== undefined && { port }),
    ...(archive !== undefined && { archive }),
    ...(days !== undefined && { days }),
    faults: faultsOf(fault),
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
