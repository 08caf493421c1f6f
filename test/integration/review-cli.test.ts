import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Account, Operation, TransactionBuilder } from '@stellar/stellar-sdk/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { granary } from '../helpers/granary.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { openFarms, type PayWorld, run, startPayWorld } from '../helpers/pay-core.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* `granary pay review`: the same words as on screen, for a run, a row and files of envelopes. */

let folder: string
let data: string
let lab: PayWorld
let runId: string

const pay = (...args: string[]) => granary('pay', ...args, '--data', data)
async function good(...args: string[]): Promise<string> {
  const { code, out, err } = await pay(...args)
  expect([err, code]).toEqual(['', 0])
  return out
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-review-cli-'))
  data = join(folder, 'data')
  await importMintGrid(data)
  lab = await startPayWorld()
  const core = await openCore({ ...weakly, dataDir: data, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  await run(core, 'pay.setConfig', { network: 'lab', config: lab.config })
  await openFarms(lab, core, 102)
  await core.close()
  await good('plan', '--period', '102', '--no-retries')
  runId = (JSON.parse(await good('runs', '--json')) as { runs: { runId: string }[] }).runs[0]!.runId
})
afterAll(async () => {
  await lab.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a run is reviewed in sum, and a row of it field by field', async () => {
  const sum = await good('review', runId.slice(0, 10))
  expect(sum).toMatch(/^You sign: pay [\d,]+\.\d{7} TFT in \d+ payments of period 102\n/)
  expect(sum).toContain(`Hash          ${runId}`)
  expect(sum).not.toContain('Stop:')
  const row = await good('review', runId, '--row', '0', '--all')
  expect(row).toMatch(/^You sign: pay [\d,]+\.\d{7} TFT to .+ \(farm \d+\), G\w{3}…\w{6}\n/)
  expect(row).toMatch(/\nStands for +the receipt of node \d+ for period 102\n/)
  expect(row).toContain('tx.tx.operations[0].body.payment.amount = ')
  const json = JSON.parse(await good('review', runId, '--row', '0', '--json')) as { decision: string; hash: string }
  expect(row).toContain(json.decision)
  expect(row).toContain(json.hash)
  const none = await pay('review', runId, '--row', '5000')
  expect(none).toMatchObject({ code: 1 })
  expect(none.err).toContain('has no such row')
})

test('a file is reviewed line by line, and one that holds something else than payouts fails', async () => {
  await good('export', runId, '--out', join(folder, 'out'))
  const file = join(folder, 'out', readdirSync(join(folder, 'out')).find(name => name.endsWith('.txt'))!)
  const all = await good('review', file)
  expect(all.match(/^You sign: pay /gm)!.length).toBeGreaterThan(3)
  expect(all).toContain(`Run         ${runId}`)
  const takeover = new TransactionBuilder(new Account(lab.config.payer, '7'), { fee: '100', networkPassphrase: lab.config.passphrase })
    .addOperation(Operation.setOptions({ masterWeight: 9 }))
    .setTimeout(0)
    .build()
  const path = join(folder, 'odd.txt')
  writeFileSync(path, `${takeover.toXdr()}\n`)
  const odd = await pay('review', path, '--offline')
  expect(odd.code).toBe(1)
  expect(odd.out).toContain('You sign something that is no payout: operation 1, set_options: master_weight 9')
  expect(odd.out).toContain('Stop: Not part of any payout')
  writeFileSync(path, 'nothing\n')
  expect(await pay('review', path)).toMatchObject({ code: 1, err: expect.stringContaining('Line 1') })
})
