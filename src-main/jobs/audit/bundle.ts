import { gzipSync } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot, GridNode, RareEvent, StartSnapshot } from '../../../src-shared/grid.ts'
import { type Explanation, explanationSchema, type ResourceRule } from '../../../src-shared/mint.ts'
import { archiveText } from '../../archive/write.ts'
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
import {
  BUNDLE_FORMAT,
  BUNDLE_WHAT,
  type BundleHead,
  type BundlePayments,
  bundleHeadSchema,
  bundlePaymentsSchema,
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
  const head: BundleHead = {
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
  const blocks = part.blocks.map(({ n }) => n)
  const known = await hashes(blocks)
  const pairs = blocks.flatMap(n => (known.has(n) ? [[n, known.get(n)!] as const] : []))
  const lines = [
    canonicalJson(z.encode(bundleHeadSchema, head)),
    canonicalJson({ kind: 'receipt', hash: explanation.hash, receipt: explanation.receipt }),
    derivationLine(explanation),
    canonicalJson({ kind: 'payments', ...z.encode(bundlePaymentsSchema, paymentsOf(store, period, explanation.hash)) }),
    canonicalJson({ kind: 'hashes', blocks: pairs }),
    ...archive,
  ]
  const seal = sealLines(BUNDLE_WHAT, lines, nowTs, sealer)
  const bytes = gzipSync(`${[...lines, sealLine(seal)].join('\n')}\n`, { level: 9 })
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw new AppError(
      'usage',
      `What node ${nodeId} did in period ${period.index} is too much for one bundle. Give its archive instead (granary archive export).`,
    )
  const events = part.blocks.reduce((sum, { tell }) => sum + tell.length, 0)
  return { bytes, hash: explanation.hash, events, blocks: blocks.length, blockHashes: pairs.length }
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

/** What the grid archive of one node holds. */
interface NodePart {
  start: StartSnapshot
  end: EndSnapshot
  blocks: { n: number; ts: number; tell: ((sink: Pick<NodeSink, 'uptime' | 'consumption' | 'rare'>) => void)[] }[]
}

type NodeSink = Parameters<Parameters<typeof archiveText>[0]>[0]

function partOf(store: Store, period: StoredPeriod, end: EndSnapshot, nodeId: number): NodePart {
  const only = (id: number) => id === nodeId
  const start = startOf(loadStart(store, period, bucketOf(nodeId), bucketOf(nodeId)), only)
  const blocks: NodePart['blocks'] = []
  const nodes: GridNode[] = [...start.nodes]
  const add = (tell: NodePart['blocks'][number]['tell'][number]) => {
    blocks.at(-1)?.tell.push(tell)
  }
  let at = { n: 0, ts: 0 }
  const begin = () => {
    if (blocks.at(-1)?.n !== at.n) blocks.push({ ...at, tell: [] })
  }
  readEvents(
    store,
    period,
    {
      block(n, ts) {
        at = { n, ts }
      },
      uptime(id, now, uptime) {
        begin()
        add(sink => sink.uptime(id, now, uptime))
      },
      consumption(contractId, timestamp, window, nru) {
        begin()
        add(sink => sink.consumption(contractId, timestamp, window, nru))
      },
      rare(event: RareEvent) {
        begin()
        add(sink => sink.rare(event))
        if (event[0] === 'TfgridModule.NodeStored' || event[0] === 'TfgridModule.NodeUpdated') nodes.push(event[1].node)
      },
    },
    { nodeId },
  )
  return { start: { kind: 'snapshot', at: 'start', ...start }, end: endOf(end, nodes), blocks }
}

/** Of the end only what concerns the node, wherever it was in the period. */
function endOf(end: EndSnapshot, nodes: readonly GridNode[]): EndSnapshot {
  const farmIds = new Set(nodes.map(node => node.farm_id))
  const farms = end.farms.filter(({ id }) => farmIds.has(id))
  const twinIds = new Set([...nodes.map(node => node.twin_id), ...farms.map(farm => farm.twin_id)])
  const policyIds = new Set(nodes.map(node => node.farming_policy_id))
  return {
    ...end,
    farms,
    twins: end.twins.filter(({ id }) => twinIds.has(id)),
    farmingPolicies: end.farmingPolicies.filter(({ id }) => policyIds.has(id)),
    payoutAddresses: end.payoutAddresses.filter(({ farm_id: id }) => farmIds.has(id)),
  }
}

async function archiveOf(period: StoredPeriod, { start, end, blocks }: NodePart): Promise<string[]> {
  const { network, index, start: startTs, end: endTs, startBlock, coveredToBlock } = period
  const text = await archiveText(async sink => {
    sink.header({
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network,
      period: { index, start: startTs, end: endTs },
      blocks: { first: startBlock, last: coveredToBlock },
    })
    sink.start(start)
    sink.end(end)
    for (const { n, ts, tell } of blocks) {
      sink.block(n, ts)
      for (const each of tell) each(sink)
    }
  })
  return text.trimEnd().split('\n')
}

function paymentsOf(store: Store, period: StoredPeriod, receipt: string): BundlePayments {
  const { network } = period
  const check = loadPaymentCheck(store, network, subjectOf({ period: period.index }))
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
