import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { PaymentPlan } from '../../src-main/clients/stellar/build.ts'
import { importFiles } from '../../src-main/core/index.ts'
import { casesDir } from './cases.ts'
import { type LocalHorizon, makeKey, makeWorld, startHorizon, TFT, type World } from './horizon/index.ts'
import { makePayment } from './stellar.ts'

/* Periods 79 and 80 of the golden cases with real accounts, and a Horizon that was there when they ended: whoever pays receipts pays them here. */

/** Payees of farms 1 to 3; farm 2 has none in period 79, and farm 3 none in period 80. */
export const payees = [makeKey('farmer 0'), makeKey('farmer 1'), makeKey('farmer 2')].map(key => key.publicKey())
export const PERIOD_79_START = 1_730_340_520

export interface PaidWorld {
  local: LocalHorizon
  world: World
  /** Pays as makePayment does, and gives the transaction. */
  pay(change: Partial<PaymentPlan>): string
}

/** `startTs`: when the ledger begins; before period 79 unless said otherwise. What is paid is paid after it. */
export async function startPaidWorld(startTs = PERIOD_79_START - 1_000): Promise<PaidWorld> {
  const local = await startHorizon({ startTs, closing: 'submit' })
  const world = makeWorld(local.ledger)
  local.close(1, 3_000_000)
  return {
    local,
    world,
    pay(change) {
      const { envelope, facts } = makePayment({ local, world }, change)
      local.ledger.admit(envelope)
      local.close()
      return facts.hash
    },
  }
}

/** What `granary verify` and `granary pay config` are told of the world. */
export const stellarOptions = ({ local, world }: PaidWorld): string[] => [
  ...['--horizon', local.url, '--passphrase', local.ledger.state.passphrase],
  ...['--asset', TFT.code, '--issuer', TFT.issuer, '--payer', world.payer.publicKey()],
]

/** Both periods in a data folder. */
export async function importPaidPeriods(dataDir: string, folder: string): Promise<void> {
  const files = ['retry_source', 'retry_target'].map(name => {
    const text = gunzipSync(readFileSync(join(casesDir, name, 'archive.ndjson.gz'))).toString()
    const target = join(folder, `${name}.ndjson`)
    writeFileSync(
      target,
      text.replaceAll('GFARM1ADDRESS', payees[0]!).replaceAll('GFARM2NEWADDRESS', payees[1]!).replaceAll('GFARM3ADDRESS', payees[2]!),
    )
    return target
  })
  await importFiles({ dataDir, files, actor: 'test' }, {})
}
