import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { StartSnapshot } from '../../../src-shared/grid.ts'
import type { Explanation } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import type { MintDecided } from '../../../src-shared/node-period.ts'
import { cleanName, listed } from '../../../src-shared/text.ts'
import { formatUtc, periodAt } from '../../../src-shared/time.ts'
import type { SignerSet } from '../../../src-shared/votes-contract.ts'
import { readArchiveBytes } from '../../archive/read.ts'
import type { Statement } from '../../engines/compare/proposal.ts'
import type { NodePeriodFold } from '../../engines/minting/node-period/fold.ts'
import { signerOf, signersHash } from '../../signing/votes/signers.ts'
import { readVotesText } from '../../signing/votes/text.ts'
import { type Vote, verifyVote } from '../../signing/votes/verify.ts'
import type { Store } from '../../store/index.ts'
import { nodeMint } from '../../store/node-mints.ts'
import { listPeriods } from '../../store/periods.ts'
import { loadSignerSet } from '../../store/votes.ts'
import {
  basisCheck,
  type Check,
  eventsCheck,
  fails,
  hashesCheck,
  OWN_STORE,
  paymentCheck,
  recomputeChecks,
  right,
  unknown,
} from './bundle-checks.ts'
import type { BundleDecision, BundlePayments, OwnHead } from './bundle-form.ts'
import { beginOwn, mintIn, ownArchive } from './own-bundle.ts'

/** What of a bundle is looked at, read. */
export interface BundleParts {
  statement: Statement
  hash: string
  derivation: string
  payments: BundlePayments
  archive: readonly string[]
}

/** Numbers and hashes of blocks, rising. */
export type Pairs = readonly (readonly [number, string])[]

/** What is found of the bundle of a node's own period. */
export async function ownChecks(
  head: OwnHead,
  parts: BundleParts & { decision: BundleDecision },
  hashes: Pairs,
  store: Store | null,
): Promise<Check[]> {
  const { statement, hash, derivation, decision, payments, archive } = parts
  return [
    ...recomputeChecks(statement, head.nodeId, derivation, () => recompute(head, archive)),
    await decisionCheck(head, statement, hash, decision, store),
    paymentCheck({ hash, units: decidedIn(decision)?.amountUnits ?? statement.units, address: null }, payments),
    basisCheck(head.bases),
    hashesCheck(store, hashes, archive),
    await storeCheck(head, hash, archive, store),
  ]
}

const rulesOf = ({ firstNodePeriod, carbon }: OwnHead) => ({ firstNodePeriod, carbon })

function recompute(head: OwnHead, archive: readonly string[]): Explanation | null {
  const { nodeId, period, from, closedIn, firstNodePeriod, boundaryBlock, carbon, coveredToBlock } = head
  const boundary = firstNodePeriod === null ? null : { ts: periodAt(firstNodePeriod).start, block: boundaryBlock }
  let network = ''
  let start: StartSnapshot | null = null
  let fold: NodePeriodFold | null = null
  const ready = (): NodePeriodFold => {
    if (!fold) throw new AppError('archive.format', 'The events stand before the state that they are counted from.')
    return fold
  }
  readArchiveBytes('the bundle', Buffer.from(`${archive.join('\n')}\n`), {
    header(value) {
      network = value.network
      if (value.period.index !== from || value.blocks.last !== coveredToBlock)
        throw new AppError('archive.format', 'Its events are of another period or other blocks than its head says.')
    },
    start(value) {
      start = value
    },
    end(end) {
      // the reader has held the header's period against its index
      fold = beginOwn({ network, period: periodAt(from), start: start!, end }, nodeId, boundary)
    },
    block: (n, ts) => ready().block(n, ts),
    uptime: (id, now, uptime) => ready().uptime(id, now, uptime),
    consumption: (contractId, timestamp, window, nru) => ready().consumption(contractId, timestamp, window, nru),
    rare: event => ready().rare(event),
  })
  const found = mintIn(ready(), { nodeId, startTs: period.start, closedIn }, { network, carbon })
  if (found && found.mint.info.closed.block !== coveredToBlock)
    throw new AppError(
      'archive.format',
      `Its events close the period in block ${found.mint.info.closed.block}, its head says ${coveredToBlock}.`,
    )
  return found?.explanation ?? null
}

