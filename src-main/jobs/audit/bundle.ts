import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot } from '../../../src-shared/grid.ts'
import { type Explanation, explanationSchema, type ResourceRule } from '../../../src-shared/mint.ts'
import { readTransaction } from '../../store/db.ts'
import { bucketOf, readEvents } from '../../store/events.ts'
import { canonicalJson } from '../../store/exact-json.ts'
import type { Store } from '../../store/index.ts'
import { loadEnd, loadStart, startOf } from '../../store/mint-input.ts'
import { loadFoundPayment, loadPaymentCheck } from '../../store/payment-checks.ts'
import { type StoredPeriod, storedPeriod } from '../../store/periods.ts'
import { listRuns, loadEnvelopes, loadSignatures, subjectOf } from '../../store/runs.ts'
import type { PayoutRowsTable } from '../../store/schema.ts'
import { basisOf } from '../basis.ts'
import { tellNode } from '../explain.ts'
import { readKnownPlan } from '../pay/state.ts'
import { archiveLines, countEvents, endOf, gatherBlocks, type NodePart, type ToldBlock } from './bundle-archive.ts'
import {
  BUNDLE_FORMAT,
  BUNDLE_WHAT,
  type BundlePayments,
  bundlePaymentsSchema,
  type FixedHead,
  fixedHeadSchema,
  MAX_BUNDLE_BYTES,
} from './bundle-form.ts'
import { type Sealer, sealLine, sealLines } from './seal.ts'

export interface BundleOrder {
  nodeId: number
  period: number
  resources: ResourceRule
  madeBy: string
  nowTs: number
}

export interface MadeBundle {
  /** gzip'd lines */
  bytes: Buffer
  hash: string
  events: number
  /** the blocks that its events stand in, and the hashes that go with them */
  blocks: number
  blockHashes: number
}

/** Gives hashes of blocks, 0x-prefixed, by number: of those that are known. */
export type BlockHashes = (blocks: readonly number[]) => Promise<ReadonlyMap<number, string>>

/**
 * All that a receipt rests on, as one small file: its bytes, every event of the node with its block, the state that they are counted from, the
 * derivation, and what is known of the payment. Another Granary computes the payout from it alone. Rejects with AppError mint.missing,
 * not-found (no such node), store.*, chain.* (of `hashes`).
 */
export async function makeBundle(store: Store, order: BundleOrder, hashes: BlockHashes, sealer: Sealer | null): Promise<MadeBundle> {
  const { nodeId, resources, madeBy, nowTs } = order
  const { period, explanation, part } = readTransaction(store.facts, 'facts.db', () => {
    const stored = storedPeriod(store, order.period)
    const end = loadEnd(store, stored)
    return {
      period: stored,
      part: partOf(store, stored, end, nodeId),
      explanation: tellNode(store, stored, end, nodeId, resources).explanation,
    }
  })
  const head: FixedHead = {
    kind: 'evidence',
    format: BUNDLE_FORMAT,
    version: 1,
    nodeId,
    period: { index: period.index, start: period.start, end: period.end },
    rules: 'v3',
    resources,
    coveredToBlock: period.coveredToBlock,
    madeTs: nowTs,
    madeBy,
    basis: basisOf(store, period),
  }
  const archive = await archiveOf(period, part)
  const pairs = await hashPairs(part.blocks, hashes)
  const payments = paymentsOf(store, period.network, subjectOf({ period: period.index }), explanation.hash)
  const lines = [
    canonicalJson(z.encode(fixedHeadSchema, head)),
    canonicalJson({ kind: 'receipt', hash: explanation.hash, receipt: explanation.receipt }),
    derivationLine(explanation),
    canonicalJson({ kind: 'payments', ...z.encode(bundlePaymentsSchema, payments) }),
    canonicalJson({ kind: 'hashes', blocks: pairs }),
    ...archive,
  ]
  const bytes = packBundle(lines, `What node ${nodeId} did in period ${period.index}`, nowTs, sealer)
  const { blocks } = part
  return { bytes, hash: explanation.hash, events: countEvents(blocks), blocks: blocks.length, blockHashes: pairs.length }
}

