import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransactionBuilder } from '@stellar/stellar-sdk/base'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { granary, withFd } from '../helpers/granary.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { paidOnLedger } from '../helpers/pay.ts'
import { openFarms, type PayWorld, payPassphrase, startPayWorld } from '../helpers/pay-core.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* `granary pay`: two signers with a data folder each, and what they send each other. */

const period = '102'
let template: string
let folder: string
let lab: PayWorld

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'granary-pay-cli-'))
  await importMintGrid(join(template, 'data'))
})
afterAll(() => rmSync(template, { recursive: true, force: true }))
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-pay-cli-'))
  for (const name of ['anns', 'bobs']) cpSync(join(template, 'data'), join(folder, name), { recursive: true })
  lab = await startPayWorld()
  const core = await openCore({
    ...weakly,
    dataDir: join(folder, 'anns'),
    host: 'cli',
    version: '1',
    demoDir: null,
    networksFile: null,
    mode: 'read',
  })
  const [shy] = (await core.query('receipts.list', { period: 102, sort: 'reward', descending: true })).rows
  await openFarms(lab, core, 102, [shy!.payoutAddress])
  await core.close()
})
afterEach(async () => {
  await lab.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

const pay = (data: string, ...args: string[]) => granary('pay', ...args, '--data', join(folder, data))

async function good(data: string, ...args: string[]): Promise<string> {
  const { code, out, err } = await pay(data, ...args)
  expect(err).toBe('')
  expect(code).toBe(0)
  return out
}

async function configure(data: string): Promise<void> {
  const { horizon, passphrase, assetCode, issuer, payer, channels } = lab.config
  const members = ['--horizon', horizon, '--network-passphrase', passphrase, '--asset', assetCode, '--issuer', issuer, '--payer', payer]
  await good(data, 'config', ...members, '--channel', ...channels)
}

async function importKey(data: string, which: number, name: string): Promise<void> {
  const done = await withFd(lab.world.signers[which]!.secret(), secretFd =>
    withFd(payPassphrase, fd =>
      granary(
        'keys',
        'import',
        '--name',
        name,
        '--kind',
        'stellar',
        '--secret-fd',
        secretFd,
        '--passphrase-fd',
        fd,
        '--data',
        join(folder, data),
      ),
    ),
  )
  expect(done).toMatchObject({ code: 0 })
}

const sign = (data: string, run: string) => withFd(payPassphrase, fd => good(data, 'sign', run, '--passphrase-fd', fd))

test('a period is configured, planned, signed on two machines by files, sent and reconciled; who is left out is told why', async () => {
  const refused = await pay('anns', 'plan', '--period', period)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('is not entered yet')
  for (const data of ['anns', 'bobs']) await configure(data)
  const config = await good('anns', 'config', '--accounts')
  expect(config).toContain('On Stellar as of')
  const wrong = await pay('anns', 'config', '--payer', 'GNOBODY')
  expect(wrong).toMatchObject({ code: 2 })
  expect(wrong.err).toContain('Paying account')
  await importKey('anns', 0, 'Ann')
  await importKey('bobs', 1, 'Bob')

  const planned = await good('anns', 'plan', '--period', period, '--no-retries')
  expect(planned).toMatch(/; \d left out\./)
  expect(planned).toContain('Create it by sending it at least 1.5 XLM')
  const { runs } = JSON.parse(await good('anns', 'runs', '--json')) as { runs: { runId: string; rows: number; totalUnits: string }[] }
  const { runId, rows } = runs[0]!
  expect(await good('anns', 'show', runId.slice(0, 12))).toContain('Next: Review it and sign it with "Ann".')
  expect(await sign('anns', runId)).toContain(`${rows} signatures made.`)
  const early = await pay('anns', 'submit', runId)
  expect(early.code).toBe(1)

  await good('anns', 'export', runId, '--out', join(folder, 'to-bob'))
  const files = readdirSync(join(folder, 'to-bob')).map(name => join(folder, 'to-bob', name))
  const lines = readFileSync(files.find(name => name.endsWith('.txt'))!, 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines).toHaveLength(rows)
  // plain XDR that other tools read, with Ann's signature on it
  for (const line of lines) expect(TransactionBuilder.fromXdr(line, lab.config.passphrase).signatures).toHaveLength(1)
  expect(await good('bobs', 'import', ...files)).toContain('taken in')
  await sign('bobs', runId)
  await good('bobs', 'export', runId, '--out', join(folder, 'to-ann'))
  const back = readdirSync(join(folder, 'to-ann')).map(name => join(folder, 'to-ann', name))
  expect(await good('anns', 'import', ...back)).toContain(`${rows} new signatures`)
  expect(await good('anns', 'rows', runId, '--state', 'signed', '--json').then(text => JSON.parse(text).total)).toBe(rows)

  await good('anns', 'pause', runId)
  expect(await good('anns', 'resume', runId)).toContain(`${rows} paid.`)
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBe(rows)
  expect(await good('bobs', 'reconcile', runId)).toContain(`All ${rows} rows are paid.`)
  expect(await good('bobs', 'unknown')).toMatch(/^No payments of the payer that no run here has\. As of/)
  await good('bobs', 'rows', runId, '--csv', join(folder, 'rows.csv'))
  expect(readFileSync(join(folder, 'rows.csv'), 'utf8').split('\r\n')).toHaveLength(rows + 2)
  // sent again it is refused, and nothing moves
  expect(await pay('anns', 'submit', runId)).toMatchObject({ code: 1 })
  for (const payments of paidOnLedger(lab.local, lab.config.payer).values()) expect(payments).toHaveLength(1)
}, 60_000)

test('an unsigned run is withdrawn; a signature that the review warns of, one that is not there, and a plan of nothing are refused in words', async () => {
  await configure('anns')
  await importKey('anns', 0, 'Ann')
  await good('anns', 'plan', '--period', period)
  const { runs } = JSON.parse(await good('anns', 'runs', '--json')) as { runs: { runId: string }[] }
  await good('anns', 'config', '--payer', lab.config.channels[0]!)
  // refused before a passphrase is asked for
  expect(await pay('anns', 'sign', runs[0]!.runId, '--confirm', 'already-paid')).toMatchObject({
    code: 1,
    out: expect.stringContaining('Stop: '),
    err: expect.stringContaining('confirm it by name: other-payer'),
  })
  expect(await good('anns', 'withdraw', runs[0]!.runId)).toContain('Plan period 102 again.')
  expect(await pay('anns', 'show', 'abcd')).toMatchObject({ code: 1 })
  expect((await pay('anns', 'plan')).err).toContain('--period K')
  expect((await pay('anns', 'plan', '--mints')).err).toContain('there are no decided mints')
})
