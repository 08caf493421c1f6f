import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKeys } from '../../src-main/core/keys-command.ts'
import { syncNetwork } from '../../src-main/core/sync-command.ts'
import { startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { AuditedReceipt, ReceiptAudit } from '../../src-shared/receipt-audit.ts'
import { periodAt } from '../../src-shared/time.ts'
import { granary } from '../helpers/granary.ts'
import { importPaidPeriods, payees, startPaidWorld, stellarOptions } from '../helpers/paid-period.ts'

/* `granary audit`, its report, evidence bundles, and what another Granary says of both. */

let folder: string
let dataDir: string
let minted: string
let empty: string
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-audit-desk-'))
  dataDir = at('data')
  minted = at('minted')
  empty = at('nobody')
  await importPaidPeriods(dataDir, folder)
  expect((await granary('mint', '--period', '79', '--out', minted, '--data', dataDir)).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Ran = ReceiptAudit & { files: string[]; signed: boolean }

async function audit(...args: string[]): Promise<{ code: number; found: Ran; out: string }> {
  const { code, out, err } = await granary('audit', ...args, '--json', '--data', dataDir)
  expect(err).toBe('')
  return { code, found: JSON.parse(out) as Ran, out }
}

const stateOf = (receipt: AuditedReceipt, name: string) => receipt.checks.find(check => check.name === name)!

describe('an audit', () => {
  test('says of each receipt what is right, and what was not checked and why; never fine for what is not known', async () => {
    const { code, found } = await audit(join(minted, 'receipts.ndjson'))
    expect([code, found.sums.verdicts]).toEqual([0, { right: 0, unknown: 4, fails: 0 }])
    for (const receipt of found.receipts) {
      expect(['bytes', 'hash', 'alone', 'recomputed'].map(name => stateOf(receipt, name).state)).toEqual(Array(4).fill('right'))
      expect(stateOf(receipt, 'events')).toMatchObject({ state: 'not-checked', why: expect.stringContaining('no chain node was asked') })
      expect(stateOf(receipt, 'paid')).toMatchObject({ state: 'not-checked', why: expect.stringContaining('Stellar was not asked') })
    }
    expect(found.records.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'audit right',
      'vote not-checked',
      'payment not-checked',
      'event right',
    ])
    expect((await granary('audit', join(minted, 'receipts.ndjson'), '--against', 'chain', '--data', dataDir)).code).toBe(1)
    const text = await granary('audit', '--period', '79', '--data', dataDir)
    expect([text.code, text.out]).toEqual([
      0,
      expect.stringContaining('Nothing is wrong in what was checked. Of 4 receipts not everything could be checked.'),
    ])
    expect(text.out).toMatch(/Stored results: 4 looked at, none is wrong/)
    const unknown = await granary('audit', '--period', '12', '--data', dataDir)
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('Period 12 is not in the store')])
    expect((await granary('audit', '--data', dataDir)).code).toBe(2)
  })

  test('names the figure that is wrong, what it should be and why; one broken line ends nothing', async () => {
    const lines = readFileSync(join(minted, 'receipts.ndjson'), 'utf8').trim().split('\n')
    lines[1] = lines[1]!.replace('"measured_uptime":', '"measured_uptime":1')
    lines[2] = lines[2]!.slice(0, 200)
    writeFileSync(at('receipts.ndjson'), `${lines.join('\n')}\n`)
    const { code, found } = await audit(at('receipts.ndjson'))
    expect([code, found.sums.verdicts.fails]).toEqual([1, 2])
    const changed = found.receipts.find(({ nodeId }) => nodeId === 2)!
    expect(changed.differences.map(({ member }) => member)).toEqual(['measured_uptime', 'hash'])
    expect(stateOf(changed, 'hash').state).toBe('fails')
    expect(changed.reasons.join(' ')).toContain('it was changed after it was hashed')
    expect(found.receipts.find(({ kind }) => kind === 'unreadable')!.where).toBe('receipts.ndjson, line 3')
  })

  test('asks Stellar whether each was paid, once', async () => {
    const lab = await startPaidWorld()
    try {
      const [first] = readFileSync(join(minted, 'receipts.ndjson'), 'utf8').split('\n')
      const { hash, receipt } = JSON.parse(first!)
      const pay = () => lab.pay({ payee: payees[0]!, amountUnits: BigInt(receipt.reward.tft), memoHash: hash })
      const tx = pay()
      const ask = [join(minted, 'receipts.ndjson'), '--against', 'stellar', ...stellarOptions(lab)]
      const once = await audit(...ask)
      const paid = once.found.receipts.find(found => found.hash === hash)!
      expect([stateOf(paid, 'paid').state, paid.txs.map(found => found.tx)]).toEqual(['right', [tx]])
      expect(once.code).toBe(1)
      pay()
      const twice = (await audit(...ask)).found.receipts.find(found => found.hash === hash)!
      expect(stateOf(twice, 'paid')).toMatchObject({ state: 'fails', why: expect.stringContaining('Paid twice') })
    } finally {
      await lab.local.stop()
    }
  })
})

