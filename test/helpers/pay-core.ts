import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCore } from '../../src-main/core/index.ts'
import { isAccountId } from '../../src-main/engines/minting/strkey.ts'
import { planRun } from '../../src-main/engines/payout-plan/plan.ts'
import { addRun, buildEnvelopes } from '../../src-main/jobs/pay/exchange.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore } from '../../src-main/store/open.ts'
import type { CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import type { RunDetail } from '../../src-shared/pay-contract.ts'
import { type LocalHorizon, makeKey, makeWorld, startHorizon, TFT, type World } from './horizon/index.ts'
import { importMintGrid } from './mint-grid.ts'
import { payablesOf } from './pay.ts'
import { weakly } from './weak-stretching.ts'

/* Payouts through the whole core, against the local Horizon: a world whose farmers are those of a made-up grid. */

export const payPassphrase = 'a passphrase of the test'

export interface PayWorld {
  local: LocalHorizon
  world: World
  /** the network's configuration, as an operator enters it */
  config: CommandInput<'pay.setConfig'>['config']
}

/** A Horizon whose clock is about now, so that what is planned there is good here; `startTs`: it has history from then on. */
export async function startPayWorld(startTs = Math.floor(Date.now() / 1000)): Promise<PayWorld> {
  const local = await startHorizon({ seed: 5, closing: 'submit', startTs })
  const world = makeWorld(local.ledger, { channels: 3, payerUnits: 10_000_000_0000000n })
  const config = {
    horizon: local.url,
    passphrase: local.ledger.state.passphrase,
    assetCode: TFT.code,
    issuer: TFT.issuer,
    payer: world.payer.publicKey(),
    channels: world.channels.map(key => key.publicKey()),
    feeStroops: 1000,
    signSec: 3600,
  }
  return { local, world, config }
}

/** Opens accounts with trustlines for the farms of a period; `but`: addresses that get none. Gives the addresses that can be paid. */
export async function openFarms({ local, world }: PayWorld, core: Core, period: number, but: readonly string[] = []): Promise<Set<string>> {
  const { rows } = await core.query('receipts.list', { period, limit: 1000 })
  const good = new Set(rows.map(({ payoutAddress }) => payoutAddress).filter(address => isAccountId(address) && !but.includes(address)))
  for (const address of good) local.ledger.setAccount(address, { trustlines: { [world.key]: world.line() } })
  return good
}

/** Machines of a network whose small grid each of them has: cores on folders of their own, copied from one that is imported once. */
export function gridMachines(name: string) {
  const folder = mkdtempSync(join(tmpdir(), `granary-${name}-`))
  const template = join(folder, 'template')
  let cores: Core[] = []
  let copies = 0
  return {
    /** before all others */
    prepare: () => importMintGrid(template),
    copy(): string {
      const dataDir = join(folder, `data-${copies++}`)
      cpSync(template, dataDir, { recursive: true })
      return dataDir
    },
    async open(dataDir: string, ledgerMs: number): Promise<Core> {
      const core = await openCore({
        ...weakly,
        dataDir,
        host: 'cli',
        version: '1',
        demoDir: null,
        networksFile: null,
        mode: 'write',
        ledgerMs,
      })
      cores.push(core)
      return core
    },
    /** Another machine's files of a run, written down for this one. */
    async carry(from: Core, to: Core, runId: string): Promise<string> {
      const { manifest, envelopes } = await from.query('pay.export', { runId })
      const files = [envelopes, manifest].map(({ fileName, text }) => {
        const path = join(folder, `${copies++}-${fileName}`)
        writeFileSync(path, text)
        return { path }
      })
      return ended(to, await run(to, 'pay.importSignatures', { network: 'lab', files }))
    },
    async close(): Promise<void> {
      for (const core of cores) await core.close()
      cores = []
    },
    clear: () => rmSync(folder, { recursive: true, force: true }),
  }
}

let count = 0

export function run<N extends CommandName>(core: Core, name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
  return core.command(name, input, { actor: { id: 'test:me' }, idempotencyKey: `pay-key-${count++}` })
}

/** Waits until a job has ended; gives what came of it, or its error's code and message. */
export async function ended(core: Core, { jobId }: { jobId: string }): Promise<string> {
  for (;;) {
    const job = (await core.query('jobs.list', {})).find(({ id }) => id === jobId)
    if (job && job.state !== 'running') return job.error ? `${job.error.code}: ${job.error.message}` : job.detail
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** The key of one of the world's signers in the core's vault, open. */
export async function openKey({ world }: PayWorld, core: Core, which: number): Promise<string> {
  const name = ['Ann', 'Bob', 'Cleo'][which]!
  const secret = world.signers[which]!.secret()
  const { keyId } = await run(core, 'keys.import', { name, kind: 'stellar', secret, passphrase: payPassphrase })
  await run(core, 'keys.unlock', { keyIds: [keyId], passphrase: payPassphrase })
  return keyId
}

/** The newest run. */
export async function newest(core: Core): Promise<RunDetail> {
  const [first] = (await core.query('pay.runs', {})).runs
  return core.query('pay.get', { runId: first!.runId })
}

/** A run of so many rows in a data folder of its own, as if it had been planned there. Gives its id. */
export async function keepLargeRun({ world, config }: PayWorld, dataDir: string, rows: number): Promise<string> {
  const payables = payablesOf(world, rows, 'large')
  const { plan, runId } = planRun({
    network: 'lab',
    passphrase: config.passphrase,
    assetCode: config.assetCode,
    issuer: config.issuer,
    payer: config.payer,
    payerUnits: null,
    rules: 'v3',
    period: 102,
    maker: '',
    channels: Array.from({ length: 20 }, (_, n) => ({
      address: makeKey(`large ${n}`).publicKey(),
      sequence: 5n,
      spendableStroops: 10n ** 12n,
    })),
    feeStroops: config.feeStroops,
    ledgerTs: Math.floor(Date.now() / 1000),
    signSec: config.signSec,
    payables,
    payees: new Map(payables.map(({ address }) => [address, { ok: true, roomUnits: null }])),
    paid: new Set(),
  })
  if (!plan) throw new Error('there is something to pay')
  const envelopes = await buildEnvelopes(plan)
  const store = openStore(dataDir, { mode: 'write' })
  writeTransaction(store.books, 'books.db', () => addRun(store, plan, envelopes, true))
  store.close()
  return runId
}