/** What stands decided: what was paid, or is to be. */
function decidedIn({ decision: { decided, payments } }: BundleDecision): MintDecided | null {
  return payments.find(({ result }) => result === 'paid')?.decided ?? decided
}

/** Who decided on the mint, by the signatures that are in the bundle where votes decide. */
async function decisionCheck(
  head: OwnHead,
  statement: Statement,
  hash: string,
  decision: BundleDecision,
  store: Store | null,
): Promise<Check> {
  const name = 'decision'
  const { decidedFor, signers, trigger } = decision
  const decided = decidedIn(decision)
  let votes: Vote[]
  try {
    votes = signers ? await votesIn(decision.votes, signers, head) : []
  } catch (error) {
    return fails(name, toAppError(error).message)
  }
  if (!decided) return unknown(name, 'Nothing was decided on it yet, says its maker.')
  const amount = `${tftExact(decided.amountUnits)} TFT`
  if (decidedFor !== hash) return fails(name, `What was decided, ${amount}, is about another mint: ${decidedFor ?? 'none'}.`)
  if (decided.amountUnits !== statement.units && trigger !== 'offline-amount')
    return fails(name, `${amount} were decided, and the mint comes to ${tftExact(statement.units)} TFT.`)
  const said = `${amount} were decided ${formatUtc(decided.ts)}`
  if (decided.how !== 'votes' || !signers) return unknown(name, `${said} by ${listed(decided.by.map(cleanName))}, says its maker.`)
  const agreeing = votes.filter(({ statement: { planHash, amountUnits } }) => planHash === hash && amountUnits === decided.amountUnits)
  const names = agreeing.map(({ statement: { signer } }) => cleanName(signerOf(signers, signer)?.name ?? ''))
  if (names.length < signers.threshold)
    return unknown(name, `${said}; ${names.length} of the ${signers.threshold} signed votes that it takes are in the bundle.`)
  const own = store && head.bases[0] ? loadSignerSet(store, head.bases[0].network) : null
  const signed = `${said}, by signed votes of ${listed(names)}; ${signers.threshold} are needed`
  return own && signersHash(own) === signersHash(signers)
    ? right(name, `${signed}, and your own store has the same signers.`)
    : unknown(name, `${signed}. That they are the network’s signers, says its maker.`)
}

/** The votes, each with its signature checked, one of each signer. Rejects with AppError vote.refused, archive.format for one that is none of this mint. */
async function votesIn(texts: readonly string[], signers: SignerSet, { nodeId, period }: OwnHead): Promise<Vote[]> {
  const votes = new Map<string, Vote>()
  for (const [at, text] of texts.entries()) {
    const { items, problems } = readVotesText(text)
    const [item] = items
    const problem = problems[0]?.message ?? (items.length === 1 && item?.kind === 'vote' ? null : 'It is no vote.')
    if (problem !== null || !item) throw new AppError('archive.format', `Vote ${at + 1} can’t be read: ${problem}`)
    const vote = await verifyVote(item.bytes, signers)
    const { subject, signer } = vote.statement
    if (subject.rules !== 'node-period' || subject.nodeId !== nodeId || subject.start !== period.start)
      throw new AppError('archive.format', `Vote ${at + 1} is on something else than this mint.`)
    if (votes.has(signer.publicKey)) throw new AppError('archive.format', `Vote ${at + 1} is a second one of the same signer.`)
    votes.set(signer.publicKey, vote)
  }
  return [...votes.values()]
}

/** With a store that has the periods, the mint and the events must be those that it has. */
async function storeCheck(head: OwnHead, hash: string, archive: readonly string[], store: Store | null): Promise<Check> {
  const { nodeId, period, closedIn } = head
  const stored = store && listPeriods(store).find(({ index }) => index === closedIn)
  if (!store || !stored) return unknown(OWN_STORE, `Period ${closedIn}, in which it was closed, is not in your store.`)
  const events = await eventsCheck('node-period', archive, stored, () =>
    ownArchive(store, rulesOf(head), { nodeId, startTs: period.start, closedIn }),
  )
  const own = nodeMint(store, nodeId, period.start)
  if (events.state === 'fails' || !own || own.hash === hash) return events
  return fails(OWN_STORE, `Your store has the mint ${own.hash} over ${tftExact(own.rewardUnits)} TFT for it.`)
}