test('what was synced from a chain rests on its events; a bundle of it can have the hash of each block', async () => {
  const devnet = await startDevnet({ nodes: 6, days: 0.05, nowMs: (periodAt(103).start + 5_000) * 1000, live: false })
  const synced = at('synced')
  try {
    const sync = { network: 'lab', endpoints: [devnet.url], scope: 'all' as const, periods: 1, compareShare: 0, until: null, follow: false }
    await syncNetwork({ dataDir: synced, networksFile: null, actor: 'test', estimateOnly: false, ...sync }, {})
    const { out, err } = await granary('audit', '--period', '103', '--json', '--data', synced)
    expect(err).toBe('')
    const { receipts } = JSON.parse(out) as Ran
    expect(receipts.length).toBe(6)
    for (const receipt of receipts)
      expect(stateOf(receipt, 'events')).toMatchObject({
        state: 'right',
        why: expect.stringContaining('everything comes from the one endpoint'),
      })
    const args = ['--node', '1', '--period', '103', '--hashes', at('synced.evidence')]
    const made = await granary('audit', 'bundle', ...args, '--json', '--data', synced)
    expect(made.err).toBe('')
    const { blocks, blockHashes } = JSON.parse(made.out)
    expect([blocks > 0, blockHashes]).toEqual([true, blocks])
    const { code, out: said } = await granary('verify', at('synced.evidence'), '--data', empty)
    expect([code, said]).toEqual([0, expect.stringMatching(/right +recomputed from its events/)])
  } finally {
    await devnet.close()
  }
})

describe('a report', () => {
  async function withKey(): Promise<void> {
    const keys = openKeys({ dataDir, actor: 'test', mode: 'write' })
    try {
      const { keys: known } = await keys.list()
      if (known.length === 0)
        await keys.command('keys.import', {
          name: 'office',
          kind: 'ed25519',
          secret: `0x${'17'.repeat(32)}`,
          passphrase: 'a passphrase of the test',
        } as never)
    } finally {
      keys.close()
    }
  }

  test('is verified elsewhere without a store; signed it says by whom; every change is named; the page to print has no script', async () => {
    await withKey()
    const passphrase = at('passphrase')
    writeFileSync(passphrase, 'a passphrase of the test\n')
    const { openSync, closeSync } = await import('node:fs')
    const fd = openSync(passphrase, 'r')
    const made = await granary(
      'audit',
      minted,
      '--period',
      '79',
      '--sign',
      'office',
      '--passphrase-fd',
      String(fd),
      '--out',
      at('report.json'),
      '--data',
      dataDir,
    )
    closeSync(fd)
    expect([made.err, made.code]).toEqual(['', 0])
    expect(made.out).toContain('Written: report.json, report.html, signed.')
    const text = readFileSync(at('report.json'), 'utf8')
    expect(() => JSON.parse(text)).not.toThrow()
    const html = readFileSync(at('report.html'), 'utf8')
    expect(html).toContain('Signed with the ed25519 key')
    expect(html).not.toMatch(/<script|https?:/)
    const right = await granary('verify', at('report.json'), '--data', empty)
    expect([right.code, right.err, right.out]).toEqual([0, '', expect.stringContaining('Signed with the ed25519 key')])
    expect(existsSync(empty)).toBe(false)

    writeFileSync(at('forged.json'), text.replace(/"units":"2794250000"/, '"units":"2794250001"'))
    const forged = await granary('verify', at('forged.json'), '--data', empty)
    expect([forged.code, forged.out]).toEqual([
      1,
      expect.stringMatching(/WRONG {2}line \d+, receipt node \d period 79, [0-9a-f]{64}: It is not as it was sealed/),
    ])
  })

  test('that nobody signed says so', async () => {
    expect((await granary('audit', join(minted, 'receipts.ndjson'), '--out', at('plain.json'), '--data', dataDir)).out).toContain(
      'not signed.',
    )
    const { code, out } = await granary('verify', at('plain.json'), '--data', empty)
    expect([code, out]).toEqual([0, expect.stringContaining('Not signed: it is whole as it was made')])
  })
})

