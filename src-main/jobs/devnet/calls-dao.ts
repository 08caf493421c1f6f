import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { twinOf } from './accounts.ts'
import { isSigner } from './calls-minting.ts'
import { type CallHandler, fail } from './dispatch.ts'
import type { Value } from './scale.ts'

/**
 * The grid chain's DAO as far as a farmer votes in it: a proposal's hash is that of its call, each farm has one vote that it may turn
 * around, until the proposal's time is over. A farm's weight is the number of its nodes here. Nothing is closed or executed.
 */

const DAO = 'Dao'
/** Blocks in a day of 6 s each; a proposal lasts so long where nobody says otherwise. */
const DURATION_BLOCKS = 7 * 14_400

interface FarmVote {
  farm_id: number
  weight: bigint
}
interface Voting {
  ayes: readonly FarmVote[]
  nays: readonly FarmVote[]
  end: number
}

export const daoCalls: Readonly<Record<string, CallHandler>> = {
  'Dao.propose'(context, args) {
    if (!isSigner(context)) fail(DAO, 'NotCouncilMember')
    const hash = Buffer.from(Blake2256(context.runtime.encode('RuntimeCall', args.action!)))
    if (context.has(DAO, 'Proposals', hash)) fail(DAO, 'DuplicateProposal')
    const index = context.get(DAO, 'ProposalCount') as number
    const threshold = Number(args.threshold)
    const end = context.block + ((args.duration as number | null) ?? DURATION_BLOCKS)
    context.put(DAO, 'Proposals', [hash], { index, description: args.description!, link: args.link! })
    context.put(DAO, 'Voting', [hash], { index, threshold, ayes: [], nays: [], end, vetos: [] })
    context.put(DAO, 'ProposalList', [], [...(context.get(DAO, 'ProposalList') as readonly Value[]), hash])
    context.put(DAO, 'ProposalCount', [], index + 1)
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
    const weight = BigInt((context.get('TfgridModule', 'NodesByFarmID', farmId) as readonly number[]).length)
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
