import type { ChainCurvesRead, chainCurveQueries } from '../../src-shared/chain-curves.ts'
import type { QueryOutput, Topic } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { pinnedChain } from '../store/chain.ts'
import { loadChainCurves, saveChainCurves } from '../store/chain-curves.ts'
import { writeTransaction } from '../store/db.ts'
import type { Store } from '../store/index.ts'
import type { Parsed } from './queries.ts'

type CurveQuery = keyof typeof chainCurveQueries
export type ChainCurveAnswers = { [N in CurveQuery]: (input: Parsed<N>, signal?: AbortSignal) => Promise<QueryOutput<N>> }

export interface ChainCurveSources {
  books: Store
  /** the network that is shown; null: none */
  network(): string | null
  /** Throws AppError not-found. */
  endpointsOf(network: string): { endpoints: string[]; genesis: string }
  /** reads a chain after its finalized head, in a thread of its own */
  ask(input: { endpoints: string[]; genesis: string }, signal: AbortSignal | undefined): Promise<ChainCurvesRead>
  changed(...topics: Topic[]): void
  canWrite: boolean
  nowTs(): number
}

/** The minting curves of a network's chain: as they are, or as they were read last where it does not answer. */
export function createChainCurves(sources: ChainCurveSources): ChainCurveAnswers {
  const { books } = sources

  return {
    async 'chain.curves'({ network: named, now }, signal) {
      const network = named ?? sources.network()
      const endpoints = network === null ? null : askable(network, named !== undefined)
      if (network === null || endpoints === null) return { network: null, read: null, readTs: null, problem: null }
      const kept = loadChainCurves(books, network)
      const last = { network, read: kept?.read ?? null, readTs: kept?.readTs ?? null }
      if (!now) return { ...last, problem: null }
      try {
        const read = await sources.ask(endpoints, signal)
        const readTs = sources.nowTs()
        keep(network, { read, readTs })
        return { network, read, readTs, problem: null }
      } catch (error) {
        if (!(error instanceof AppError) || !error.code.startsWith('chain.')) throw error
        return { ...last, problem: error.message }
      }
    },
  }

  function keep(network: string, kept: { read: ChainCurvesRead; readTs: number }): void {
    // a view that only reads shows it and keeps nothing
    if (!sources.canWrite) return
    writeTransaction(books.books, 'books.db', () => saveChainCurves(books, network, kept))
    sources.changed('chain')
  }

  /** null: the network that is shown can't be asked, as the demo's. Throws AppError not-found for one that was named. */
  function askable(network: string, isNamed: boolean): { endpoints: string[]; genesis: string } | null {
    try {
      const { endpoints, genesis } = sources.endpointsOf(network)
      const pinned = pinnedChain(books)
      return endpoints.length === 0 ? null : { endpoints, genesis: pinned?.network === network ? pinned.genesis : genesis }
    } catch (error) {
      if (!isNamed && error instanceof AppError && error.code === 'not-found') return null
      throw error
    }
  }
}