describe('an evidence bundle', () => {
  test('is computed anew on a machine without a store; a changed event is named; elsewhere events that differ are, too', async () => {
    const made = await granary('audit', 'bundle', '--node', '1', '--period', '79', at('one.evidence'), '--json', '--data', dataDir)
    expect([made.err, made.code]).toEqual(['', 0])
    const { bytes, receipt } = JSON.parse(made.out)
    expect(bytes).toBeLessThan(100_000)
    const right = await granary('verify', at('one.evidence'), '--data', empty)
    expect([right.err, right.code]).toEqual(['', 0])
    expect(right.out).toContain(`node 1, period 79, receipt ${receipt}`)
    expect(right.out).toMatch(/right +recomputed from its events: 279\.4250000 TFT, to the byte/)
    expect(right.out).toMatch(/not checked +against your own store: Period 79 is not in your store/)
    expect((await granary('verify', at('one.evidence'), '--data', dataDir)).out).toMatch(/right +against your own store: Every event/)

    const lines = gunzipSync(readFileSync(at('one.evidence')))
      .toString()
      .trimEnd()
      .split('\n')
    const block = lines.findIndex(line => line.includes('NodeUptimeReported'))
    const n = JSON.parse(lines[block]!).n
    const changed = lines.with(
      block,
      lines[block]!.replace(/"uptime":(\d)/, (_all, digit) => `"uptime":${(Number(digit) + 1) % 10 || 1}`),
    )
    writeFileSync(at('changed.evidence'), gzipSync(`${changed.join('\n')}\n`))
    const wrong = await granary('verify', at('changed.evidence'), '--data', empty)
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringContaining(`line ${block + 1}, block ${n} (NodeUptimeReported): It is not as it was sealed.`),
    ])
  })

  test('is refused where it is too large, damaged, or something else', async () => {
    const said = async (bytes: Buffer) => {
      writeFileSync(at('bad.evidence'), bytes)
      const { code, err } = await granary('verify', at('bad.evidence'), '--data', empty)
      expect(code).toBe(1)
      return err
    }
    expect(await said(gzipSync(Buffer.alloc(65 * 2 ** 20)))).toContain('unpacks to more than any evidence bundle')
    expect(await said(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(9 * 2 ** 20)]))).toContain('larger than any evidence bundle')
    expect(await said(readFileSync(at('one.evidence')).subarray(0, 400))).toContain('it is damaged')
    expect(await said(gzipSync('{"kind":"header"}\n'))).toContain('it is no evidence bundle')
    expect((await granary('audit', 'bundle', '--node', '999', '--period', '79', at('no.evidence'), '--data', dataDir)).err).toContain(
      'has no node 999',
    )
  })
})
