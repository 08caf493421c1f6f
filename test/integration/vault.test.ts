import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { parseTransfersCsv } from '../../src-main/engines/bridge-vault/transfers-csv.ts'
import { run } from '../../src-main/hosts/cli/main.ts'
import { openStore } from '../../src-main/store/index.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import type { CommandInput, CommandName, CommandOutput, Core, Topic } from '../../src-shared/contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import { defaultMintConfig, type VaultMode, type VaultTransfer } from '../../src-shared/node-period.ts'
import { base64OfHex } from '../../src-shared/vault-fields.ts'
import { type DecidedMint, decidedMints } from '../helpers/vault-store.ts'

/** a folder that every test gets a copy of */
let origin: string
let network: string
let decided: DecidedMint[]
let folder: string
let core: Core | null = null

beforeAll(async () => {
  origin = mkdtempSync(join(tmpdir(), 'granary-vault-origin-'))
  ;({ network, decided } = await decidedMints(join(origin, 'data'), 3))
})
afterAll(() => rmSync(origin, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-vault-'))
  cpSync(join(origin, 'data'), join(folder, 'data'), { recursive: true })
})
afterEach(async () => {
  await core?.close()
  core = null
  rmSync(folder, { recursive: true, force: true })
})

async function open(mode: 'read' | 'write' = 'write'): Promise<Core> {
  const dataDir = join(folder, 'data')
  core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode })
  return core
}

let key = 0
function command<N extends CommandName>(on: Core, name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
  return on.command(name, input, { actor: { id: 'test:me' }, idempotencyKey: `vault-key-${key++}` })
}

const txOf = (n: number) => n.toString(16).padStart(64, '0')
const transferFor = ({ mint, amountUnits, ts }: DecidedMint, changes: Partial<VaultTransfer> = {}): VaultTransfer => ({
  tx: txOf(ts),
  ts: ts + 10,
  amountUnits,
  memo: mint.hash,
  note: '',
  ...changes,
})
const add = (on: Core, { amountUnits, ...rest }: VaultTransfer, to = network) =>
  command(on, 'vault.addTransfer', { network: to, transfer: { ...rest, amountUnits: String(amountUnits) } })
const sumOf = (mints: DecidedMint[]) => mints.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)

function setMode(mode: VaultMode, rules: 'v3' | 'node-period' = 'node-period'): void {
  const store = openStore(join(folder, 'data'), { mode: 'write' })
  saveMintConfig(store, network, { ...defaultMintConfig, rules, trigger: 'claim', vault: { mode, address: '' } })
  store.close()
}

