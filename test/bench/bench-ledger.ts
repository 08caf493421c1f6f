import type { BenchOptions } from './bench.ts'
import { childOf } from './bench-core.ts'
import type { LedgerFigures } from './ledger-figures.ts'
import type { Figure } from './table.ts'

/** Payments in one batch, and commands each with key, audit entry and kept answer whose commits are grouped. */
const BATCH = 20_000
const COMMANDS = 4_000

/** What the treasury's ledger takes, beside bare SQLite inserts of the same rows. */
export async function benchLedger({ rounds }: BenchOptions): Promise<Figure[]> {
  const found: LedgerFigures[] = []
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`the ledger: round ${round} of ${rounds}\n`)
    found.push(await childOf<LedgerFigures>('ledger-figures.ts', String(BATCH), String(COMMANDS)))
  }
  const bare = (values: number[]) => ({ name: 'bare inserts', values })
  return [
    {
      name: `ledger: ${BATCH} payments in one batch`,
      unit: 's',
      values: found.map(({ batchSec }) => batchSec),
      baseline: bare(found.map(({ bareBatchSec }) => bareBatchSec)),
      target: `≤ ${BATCH / 20_000}`,
      threads: '1 / 1',
    },
    {
      name: `ledger: ${COMMANDS} durable commands`,
      unit: 's',
      values: found.map(({ commandsSec }) => commandsSec),
      baseline: bare(found.map(({ bareCommandsSec }) => bareCommandsSec)),
      target: `≤ ${COMMANDS / 2_000}`,
      threads: '1 / 1',
    },
  ]
}
