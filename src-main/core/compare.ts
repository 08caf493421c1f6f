import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import type { CompareReport } from '../../src-shared/compare.ts'
import { compareCsv } from '../../src-shared/compare-text.ts'
import type { CommandInput, Job, QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { CompareWanted } from '../jobs/compare/compare.ts'
import type { ProposedFile } from '../jobs/compare/read-proposal.ts'
import type { TaskRunner } from '../jobs/context.ts'
import type { Store } from '../store/index.ts'
import { taskContext } from './imports.ts'
import type { JobDescription } from './jobs.ts'
import { nodePeriodRules } from './node-periods.ts'
import type { Parsed } from './queries.ts'
import type { Uploads } from './uploads.ts'

export interface CompareTaskInput extends CompareWanted {
  dataDir: string
}

export interface CompareSources {
  /** the store that is shown, and the books that say by which rules */
  store(): Store
  books: Store
  resources(): ResourceRule
  runTask: TaskRunner
  start(job: JobDescription): void
}

export type CompareAnswers = {
  [N in 'compare.get' | 'compare.rows' | 'compare.csv']: (input: Parsed<N>) => QueryOutput<N>
}

export interface Comparisons {
  answers: CompareAnswers
  /** Takes the files over and begins; gives the job's id. Throws AppError as Uploads.end does. */
  begin(input: CommandInput<'compare.start'>, uploads: Uploads): { jobId: Job['id']; start: () => void }
}

/** Comparisons kept in memory: the one looked at and some before it. */
const KEPT = 4

/** Comparisons with proposals: each is a job of its own lane, and its result is kept until some later ones are there. */
export function createComparisons(sources: CompareSources): Comparisons {
  const reports = new Map<string, CompareReport>()

  function reportOf(jobId: string): CompareReport {
    const report = reports.get(jobId)
    if (!report) throw new AppError('not-found', 'This comparison is not there any more. Compare again.')
    return report
  }

  return {
    answers: {
      'compare.get': ({ jobId }) => reports.get(jobId)?.head ?? null,
      'compare.rows'({ jobId, state, search, offset, limit }) {
        const text = search?.trim().toLowerCase() ?? ''
        const found = reportOf(jobId).rows.filter(
          row =>
            (state === undefined || row.state === state) &&
            (text === '' ||
              `${row.nodeId}\n${row.farmName}\n${row.address}\n${row.ownHash}\n${row.theirHash}`.toLowerCase().includes(text)),
        )
        return { rows: found.slice(offset, offset + limit), total: found.length }
      },
      'compare.csv'({ jobId }) {
        const { head, rows } = reportOf(jobId)
        return { fileName: `differences-period-${head.period}.csv`, text: compareCsv(rows) }
      },
    },
    begin({ period, files }, uploads) {
      const jobId = randomUUID()
      const sent: string[] = []
      const drop = () => {
        for (const path of sent) uploads.remove(path)
      }
      const take = (file: (typeof files)[number]): ProposedFile => {
        if ('path' in file) return { path: file.path }
        const { path, name } = uploads.end(file.uploadId)
        sent.push(path)
        return { path, name }
      }
      let taken: ProposedFile[]
      try {
        taken = files.map(take)
      } catch (error) {
        drop()
        throw error
      }
      const start = () =>
        sources.start({
          id: jobId,
          kind: 'compare',
          title: `Compare period ${period} with ${taken.map(({ path, name }) => name ?? basename(path)).join(', ')}`,
          lane: 'compare',
          run: async context => {
            try {
              const store = sources.store()
              const input: CompareTaskInput = {
                dataDir: store.dataDir,
                files: taken,
                period,
                resources: sources.resources(),
                rules: nodePeriodRules(sources.books, store),
              }
              reports.set(jobId, (await sources.runTask('compare', input, taskContext(context))) as CompareReport)
              for (const old of [...reports.keys()].slice(0, -KEPT)) reports.delete(old)
              return { period }
            } finally {
              drop()
            }
          },
        })
      return { jobId, start }
    },
  }
}
