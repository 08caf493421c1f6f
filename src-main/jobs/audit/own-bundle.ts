import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import type { StartSnapshot } from '../../../src-shared/grid.ts'
import type { Explanation } from '../../../src-shared/mint.ts'
import type { NodeMint } from '../../../src-shared/node-period.ts'
import { explainMint } from '../../engines/minting/node-period/explain.ts'
import { type Boundary, createNodePeriodFold, type NodePeriodFold } from '../../engines/minting/node-period/fold.ts'
import { mintOf } from '../../engines/minting/node-period/mint.ts'
import { undecided } from '../../engines/minting/triggers.ts'
import { signersHash } from '../../signing/votes/signers.ts'
import { subjectKey } from '../../signing/votes/statement.ts'
import { voteText } from '../../signing/votes/text.ts'
import { canonicalJson } from '../../store/exact-json.ts'
import type { Store } from '../../store/index.ts'
import { loadMintConfig } from '../../store/mint-config.ts'
import { loadDecision } from '../../store/mint-decisions.ts'
import { nodeMint } from '../../store/node-mints.ts'
import { subjectOf } from '../../store/runs.ts'
import { loadSignerSet, loadVotes } from '../../store/votes.ts'
import { basisOf } from '../basis.ts'
import type { NodePeriodRules } from '../node-mint.ts'
import { type OwnHistory, type OwnPeriod, readOwnHistory } from '../node-stories.ts'
import { type BlockHashes, derivationLine, hashPairs, type MadeBundle, packBundle, paymentsOf } from './bundle.ts'
import { archiveLines, countEvents, endOf, gatherBlocks, type NodePart, type Told, type ToldBlock, tellBlocks } from './bundle-archive.ts'
import {
  BUNDLE_FORMAT,
  type BundleDecision,
  bundleDecisionSchema,
  bundlePaymentsSchema,
  type OwnHead,
  ownHeadSchema,
} from './bundle-form.ts'
import type { Sealer } from './seal.ts'

/* Evidence bundles of a node's own period (rule set node-period). */

export interface OwnBundleOrder {
  nodeId: number
  /** when the node's own period began, seconds since the epoch */
  startTs: number
  rules: NodePeriodRules
  madeBy: string
  nowTs: number
}

/**
 * All that the mint of a node's own period rests on, as makeBundle does it for a receipt: its record, the node's events of the fixed periods
 * that it lies in, with the prices and policies that it needs and the state that they are counted from, the derivation, what was decided and
 * by whose votes, and what is known of the payment. Rejects with AppError not-found, mint.*, store.*, chain.* (of `hashes`).
 */
export async function makeOwnBundle(store: Store, order: OwnBundleOrder, hashes: BlockHashes, sealer: Sealer | null): Promise<MadeBundle> {
  const { nodeId, startTs, rules, madeBy, nowTs } = order
  const stored = nodeMint(store, nodeId, startTs)
  if (!stored)
    throw new AppError(
      'not-found',
      `Node ${nodeId} has no period of its own here that began then and is over. granary mints list names them.`,
    )
  const { history, part, mint, explanation } = partOf(store, rules, { nodeId, startTs, closedIn: stored.period })
  if (mint.id !== stored.hash)
    throw new AppError(
      'mint.inconsistent',
      `The mint of node ${nodeId} is kept as ${stored.hash}, and its events give ${mint.id}. No bundle was written. Open Granary, which works the mints out anew, then try again.`,
    )
  const { periods, boundary } = history
  const { network } = periods[0]!
  const head: OwnHead = {
    kind: 'evidence',
    format: BUNDLE_FORMAT,
    version: 1,
    nodeId,
    period: mint.info.period,
    rules: 'node-period',
    from: periods[0]!.index,
    closedIn: stored.period,
    firstNodePeriod: rules.firstNodePeriod,
    boundaryBlock: boundary?.block ?? null,
    carbon: rules.carbon,
    coveredToBlock: mint.info.closed.block,
    madeTs: nowTs,
    madeBy,
    bases: periods.map(period => basisOf(store, period)),
  }
  const archive = await archiveOf(history, part, mint)
  const pairs = await hashPairs(part.blocks, hashes)
  const payments = paymentsOf(store, network, subjectOf({ period: null }), mint.id)
  const lines = [
    canonicalJson(z.encode(ownHeadSchema, head)),
    canonicalJson({ kind: 'receipt', hash: mint.id, receipt: mint.record }),
    derivationLine(explanation),
    canonicalJson({ kind: 'payments', ...z.encode(bundlePaymentsSchema, payments) }),
    canonicalJson({ kind: 'hashes', blocks: pairs }),
    canonicalJson(z.encode(bundleDecisionSchema, decisionOf(store, network, mint))),
    ...archive,
  ]
  const bytes = packBundle(lines, `What node ${nodeId} did in its own period`, nowTs, sealer)
  const { blocks } = part
  return { bytes, hash: mint.id, events: countEvents(blocks), blocks: blocks.length, blockHashes: pairs.length }
}

