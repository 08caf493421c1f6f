import type { QueryOutput, Topic } from '../../src-shared/contract.ts'
import type { DaoReading, DaoRow, daoQueries } from '../../src-shared/dao-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { loadDaoReading, saveDaoReading } from '../store/dao.ts'
import type { Store } from '../store/index.ts'
import { loadKeys } from '../store/keys.ts'
import type { ChainRoom } from './chain-calls.ts'
import type { Once } from './once.ts'
import type { Parsed } from './queries.ts'

/* The grid chain's own DAO: asked for when somebody wants it, shown as it was read last. Votes are calls to the chain (chain-calls.ts). */

type DaoQuery = keyof typeof daoQueries
export type DaoAnswers = { [N in DaoQuery]: (input: Parsed<N>) => QueryOutput<N> }

export interface DaoSources {
  books: Store
  chain: Pick<ChainRoom, 'askable' | 'withChain'>
  /** the network that is shown; null: none */
  network(): string | null
  /** farms that the user follows */
  myFarms(): readonly number[]
  changed: (...topics: Topic[]) => void
}

export interface DaoRoom {
  answers: DaoAnswers
  /** Asks the chain and keeps nothing. Rejects with AppError chain.*, cancelled, not-found. */
  ask(network: string, signal: AbortSignal): Promise<DaoReading>
  /** Asks the chain of the network that is shown, and keeps what it says. Rejects as `ask`, and with usage where none can be asked. */
  read(once: Once, signal?: AbortSignal): Promise<unknown>
  /** a reading as dao.list has it */
  shown(reading: DaoReading): Omit<QueryOutput<'dao.list'>, 'network'>
  /** Throws AppError not-found. */
  proposal(reading: DaoReading | null, named: string): QueryOutput<'dao.get'>
}

export function openDaoRoom({ books, chain, network, myFarms, changed }: DaoSources): DaoRoom {
  const lastReading = (): DaoReading | null => {
    const shown = chain.askable(network())
    return shown === null ? null : loadDaoReading(books, shown)
  }

  const ask: DaoRoom['ask'] = (asked, signal) =>
    chain.withChain(asked, signal, async opened => {
      const [{ readRuntime }, { finalizedHead }, { readDao }] = await Promise.all([
        import('../jobs/chain-calls/prepare.ts'),
        import('../clients/tfchain/submit.ts'),
        import('../clients/tfchain/dao.ts'),
      ])
      const options = { signal, priority: 'head' } as const
      const head = await finalizedHead(opened, options)
      const { runtime } = await readRuntime(opened, head, options)
      const accounts = loadKeys(books).flatMap(({ kind, address }) => (kind === 'stellar' ? [] : [address]))
      return { network: asked, ...(await readDao(opened, runtime, head, { farmIds: myFarms(), accounts }, options)) }
    })

  const shown: DaoRoom['shown'] = reading => {
    const { block, blockTs, specVersion, missing, proposals, farms } = reading
    const rows = proposals.map(proposal => rowOf(reading, proposal))
    const keys = loadKeys(books)
    return {
      read: { block, blockTs, specVersion, missing },
      rows: [...soonest(rows.filter(({ isOver }) => !isOver)), ...soonest(rows.filter(({ isOver }) => isOver)).reverse()],
      farms: farms
        .filter(({ isOwn }) => isOwn)
        .map(({ isOwn: _own, ...farm }) => {
          const key = keys.find(({ kind, address }) => kind !== 'stellar' && address === farm.account)
          return { ...farm, keyId: key?.keyId ?? null, keyName: key?.name ?? null }
        }),
    }
  }

  const proposal: DaoRoom['proposal'] = (reading, named) => {
    const found = reading?.proposals.find(({ hash, index }) => hash === named.toLowerCase() || String(index) === named)
    if (!reading || !found)
      throw new AppError('not-found', 'The chain had no proposal of that number or hash when it was read last. Read it anew.')
    const names = new Map(reading.farms.map(({ farmId, name }) => [farmId, name]))
    const votes = found.votes.map(vote => ({ ...vote, name: names.get(vote.farmId) ?? '' }))
    return { row: rowOf(reading, found), votes: votes.sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : 0)) }
  }

  return {
    answers: {
      'dao.list': () => {
        const reading = lastReading()
        return { network: chain.askable(network()), ...(reading ? shown(reading) : { read: null, rows: [], farms: [] }) }
      },
      'dao.get': ({ proposal: named }) => proposal(lastReading(), named),
    },
    ask,
    async read(once, signal = new AbortController().signal) {
      const asked = chain.askable(network())
      if (asked === null)
        throw new AppError('usage', 'No network that can be asked is shown. Follow one, or add an endpoint of it (page Networks).')
      const reading = await ask(asked, signal)
      const answered = once(null, () => {
        saveDaoReading(books, reading)
        return {}
      })
      changed('chain')
      return answered
    },
    shown,
    proposal,
  }
}

function rowOf({ block, blockTs, blockMs, farms }: DaoReading, proposal: DaoReading['proposals'][number]): DaoRow {
  const { votes, ...said } = proposal
  const side = (approve: boolean) => {
    const of = votes.filter(vote => vote.approve === approve)
    return { farms: of.length, weight: of.reduce((sum, { weight }) => sum + weight, 0n) }
  }
  const voteOf = (farmId: number) => {
    const vote = votes.find(found => found.farmId === farmId)
    return vote ? (vote.approve ? ('for' as const) : ('against' as const)) : null
  }
  return {
    ...said,
    endTs: blockMs === null ? null : blockTs + Math.round(((said.endBlock - block.n) * blockMs) / 1000),
    // the next block is the first that can take a vote
    isOver: block.n >= said.endBlock,
    yes: side(true),
    no: side(false),
    own: farms.filter(({ isOwn }) => isOwn).map(({ farmId }) => ({ farmId, vote: voteOf(farmId) })),
  }
}

function soonest(rows: DaoRow[]): DaoRow[] {
  return rows.sort((a, b) => a.endBlock - b.endBlock)
}
