import { join } from 'node:path'
import { archiveOf, emptyFolder, otherSpelling } from './archives.ts'
import type { BenchOptions } from './bench.ts'
import { granary, median, runNode, type Taken } from './measure.ts'
import type { Figure } from './table.ts'

const JSON_BASELINE = 'JSON.parse'

interface Parsed {
  sec: number
  cpuSec: number
  events: number
}

async function bareParse(archive: string): Promise<Parsed> {
  const { stdout } = await runNode(join(import.meta.dirname, 'baseline-json.mjs'), [archive])
  return JSON.parse(stdout) as Parsed
}

const wall = (taken: Taken[]) => taken.map(({ wallSec }) => wallSec)
const cpu = (of: { cpuSec: number }[]) => of.map(({ cpuSec }) => cpuSec)
const peak = (taken: Taken[]) => taken.map(({ peakMiB }) => peakMiB)

/** What the commands take, in rounds that alternate with the baseline. */
export async function benchCommands({ nodes, rounds }: BenchOptions): Promise<Figure[]> {
  const plain = await archiveOf(nodes, 'ndjson')
  const packed = { gz: await archiveOf(nodes, 'ndjson.gz'), zst: await archiveOf(nodes, 'ndjson.zst') }
  const other = await otherSpelling(plain)
  const sizes = nodes > 2000 ? [500, 2000] : [100]
  for (const size of sizes) await archiveOf(size, 'ndjson')

  const parse: Parsed[] = []
  const parseOther: Parsed[] = []
  const taken: Record<string, Taken[]> = {}
  const run = async (name: string, ...args: string[]) => {
    const one = await granary(...args)
    taken[name] = [...(taken[name] ?? []), one]
    process.stderr.write(`  ${name}: ${one.wallSec.toFixed(2)} s\n`)
  }
  await bareParse(plain) // warms the file
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`)
    const out = emptyFolder('out')
    const data = () => emptyFolder('data')
    const mint = (name: string, archive: string) => run(name, 'mint', '--archive', archive, '--out', out)
    const own = (name: string, archive: string) => run(name, 'mint', '--archive', archive, '--rules', 'node-period', '--out', out)
    parse.push(await bareParse(plain))
    process.stderr.write(`  ${JSON_BASELINE}: ${parse.at(-1)!.sec.toFixed(2)} s\n`)
    await mint('mint', plain)
    const stored = data()
    await run('import', 'import', plain, '--data', stored)
    await run('period', 'mint', '--period', '102', '--data', stored, '--out', out)
    await run('own period', 'mint', '--period', '102', '--rules', 'node-period', '--data', stored, '--out', out)
    await own('own', plain)
    await mint('mint gz', packed.gz)
    await mint('mint zst', packed.zst)
    await run('import gz', 'import', packed.gz, '--data', data())
    await run('import zst', 'import', packed.zst, '--data', data())
    parseOther.push(await bareParse(other))
    await mint('mint other', other)
    for (const size of sizes) {
      const archive = await archiveOf(size, 'ndjson')
      await mint(`mint ${size}`, archive)
      await own(`own ${size}`, archive)
      await run(`import ${size}`, 'import', archive, '--data', data())
    }
    await run('start', '--version')
  }

  const baseline = { name: JSON_BASELINE, values: parse.map(({ sec }) => sec), cpuSec: cpu(parse) }
  const figure = (name: string, key: string, extra: Partial<Figure>): Figure => ({
    name,
    unit: 's',
    values: wall(taken[key]!),
    cpuSec: cpu(taken[key]!),
    peakMiB: peak(taken[key]!),
    ...extra,
  })
  const oneThread = threads(taken.mint!)
  const figures: Figure[] = [
    {
      name: `${JSON_BASELINE} per line (${parse[0]!.events} events)`,
      unit: 's',
      values: baseline.values,
      cpuSec: cpu(parse),
      threads: '- / 1',
    },
    figure('mint --archive', 'mint', { baseline, target: '≤ 1.3 x, < 400 MB', threads: oneThread }),
    figure('import', 'import', { baseline, target: '≤ 1.6 x', threads: threads(taken.import!) }),
    figure('mint --period from the store', 'period', { target: '< 1 s', threads: threads(taken.period!, '') }),
    figure('mint --period by node-period', 'own period', { target: '< 5 s', threads: threads(taken['own period']!, '') }),
    figure('mint --archive by node-period', 'own', { baseline, threads: threads(taken.own!) }),
    figure('mint --archive, gzip', 'mint gz', { baseline, threads: threads(taken['mint gz']!) }),
    figure('mint --archive, zstd', 'mint zst', { baseline, threads: threads(taken['mint zst']!) }),
    figure('import, gzip', 'import gz', { baseline, threads: threads(taken['import gz']!) }),
    figure('import, zstd', 'import zst', { baseline, threads: threads(taken['import zst']!) }),
    figure('mint --archive, members in another order', 'mint other', {
      baseline: { name: 'JSON.parse of the same', values: parseOther.map(({ sec }) => sec), cpuSec: cpu(parseOther) },
      threads: threads(taken['mint other']!),
    }),
    figure('start-up (--version)', 'start', {}),
  ]
  for (const [command, name] of [
    ['mint', 'mint'],
    ['own', 'mint by node-period'],
    ['import', 'import'],
  ] as const)
    for (const size of [...sizes, nodes]) {
      const { events } = size === nodes ? parse[0]! : await bareParse(await archiveOf(size, 'ndjson'))
      const start = median(wall(taken.start!))
      const perEvent = (sec: number) => ((sec - start) / events) * 1e6
      figures.push({
        name: `${name}, ${size} nodes, per event without start-up`,
        unit: 'µs/event',
        values: wall(taken[size === nodes ? command : `${command} ${size}`]!).map(perEvent),
        target: 'linear',
      })
    }
  return figures
}

/** How many processors it kept busy on the average, as the number of threads says little. */
function threads(taken: Taken[], other = ' / 1'): string {
  const busy = median(taken.map(({ cpuSec, wallSec }) => cpuSec / wallSec))
  return `${busy.toFixed(1)} busy${other}`
}