/** The archive lines of a node's own period, as a bundle has them. Rejects as makeOwnBundle does. */
export async function ownArchive(store: Store, rules: NodePeriodRules, own: OwnPeriod): Promise<string[]> {
  const { history, part, mint } = partOf(store, rules, own)
  return archiveOf(history, part, mint)
}

function archiveOf({ periods }: OwnHistory, part: NodePart, { info }: NodeMint): Promise<string[]> {
  const { network, index, start, end, startBlock } = periods[0]!
  return archiveLines({ network, period: { index, start, end }, blocks: { first: startBlock, last: info.closed.block } }, part)
}

/** What the archive of a node's own period begins with. */
interface OwnStart extends Pick<NodePart, 'start' | 'end'> {
  network: string
  /** the fixed period with whose start the events begin */
  period: { index: number; start: number; end: number }
}

export function beginOwn({ start, end, period }: OwnStart, nodeId: number, boundary: Boundary | null): NodePeriodFold {
  return createNodePeriodFold({ period }, start, end, { boundary, explain: id => id === nodeId })
}

/** The mint of the node's own period that a fold has closed, and why; null where it closed none that began then. Throws AppError mint.inconsistent. */
export function mintIn(
  fold: NodePeriodFold,
  { nodeId, startTs, closedIn }: OwnPeriod,
  { network, carbon }: { network: string; carbon: boolean },
): { mint: NodeMint; explanation: Explanation } | null {
  const saved = fold.saved().find(({ info }) => info.nodeId === nodeId && info.period.start === startTs)
  if (!saved?.story) return null
  const mint = mintOf(saved, { network, carbon })
  return { mint, explanation: explainMint(mint, saved.story, closedIn, null) }
}

function partOf(
  store: Store,
  rules: NodePeriodRules,
  own: OwnPeriod,
): { history: OwnHistory; part: NodePart; mint: NodeMint; explanation: Explanation } {
  const { sink, blocks, nodes } = gatherBlocks()
  const history = readOwnHistory(store, rules, own, sink)
  const { start, end, boundary, periods } = history
  const { network, index, start: from, end: to } = periods[0]!
  const fold = beginOwn({ network, period: { index, start: from, end: to }, start, end }, own.nodeId, boundary)
  tellBlocks(blocks, fold)
  const found = mintIn(fold, own, { network, carbon: rules.carbon })
  if (!found)
    throw new AppError(
      'not-found',
      `The events here give node ${own.nodeId} no period of its own that began then and was closed in period ${own.closedIn}.`,
    )
  const { info } = found.mint
  const places = [...start.nodes, ...nodes]
  const wasIn = [...places, { farm_id: info.farmId, farming_policy_id: info.policyId, twin_id: -1 }]
  const farms = new Set(wasIn.map(node => node.farm_id))
  const policies = new Set(wasIn.map(node => node.farming_policy_id))
  const isNeeded = ({ event }: Told) => {
    if (event?.[0] === 'TfgridModule.FarmUpdated') return farms.has(event[1].farm.id)
    const isPolicy = event?.[0] === 'TfgridModule.FarmingPolicyStored' || event?.[0] === 'TfgridModule.FarmingPolicyUpdated'
    return !isPolicy || policies.has(event[1].policy.id)
  }
  const kept = blocks.flatMap(({ n, ts, told }): ToldBlock[] => {
    const rest = n > info.closed.block ? [] : told.filter(isNeeded)
    return rest.length === 0 ? [] : [{ n, ts, told: rest }]
  })
  const part = { start: startOf(start, farms, policies), end: endFor(start, endOf(end, wasIn)), blocks: kept }
  return { history, part, ...found }
}

function startOf(start: StartSnapshot, farms: ReadonlySet<number>, policies: ReadonlySet<number>): StartSnapshot {
  return {
    ...start,
    ...(start.farms && { farms: start.farms.filter(({ id }) => farms.has(id)) }),
    ...(start.farmingPolicies && { farmingPolicies: start.farmingPolicies.filter(({ id }) => policies.has(id)) }),
  }
}

/** The end stands in for what the start lacks, and nothing else of it counts: of a period that still runs it changes. */
function endFor({ block, ts, farms, farmingPolicies }: StartSnapshot, end: NodePart['end']): NodePart['end'] {
  const at = farms && farmingPolicies ? { block, ts } : {}
  return {
    ...end,
    ...at,
    farms: farms ? [] : end.farms,
    farmingPolicies: farmingPolicies ? [] : end.farmingPolicies,
    twins: [],
    payoutAddresses: [],
  }
}

/** What was decided about a mint; the votes are those that count now. */
function decisionOf(store: Store, network: string, { info }: NodeMint): BundleDecision {
  const { nodeId, period } = info
  const stored = loadDecision(store, network, nodeId, period.start)
  const decision = stored?.decision ?? undecided
  const signers = loadSignerSet(store, network)
  const attempt = decision.decided?.attempt ?? decision.payments.length + 1
  const subject = subjectKey({ rules: 'node-period', nodeId, start: period.start, attempt })
  return {
    kind: 'decision',
    trigger: loadMintConfig(store, network).trigger,
    decidedFor: stored?.mintId ?? null,
    decision,
    signers,
    votes: signers ? loadVotes(store, network, signersHash(signers), subject).map(voteText) : [],
  }
}
