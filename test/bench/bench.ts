import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCommands } from './bench-commands.ts'
import { benchCore } from './bench-core.ts'
import { type Figure, tableOf } from './table.ts'

export interface BenchOptions {
  nodes: number
  rounds: number
}

/** Runs the bench and prints its table on standard output, progress on standard error. */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { small: { type: 'boolean' }, only: { type: 'string' } } })
  const options: BenchOptions = { nodes: values.small ? 500 : 5500, rounds: Math.max(Number(process.env.GRANARY_RUNS ?? 3), 1) }
  const figures: Figure[] = []
  const load = loadavg()[0]!.toFixed(1)
  if (values.only !== 'core') figures.push(...(await benchCommands(options)))
  const core = values.only === 'commands' ? null : await benchCore(options)
  if (core) figures.push(...core.figures)
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  console.log(
    `\n${new Date().toISOString().slice(0, 16)}Z, ${cpus().length} x ${cpus()[0]?.model}, ${memory}, Node ${process.versions.node}, load ${load} before it began;`,
  )
  console.log(`demo grid of ${options.nodes} nodes over a full period, ${options.rounds} rounds in turn. Whole processes with start-up,`)
  console.log('except where "inside" is said; the baselines without their start-up.\n')
  console.log(tableOf(figures))
  if (core) console.log(`\n${core.queries}`)
}
