import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Keypair } from '@stellar/stellar-sdk/base'
import { createHorizon, type Horizon } from '../../src-main/clients/stellar/horizon.ts'
import type { Payable } from '../../src-main/engines/payout-plan/plan.ts'
import { planReplacements } from '../../src-main/engines/payout-plan/run.ts'
import { addReplacements, addRun, buildEnvelopes, exportRun, importEnvelopes, importManifest } from '../../src-main/jobs/pay/exchange.ts'
import { type MadePlan, makePlan, type PlanOrder } from '../../src-main/jobs/pay/plan.ts'
import { loadAccounts, type PaySigner } from '../../src-main/jobs/pay/sign.ts'
import { openRun } from '../../src-main/jobs/pay/state.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import { parseEnvelope } from './horizon/check.ts'
import { type LocalHorizon, signatureBy, TFT, type World } from './horizon/index.ts'

/** Data folders of their own, copied from one that was made once: making one takes longer than a whole small run. */
export function makeFolders() {
  const root = mkdtempSync(join(tmpdir(), 'granary-pay-'))
  const template = join(root, 'template')
  openStore(template, { mode: 'write' }).close()
  let count = 0
  return {
    next(): string {
      const folder = join(root, String(count++))
      cpSync(template, folder, { recursive: true })
      return folder
    },
    /** all but the template */
    sweep() {
      for (let n = 0; n < count; n++) rmSync(join(root, String(n)), { recursive: true, force: true })
    },
    clear: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A client whose waiting closes ledgers, so that no time passes. */
export function fastHorizon(local: LocalHorizon, more: { url?: string; tries?: number } = {}): Horizon {
  return createHorizon({
    url: more.url ?? local.url,
    passphrase: local.ledger.state.passphrase,
    tries: more.tries ?? 6,
    timeoutMs: 5_000,
    submitTimeoutMs: 5_000,
    sleep: async (_ms, signal) => {
      signal?.throwIfAborted()
      local.close()
      await new Promise(resolve => setImmediate(resolve))
    },
  })
}

export function signerOf(key: Keypair): PaySigner {
  return { address: key.publicKey(), sign: bytes => Uint8Array.from(signatureBy(key, bytes)) }
}

export function payConfig(local: LocalHorizon, world: World, more: Partial<PayConfig> = {}): PayConfig {
  return {
    horizon: local.url,
    passphrase: local.ledger.state.passphrase,
    assetCode: TFT.code,
    issuer: TFT.issuer,
    payer: world.payer.publicKey(),
    channels: world.channels.map(key => key.publicKey()),
    feeStroops: 1000,
    signSec: 3600,
    ...more,
  }
}

export const receiptHash = (text: string) => createHash('sha256').update(text).digest('hex')

/** Receipts of a period, spread over the world's farmers. */
export function payablesOf(world: World, count: number, seed: string, startTs = 1_759_000_000): Payable[] {
  return Array.from({ length: count }, (_, n) => ({
    kind: 'receipt',
    nodeId: n + 1,
    farmId: n % world.farmers.length,
    startTs,
    receipt: receiptHash(`${seed}/${n}`),
    retryFor: null,
    address: world.farmers[n % world.farmers.length]!.publicKey(),
    amountUnits: BigInt(1_0000000 + n),
  }))
}

/** Plans a run and keeps it; gives its id, null where nothing is left to pay. */
export async function planAndKeep(store: Store, horizon: Horizon, order: PlanOrder): Promise<{ runId: string | null; made: MadePlan }> {
  const made = await makePlan(store, horizon, order)
  const { plan } = made
  if (!plan) return { runId: null, made }
  const envelopes = await buildEnvelopes(plan)
  const { runId } = writeTransaction(store.books, 'books.db', () => addRun(store, plan, envelopes, true))
  return { runId, made }
}

/** Brings what one machine has of a run to another, as its two files. */
export async function carry(from: Store, to: Store, runId: string, horizon: Horizon): Promise<void> {
  const { manifest, envelopes } = await exportRun(from, runId)
  await importManifest(to, manifest, null)
  const { plan } = openRun(to, runId)
  await importEnvelopes(to, envelopes, { passphrase: plan.passphrase, accounts: await loadAccounts(horizon, plan) })
}

/** Other envelopes under the rows' own numbers. Gives how many. */
export function replaceRows(store: Store, runId: string, options: Parameters<typeof planReplacements>[2]): number {
  const { plan, rows } = openRun(store, runId)
  const list = planReplacements(plan, rows, options)
  return writeTransaction(store.books, 'books.db', () => addReplacements(store, runId, list, false))
}

/** What the ledger holds: the successful payments by payer, by memo. The only witness that a checker believes. */
export function paidOnLedger(local: LocalHorizon, payer: string): Map<string, { to: string; amount: string; hash: string }[]> {
  const found = new Map<string, { to: string; amount: string; hash: string }[]>()
  for (const row of local.ledger.state.txs) {
    if (!row.successful) continue
    const { tx } = parseEnvelope(row.envelope, local.ledger.state.passphrase)
    const memo = tx.memo.type === 'hash' ? Buffer.from(tx.memo.value as Uint8Array).toString('hex') : null
    for (const operation of tx.operations) {
      if (operation.type !== 'payment' || operation.source !== payer || memo === null) continue
      found.set(memo, [
        ...(found.get(memo) ?? []),
        { to: operation.destination, amount: operation.amount, hash: row.innerHash ?? row.hash },
      ])
    }
  }
  return found
}
