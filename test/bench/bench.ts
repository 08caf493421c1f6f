import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCommands } from './bench-commands.ts'
import { benchCore, childOf } from './bench-core.ts'
import { type Figure, tableOf } from './table.ts'

interface ChainFigures {
  figures: Figure[]
  text: string
}

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
  const wants = (part: string) => values.only === undefined || values.only === part
  const texts: string[] = []
  if (wants('chain'))
    for (const which of ['decode', 'blocks']) {
      process.stderr.write(`the chain: ${which}\n`)
      const found = await childOf<ChainFigures>('chain-figures.ts', which, String(options.rounds))
      figures.push(...found.figures)
      texts.push(found.text)
    }
  if (wants('commands')) figures.push(...(await benchCommands(options)))
  const core = wants('core') ? await benchCore(options) : null
  if (core) {
    figures.push(...core.figures)
    texts.push(core.queries)
  }
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  console.log(
    `\n${new Date().toISOString().slice(0, 16)}Z, ${cpus().length} x ${cpus()[0]?.model}, ${memory}, Node ${process.versions.node}, load ${load} before it began;`,
  )
  console.log(`demo grid of ${options.nodes} nodes over a full period, ${options.rounds} rounds in turn. Whole processes with start-up,`)
  console.log('except where "inside" is said; the baselines without their start-up.\n')
  console.log(tableOf(figures))
  for (const text of texts) console.log(`\n${text}`)
}
