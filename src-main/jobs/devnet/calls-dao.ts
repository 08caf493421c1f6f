import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { twinOf } from './accounts.ts'
import { isSigner } from './calls-minting.ts'
import { type CallHandler, fail } from './dispatch.ts'
import type { Value } from './scale.ts'
import type { StateView } from './state.ts'

/**
 * The grid chain's DAO as far as a farmer votes in it: a proposal's hash is that of its call, each farm has one vote that it may turn
 * around, until the proposal's time is over. A farm's weight is the number of its nodes here. Nothing is closed or executed.
 */

const DAO = 'Dao'
/** Blocks in a day of 6 s each; a proposal lasts so long where nobody says otherwise. */
export const DURATION_BLOCKS = 7 * 14_400

interface FarmVote {
  farm_id: number
  weight: bigint
}
interface Voting {
  ayes: readonly FarmVote[]
  nays: readonly FarmVote[]
  end: number
}

/** Writes a proposal that nobody has voted on yet. `end`: the last block that takes votes. */
export function putProposal(
  view: StateView,
  { action, description, link, threshold, end }: { action: Value; description: Value; link: Value; threshold: number; end: number },
): { hash: Buffer; index: number } {
  const hash = hashOf(view, action)
  const index = view.get(DAO, 'ProposalCount') as number
  view.put(DAO, 'ProposalOf', [hash], action)
  view.put(DAO, 'Proposals', [hash], { index, description, link })
  view.put(DAO, 'Voting', [hash], { index, threshold, ayes: [], nays: [], end, vetos: [] })
  view.put(DAO, 'ProposalList', [], [...(view.get(DAO, 'ProposalList') as readonly Value[]), hash])
  view.put(DAO, 'ProposalCount', [], index + 1)
  return { hash, index }
}

function hashOf({ runtime }: Pick<StateView, 'runtime'>, action: Value): Buffer {
  return Buffer.from(Blake2256(runtime.encode('RuntimeCall', action)))
}

export const daoCalls: Readonly<Record<string, CallHandler>> = {
  'Dao.propose'(context, args) {
    if (!isSigner(context)) fail(DAO, 'NotCouncilMember')
    if (context.has(DAO, 'Proposals', hashOf(context, args.action!))) fail(DAO, 'DuplicateProposal')
    const threshold = Number(args.threshold)
    const end = context.block + ((args.duration as number | null) ?? DURATION_BLOCKS)
    const { hash, index } = putProposal(context, {
      ...{ action: args.action!, description: args.description!, link: args.link!, threshold, end },
    })
    context.deposit(DAO, 'Proposed', { account: context.origin, proposal_index: index, proposal_hash: hash, threshold })
  },
  'Dao.vote'(context, args) {
    const farmId = args.farm_id as number
    const approve = args.approve as boolean
    const hash = args.proposal_hash as Buffer
    const farm = context.get('TfgridModule', 'Farms', farmId) as { twin_id: number } | null
    if (farm === null) fail(DAO, 'FarmNotExists')
    if (farm.twin_id !== twinOf(context)) fail(DAO, 'NotAuthorizedToVote')
    const voting = context.get(DAO, 'Voting', hash) as unknown as Voting | null
    if (voting === null) fail(DAO, 'ProposalMissing')
    if (context.block > voting.end) fail(DAO, 'TimeLimitReached')
    const weight = context.get(DAO, 'FarmWeight', farmId) as bigint
    if (weight === 0n) fail(DAO, 'FarmHasNoNodes')
    if ((approve ? voting.ayes : voting.nays).some(vote => vote.farm_id === farmId)) fail(DAO, 'DuplicateVote')
    const mine: FarmVote = { farm_id: farmId, weight }
    const others = (votes: readonly FarmVote[]) => votes.filter(vote => vote.farm_id !== farmId)
    const ayes = approve ? [...others(voting.ayes), mine] : others(voting.ayes)
    const nays = approve ? others(voting.nays) : [...others(voting.nays), mine]
    context.put(DAO, 'Voting', [hash], { ...voting, ayes, nays } as unknown as Value)
    context.deposit(DAO, 'Voted', { account: context.origin, proposal_hash: hash, voted: approve, yes: ayes.length, no: nays.length })
  },
}