describe('pages', () => {
  test('what was decided is minted, at its time and in its amount; each mint knows its farm, whether it is paid, and what it lacks', async () => {
    const on = await open()
    expect(await on.query('vault.get', {})).toMatchObject({
      network,
      rules: 'node-period',
      mode: 'per-mint',
      mintedUnits: sumOf(decided),
      vaultedUnits: 0n,
      differenceUnits: sumOf(decided),
      verdict: { state: 'short', covered: false, title: expect.stringContaining('are not backed') },
      missing: 3,
      mints: 3,
      transfers: 0,
      paid: { count: 1, units: decided[0]!.amountUnits },
      decided: { count: 2, units: sumOf(decided.slice(1)) },
    })
    const { rows, total } = await on.query('vault.mints', { missing: true })
    expect(total).toBe(3)
    for (const [i, { mint, amountUnits, ts }] of decided.entries())
      expect(rows[i]).toEqual({
        id: mint.hash,
        nodeId: mint.nodeId,
        start: mint.startTs,
        farmId: mint.farmId,
        farmName: mint.farmName,
        amountUnits,
        ts,
        paid: i === 0,
        state: 'missing',
        word: 'No transfer',
        why: 'No transfer has its id as the memo.',
        lackingUnits: amountUnits,
        txs: [],
      })
  })

  test('transfers that are entered back their mints, once each; pages hear of it, and the trail says who did it', async () => {
    const on = await open()
    const topics = new Set<Topic>()
    on.subscribe(changed => {
      for (const topic of changed) topics.add(topic)
    })
    expect(await add(on, transferFor(decided[0]!))).toEqual({ added: 1 })
    expect(await add(on, transferFor(decided[0]!, { note: 'again' }))).toEqual({ added: 0 })
    await add(on, transferFor(decided[1]!, { amountUnits: decided[1]!.amountUnits - 1n }))
    expect(await on.query('vault.get', {})).toMatchObject({
      vaultedUnits: sumOf(decided.slice(0, 2)) - 1n,
      differenceUnits: decided[2]!.amountUnits + 1n,
      missing: 2,
      transfers: 2,
      uses: [
        { state: 'matches', count: 1, units: decided[0]!.amountUnits },
        { state: 'differs', count: 1 },
      ],
    })
    expect((await on.query('vault.mints', { sort: 'lacking' })).rows.map(({ state, lackingUnits }) => [state, lackingUnits])).toEqual([
      ['covered', 0n],
      ['differs', 1n],
      ['missing', decided[2]!.amountUnits],
    ])
    // the rest of it, sent apart, puts it right; the last mint then too
    await add(on, transferFor(decided[1]!, { tx: txOf(1), amountUnits: 1n }))
    await add(on, transferFor(decided[2]!))
    expect(await on.query('vault.get', {})).toMatchObject({ differenceUnits: 0n, missing: 0, verdict: { state: 'covered', covered: true } })
    await new Promise(resolve => setTimeout(resolve, 150))
    expect([...topics]).toEqual(expect.arrayContaining(['vault', 'audit']))
    const { rows } = await on.query('audit.list', {})
    expect(rows[0]).toMatchObject({ actor: 'test:me', action: 'vault.addTransfer', subject: `bridge vault of ${network}` })
    expect(rows[0]!.details).toContain(txOf(decided[2]!.ts))
  })

  test('a transfer that names no mint fills the vault, but no mint is backed by it; removed, it is gone', async () => {
    const on = await open()
    await add(on, transferFor(decided[0]!, { memo: null, amountUnits: sumOf(decided) + 5n }))
    expect(await on.query('vault.get', {})).toMatchObject({
      differenceUnits: -5n,
      missing: 3,
      verdict: { state: 'misplaced', covered: false, wayOut: expect.stringContaining('1 transfer names no mint') },
    })
    expect(await command(on, 'vault.removeTransfer', { network, tx: txOf(1000) })).toEqual({})
    expect(await on.query('vault.transfers', {})).toEqual({ rows: [], total: 0 })
    await expect(command(on, 'vault.removeTransfer', { network, tx: txOf(1000) })).rejects.toMatchObject({ code: 'not-found' })
  })

  test('periodic: the next transfer is for all that wait; manual: only the sum counts', async () => {
    setMode('periodic')
    let on = await open()
    const first = transferFor(decided[1]!, { amountUnits: sumOf(decided.slice(0, 2)), memo: null })
    await add(on, first)
    expect(await on.query('vault.get', {})).toMatchObject({
      differenceUnits: decided[2]!.amountUnits,
      missing: 1,
      verdict: { state: 'waiting', covered: false, wayOut: expect.stringContaining('1 mint') },
    })
    expect((await on.query('vault.transfers', {})).rows).toMatchObject([
      { ...first, state: 'matches', mints: 2, firstMintId: decided[0]!.mint.hash, excessUnits: 0n },
    ])
    await on.close()
    setMode('manual')
    on = await open()
    expect(await on.query('vault.get', {})).toMatchObject({ missing: 1, verdict: { state: 'short' } })
    await add(on, transferFor(decided[2]!, { memo: null, amountUnits: decided[2]!.amountUnits + 7n }))
    expect(await on.query('vault.get', {})).toMatchObject({ differenceUnits: -7n, verdict: { state: 'covered', covered: true } })
  })

  test('under v3 the vault says so; what was decided before stays minted, and transfers stay', async () => {
    setMode('per-mint', 'v3')
    const on = await open()
    await add(on, transferFor(decided[0]!))
    expect(await on.query('vault.get', {})).toMatchObject({ rules: 'v3', mints: 3, transfers: 1, missing: 2 })
  })

  test('no figure that can’t be comes in, and nothing of a list with one', async () => {
    const on = await open()
    const later = Math.floor(Date.now() / 1000) + 3600
    for (const changes of [{ amountUnits: 0n }, { amountUnits: -1n }, { amountUnits: 2n ** 63n }, { ts: later }, { ts: 2 ** 50 }])
      await expect(add(on, transferFor(decided[0]!, changes))).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(/Nothing was added\. Enter /),
      })
    for (const changes of [{ tx: 'AB' }, { memo: 'ab' }, { note: 'x'.repeat(201) }])
      await expect(add(on, transferFor(decided[0]!, changes))).rejects.toThrow()
    await expect(add(on, transferFor(decided[0]!), 'other')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`"${network}" is shown`),
    })
    const header = 'tx,time,amount,memo,note'
    const good = `${txOf(7)},5,1.5,,`
    const bring = (...lines: string[]) => command(on, 'vault.importTransfers', { network, text: [header, ...lines].join('\n') })
    for (const [line, column] of [
      [`${txOf(8)},${later},1,,`, 'time'],
      [`${txOf(8)},5,0,,`, 'amount'],
      [`${txOf(7)},5,1.6,,`, 'tx'],
      [`${txOf(8)},5,1,nonsense,`, 'memo'],
    ] as const)
      await expect(bring(good, line)).rejects.toMatchObject({ code: 'usage', details: { line: 3, column } })
    await expect(bring()).rejects.toMatchObject({ code: 'usage' })
    expect(await on.query('vault.get', {})).toMatchObject({ transfers: 0 })
    expect(await bring(good, good, `${txOf(9)},6,2,${base64OfHex(decided[0]!.mint.hash)},'=note`)).toEqual({ added: 2, unchanged: 0 })
    // one of them with other figures: nothing of the file
    await expect(bring(`${txOf(10)},5,1,,`, `${txOf(7)},5,1.5000001,,`)).rejects.toMatchObject({
      code: 'store.conflict',
      message: expect.stringContaining('1.5000000 TFT, not 1.5000001 TFT'),
    })
    expect(await bring(good, `${txOf(10)},5,1,,`)).toEqual({ added: 1, unchanged: 1 })
    expect((await on.query('vault.transfers', { search: '=NOTE' })).rows).toMatchObject([{ memo: decided[0]!.mint.hash, note: '=note' }])
  })

  test('a claim is minted at once, a payment that failed takes it back, and the mode counts as soon as it is set', async () => {
    const on = await open()
    const before = await on.query('vault.get', {})
    const { rows } = await on.query('mints.list', { stage: 'claimable' })
    const { nodeId, start, id: mintId, rewardUnits } = rows.find(row => row.rewardUnits > 0n)!
    await command(on, 'mints.act', { nodeId, start, mintId, action: { kind: 'claim' } })
    expect(await on.query('vault.get', {})).toMatchObject({ mints: before.mints + 1, mintedUnits: before.mintedUnits + rewardUnits })
    expect((await on.query('vault.mints', { search: mintId })).rows).toMatchObject([{ nodeId, amountUnits: rewardUnits, paid: false }])
    await command(on, 'mints.act', { nodeId, start, mintId, action: { kind: 'failed', reason: 'refused', attempt: 1 } })
    expect(await on.query('vault.get', {})).toMatchObject({ mints: before.mints, mintedUnits: before.mintedUnits })
    const { config } = await on.query('mintConfig.get', {})
    await command(on, 'mintConfig.set', { config: { ...config, vault: { ...config.vault, mode: 'manual' } } })
    expect(await on.query('vault.get', {})).toMatchObject({ mode: 'manual' })
  })

  test('lists sort, page and find; the CSV of transfers can be read again', async () => {
    const on = await open()
    for (const one of decided) await add(on, transferFor(one))
    const ids = async (input: object) => (await on.query('vault.mints', input)).rows.map(({ id }) => id)
    const all = decided.map(({ mint }) => mint.hash)
    expect(await ids({ descending: true })).toEqual(all.toReversed())
    expect(await ids({ offset: 1, limit: 1 })).toEqual([all[1]])
    expect(await ids({ search: all[2]!.slice(0, 9).toUpperCase() })).toEqual([all[2]])
    expect(await ids({ search: String(decided[1]!.mint.nodeId) })).toEqual([all[1]])
    const bySum = [...decided].sort((a, b) => (a.amountUnits < b.amountUnits ? -1 : a.amountUnits > b.amountUnits ? 1 : a.ts - b.ts))
    expect(await ids({ sort: 'amount' })).toEqual(bySum.map(({ mint }) => mint.hash))
    expect((await on.query('vault.transfers', { search: all[0]!.slice(0, 20) })).rows.map(({ tx }) => tx)).toEqual([txOf(1000)])
    const csv = await on.query('vault.csv', {})
    expect(parseTransfersCsv(csv.text)).toEqual(decided.map(one => transferFor(one)))
    expect(csv.fileName).toBe(`bridge-vault-transfers-${network}.csv`)
  })

  test('an empty data folder has no vault yet', async () => {
    rmSync(join(folder, 'data'), { recursive: true })
    const on = await open()
    expect(await on.query('vault.get', {})).toMatchObject({ network: null, mints: 0, verdict: { state: 'none', covered: true } })
    await expect(add(on, transferFor(decided[0]!))).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('command line', () => {
  async function granary(...args: string[]) {
    const collected = { stdout: '', stderr: '' }
    const into = (name: keyof typeof collected) =>
      new Writable({
        write(chunk, _encoding, done) {
          collected[name] += String(chunk)
          done()
        },
      }) as unknown as NodeJS.WriteStream
    const code = await run(args, { stdout: into('stdout'), stderr: into('stderr') })
    return { code, ...collected }
  }
  const data = () => ['--data', join(folder, 'data')]

  test('balance and verdict; only --check makes the exit code tell it', async () => {
    const { code, stdout, stderr } = await granary('vault', ...data())
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`Bridge vault of ${network}`)
    expect(stdout).toMatch(/minted +[\d,]+\.\d{7} TFT, 3 mints, 1 of them paid/)
    expect(stdout).toContain('are not backed')
    expect((await granary('vault', '--check', ...data())).code).toBe(1)
    for (const one of decided)
      expect(
        await granary(
          'vault',
          ...data(),
          'add',
          '--tx',
          txOf(one.ts),
          '--amount',
          tftExact(one.amountUnits),
          '--memo',
          one.mint.hash,
          '--time',
          '1970-01-02T00:00:00Z',
        ),
      ).toMatchObject({ code: 0, stdout: expect.stringContaining(`to the vault of ${network}, entered.`) })
    const checked = await granary('vault', '--check', '--json', ...data())
    expect(checked).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(checked.stdout)).toMatchObject({ network, differenceUnits: '0', verdict: { covered: true } })
  })

  test('lists, imports and removes', async () => {
    const file = join(folder, 'transfers.csv')
    writeFileSync(file, `tx,time,amount,memo,note\n${txOf(1)},5,1279.425,,first\n`)
    expect(await granary('vault', 'import', file, ...data())).toMatchObject({
      code: 0,
      stdout: `1 transfer to the vault of ${network} entered, 0 were there already.\n`,
    })
    const transfers = await granary('vault', 'list', '--transfers', ...data())
    expect(transfers.stdout).toMatch(/^time .*\n1970-01-01 00:00:05 UTC {2}1279\.4250000 {2}Names no mint {2}0{63}1 .* first\n$/)
    const mints = JSON.parse((await granary('vault', 'list', '--missing', '--json', ...data())).stdout)
    expect(mints.mints.map(({ id }: { id: string }) => id)).toEqual(decided.map(({ mint }) => mint.hash))
    expect((await granary('vault', 'list', ...data())).stdout.trimEnd().split('\n')).toHaveLength(4)
    expect(await granary('vault', 'remove', txOf(1), ...data())).toMatchObject({ code: 0, stdout: expect.stringContaining('Taken out') })
    expect(await granary('vault', 'remove', txOf(1), ...data())).toMatchObject({ code: 1, stderr: expect.stringContaining('no transfer') })
    expect((await granary('vault', 'list', '--transfers', ...data())).stdout).toBe('No transfers.\n')
    const audit = await (await open('read')).query('audit.list', {})
    expect(audit).toMatchObject({ intact: true })
    expect(audit.rows.slice(0, 2).map(({ action }) => action)).toEqual(['vault.removeTransfer', 'vault.importTransfers'])
    expect(audit.rows[1]!.subject).toBe(`bridge vault of ${network}, 1 of 1279.4250000 TFT`)
  })

  test('what is wrong is said with the option or the line, and changes nothing', async () => {
    const good = ['--tx', txOf(1), '--amount', '1']
    for (const [args, code, said] of [
      [['add', '--amount', '1'], 2, '--tx'],
      [['add', '--tx', 'xyz', '--amount', '1'], 2, '--tx: "xyz" is no transaction'],
      [['add', '--tx', txOf(1), '--amount', '0'], 2, '--amount: "0" can\'t be'],
      [['add', '--tx', txOf(1), '--amount', '1,000'], 2, '--amount'],
      [['add', ...good, '--memo', 'june'], 2, '--memo'],
      [['add', ...good, '--time', 'yesterday'], 2, '--time'],
      [['add', ...good, '--time', '2999-01-01T00:00:00Z'], 2, 'still to come'],
      [['add', ...good, '--network', 'mian'], 1, `"${network}", not "mian"`],
      [['list', '--missing', '--transfers'], 2, 'cannot be used with'],
      [['import', join(folder, 'nowhere.csv')], 1, 'no such file'],
      [['import', folder], 1, 'folder'],
      [['remove', 'xyz'], 2, 'TX: '],
    ] as [string[], number, string][]) {
      const result = await granary('vault', ...args, ...data())
      expect([args, result.code, result.stdout]).toEqual([args, code, ''])
      expect(result.stderr).toContain(said)
      expect(result.stderr).not.toMatch(/\n\s+at /)
    }
    const file = join(folder, 'bad.csv')
    writeFileSync(file, `tx,time,amount,memo,note\n${txOf(1)},5,1,,\n${txOf(2)},5,-1,,\n`)
    const refused = await granary('vault', 'import', file, ...data())
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Line 3, column amount') })
    expect((await granary('vault', 'list', '--transfers', ...data())).stdout).toBe('No transfers.\n')
    expect(await granary('vault', '--data', join(folder, 'empty'), 'add', ...good)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--network NAME'),
    })
  })
})
