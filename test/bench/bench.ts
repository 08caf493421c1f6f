import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchCommands } from './bench-commands.ts'
import { benchCore, childOf } from './bench-core.ts'
import { benchCurve } from './bench-curve.ts'
import { benchLedger } from './bench-ledger.ts'
import type { SignFigures } from './sign-figures.ts'
import { type Figure, tableOf } from './table.ts'

interface ChainFigures {
  figures: Figure[]
  text: string
}

export interface BenchOptions {
  nodes: number
  rounds: number
}

/** What signing a whole grid's payout takes, one row a node, through the core with an unlocked key of the vault. */
async function benchSign({ nodes, rounds }: BenchOptions): Promise<Figure[]> {
  const found: SignFigures[] = []
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`signing: round ${round} of ${rounds}\n`)
    found.push(await childOf<SignFigures>('sign-figures.ts', String(nodes)))
  }
  const bare = { name: 'bare ed25519 of the same hashes', values: found.map(({ bareSec }) => bareSec) }
  return [
    {
      name: `pay.sign: ${nodes} rows, inside (checked, kept, marked)`,
      unit: 's',
      values: found.map(({ signSec }) => signSec),
      baseline: bare,
      target: '< 20 s',
      threads: '1 / 1',
    },
    { name: `review.run: ${nodes} rows, inside`, unit: 's', values: found.map(({ reviewSec }) => reviewSec), threads: '1' },
    { name: "the core's thread busy at one go at most, reviewing and signing", unit: 'ms', values: found.map(({ pauseMs }) => pauseMs) },
  ]
}

const PARTS = ['chain', 'ledger', 'curve', 'commands', 'sign', 'core']

/** Runs the bench and prints its table on standard output, progress on standard error. */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { small: { type: 'boolean' }, only: { type: 'string' } } })
  const only = values.only?.split(',') ?? PARTS
  const unknown = only.find(part => !PARTS.includes(part))
  if (unknown !== undefined) {
    console.error(`There is no part "${unknown}": --only takes ${PARTS.join(', ')}, or several with commas between.`)
    process.exitCode = 2
    return
  }
  const asked = process.env.GRANARY_RUNS === undefined ? null : Math.max(Number(process.env.GRANARY_RUNS), 1)
  const isCurve = values.only === 'curve'
  // of the curve alone it is its random cases that are asked for
  const options: BenchOptions = { nodes: values.small ? 500 : 5500, rounds: isCurve ? 3 : (asked ?? 3) }
  const figures: Figure[] = []
  const load = loadavg()[0]!.toFixed(1)
  const wants = (part: string) => only.includes(part)
  const texts: string[] = []
  if (wants('chain'))
    for (const which of ['decode', 'blocks']) {
      process.stderr.write(`the chain: ${which}\n`)
      const found = await childOf<ChainFigures>('chain-figures.ts', which, String(options.rounds))
      figures.push(...found.figures)
      texts.push(found.text)
    }
  if (wants('ledger')) figures.push(...(await benchLedger(options)))
  if (wants('curve')) figures.push(...(await benchCurve(options, isCurve ? asked : null)))
  if (wants('commands')) figures.push(...(await benchCommands(options)))
  if (wants('sign')) figures.push(...(await benchSign(options)))
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