/** The line that says how the payout comes about; it must be the same wherever the events are. */
export function derivationLine(explanation: Explanation): string {
  return canonicalJson({ kind: 'derivation', explanation: z.encode(explanationSchema, explanation) })
}

/** A stored node's archive lines, as a bundle has them. Throws as makeBundle. */
export async function nodeArchive(store: Store, index: number, nodeId: number): Promise<string[]> {
  const { period, part } = readTransaction(store.facts, 'facts.db', () => {
    const stored = storedPeriod(store, index)
    return { period: stored, part: partOf(store, stored, loadEnd(store, stored), nodeId) }
  })
  return archiveOf(period, part)
}

function partOf(store: Store, period: StoredPeriod, end: EndSnapshot, nodeId: number): NodePart {
  const start = startOf(loadStart(store, period, bucketOf(nodeId), bucketOf(nodeId)), id => id === nodeId)
  const { sink, blocks, nodes } = gatherBlocks()
  readEvents(store, period, sink, { nodeId })
  return { start: { kind: 'snapshot', at: 'start', ...start }, end: endOf(end, [...start.nodes, ...nodes]), blocks }
}

function archiveOf({ network, index, start, end, startBlock, coveredToBlock }: StoredPeriod, part: NodePart): Promise<string[]> {
  return archiveLines({ network, period: { index, start, end }, blocks: { first: startBlock, last: coveredToBlock } }, part)
}

/** The lines of a bundle, sealed and packed. Throws AppError usage where it is too large for one, naming `what`. */
export function packBundle(lines: readonly string[], what: string, nowTs: number, sealer: Sealer | null): Buffer {
  const seal = sealLines(BUNDLE_WHAT, lines, nowTs, sealer)
  const bytes = gzipSync(`${[...lines, sealLine(seal)].join('\n')}\n`, { level: 9 })
  if (bytes.length <= MAX_BUNDLE_BYTES) return bytes
  throw new AppError('usage', `${what} is too much for one bundle. Give its archive instead (granary archive export).`)
}

/** Numbers and hashes of those blocks of which the hash is known. Rejects as `hashes` does. */
export async function hashPairs(blocks: readonly ToldBlock[], hashes: BlockHashes): Promise<[number, string][]> {
  const known = await hashes(blocks.map(({ n }) => n))
  return blocks.flatMap(({ n }): [number, string][] => (known.has(n) ? [[n, known.get(n)!]] : []))
}

/** What is known here of the payment of a receipt or mint. `subject`: what is paid in one go with it (runs.ts). */
export function paymentsOf(store: Store, network: string, subject: string, receipt: string): BundlePayments {
  const check = loadPaymentCheck(store, network, subject)
  const found = loadFoundPayment(store, network, receipt) ?? null
  const rows = store.books
    .prepare('SELECT * FROM payout_rows WHERE receipt = ? AND network = ? AND tx IS NOT NULL ORDER BY run_id')
    .all(receipt, network) as PayoutRowsTable[]
  const runs = rows.flatMap(({ run_id: runId, place, tx, ledger, paid_ts: paidTs }) => {
    const run = listRuns(store, network).find(each => each.runId === runId)
    const envelope = loadEnvelopes(store, runId)[place]?.find(({ hash }) => hash === tx)
    if (!run || !envelope || tx === null || paidTs === null) return []
    const { plan } = readKnownPlan(run.planText)
    const signatures = (loadSignatures(store, runId).get(tx) ?? []).map(({ signer, signature }) => ({ signer, signature }))
    const { passphrase, payer, assetCode, issuer } = plan
    return [{ runId, tx, ledger, paidTs, passphrase, payer, assetCode, issuer, envelope: envelope.envelope, signatures }]
  })
  return { found, ledger: check?.ledger ?? null, checkedTs: check?.checkedTs ?? null, runs }
}
