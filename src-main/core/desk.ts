import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import type { CommandInput, CommandOutput, QueryOutput } from '../../src-shared/contract.ts'
import { deskCommands } from '../../src-shared/desk-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import type { ReceiptAudit } from '../../src-shared/receipt-audit.ts'
import type { Seal } from '../../src-shared/sealed.ts'
import type { SealedCheck } from '../../src-shared/sealed-check.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { ProposedFile } from '../jobs/compare/read-proposal.ts'
import type { TaskRunner } from '../jobs/context.ts'
import type { NodePeriodRules } from '../jobs/node-mint.ts'
import { type Store, storedPeriod } from '../store/index.ts'
import { storedNetwork } from '../store/periods.ts'
import { taskContext } from './imports.ts'
import type { JobDescription } from './jobs.ts'
import type { Keys } from './keys.ts'
import type { KnownNetwork } from './networks.ts'
import { nodePeriodRules } from './node-periods.ts'
import type { Once } from './once.ts'
import { payConfigOf } from './pay-config.ts'
import type { Parsed } from './queries.ts'
import type { Uploads } from './uploads.ts'

/** What the auditor's desk does in a thread of its own. */
export interface DeskTaskInput {
  dataDir: string
  files: ProposedFile[]
  period: number | null
  resources: ResourceRule
  rules: NodePeriodRules
  madeBy: string
  nowTs: number
  /** null: Stellar is not asked */
  stellar: { network: string; config: PayConfig } | null
}

export interface DeskTaskOutput {
  audit: ReceiptAudit | null
  sealed: SealedCheck[]
}

export interface DeskSources {
  /** the store that is shown, and the books that say by which rules and how is paid */
  store(): Store
  books: Store
  known: readonly KnownNetwork[]
  resources(): ResourceRule
  keys: Keys
  madeBy: string
  runTask: TaskRunner
  start(job: JobDescription): void
  changed(): void
}

type DeskQueryName = 'desk.get' | 'desk.rows' | 'desk.file' | 'desk.bundle'
export type DeskAnswers = { [N in DeskQueryName]: (input: Parsed<N>) => QueryOutput<N> | Promise<QueryOutput<N>> }
type DeskCommandName = keyof typeof deskCommands

export function isDeskCommand(name: string): name is DeskCommandName {
  return Object.hasOwn(deskCommands, name)
}

export interface Desk {
  answers: DeskAnswers
  command(name: DeskCommandName, input: unknown, once: Once, uploads: Uploads): Promise<CommandOutput<DeskCommandName>>
}

/** Audits kept in memory: the one looked at and some before it. */
const KEPT = 4

interface Kept extends DeskTaskOutput {
  /** the report as it was signed here */
  report: { text: string; seal: Seal } | null
}

/** The auditor's desk: audits as jobs of their own lane, each kept until some later ones are there. */
export function createDesk(sources: DeskSources): Desk {
  const results = new Map<string, Kept>()

  function kept(jobId: string): Kept & { audit: ReceiptAudit } {
    const found = results.get(jobId)
    if (!found?.audit) throw new AppError('not-found', 'This audit is not there any more. Audit again.')
    return { ...found, audit: found.audit }
  }

  async function fileOf({ jobId, form }: Parsed<'desk.file'>): Promise<QueryOutput<'desk.file'>> {
    const { audit, report } = kept(jobId)
    const [{ reportText }, { reportHtml }] = await Promise.all([
      import('../jobs/audit/report-file.ts'),
      import('../jobs/audit/report-html.ts'),
    ])
    const { text, seal } = report ?? reportText(audit, null)
    const name = `audit-${audit.head.subjects
      .join('-')
      .replace(/[^\w.-]+/g, '-')
      .slice(0, 60)}`
    return form === 'json' ? { fileName: `${name}.json`, text } : { fileName: `${name}.html`, text: reportHtml(audit, seal) }
  }

  async function bundleOf(wanted: Parsed<'desk.bundle'>): Promise<QueryOutput<'desk.bundle'>> {
    const [{ makeBundle }, { makeOwnBundle }, { keptHashes }] = await Promise.all([
      import('../jobs/audit/bundle.ts'),
      import('../jobs/audit/own-bundle.ts'),
      import('./desk-command.ts'),
    ])
    const store = sources.store()
    const { nodeId } = wanted
    const order = { nodeId, madeBy: sources.madeBy, nowTs: sources.books.now() }
    const isFixed = 'period' in wanted
    const { bytes, events } = isFixed
      ? await makeBundle(store, { ...order, period: wanted.period, resources: sources.resources() }, keptHashes(store), null)
      : await makeOwnBundle(
          store,
          { ...order, startTs: wanted.start, rules: nodePeriodRules(sources.books, store) },
          keptHashes(store),
          null,
        )
    const of = isFixed ? `period-${wanted.period}` : `from-${formatUtc(wanted.start).slice(0, 10)}`
    return { fileName: `node-${nodeId}-${of}.evidence`, base64: bytes.toString('base64'), events }
  }

  function start({ period, files, stellar }: CommandInput<'desk.start'>, once: Once, uploads: Uploads): CommandOutput<'desk.start'> {
    if (files.length === 0 && period === null) throw new AppError('usage', 'There is nothing to audit. Give files, or choose a period.')
    const store = sources.store()
    if (period !== null) storedPeriod(store, period)
    const network = storedNetwork(store)
    const asked = stellar
      ? { network: network ?? 'not named', config: payConfigOf({ books: sources.books, known: sources.known }, network).config }
      : null
    const jobId = randomUUID()
    const sent: string[] = []
    const drop = () => {
      for (const path of sent) uploads.remove(path)
    }
    try {
      const taken = files.map((file): ProposedFile => {
        if ('path' in file) return { path: file.path }
        const { path, name } = uploads.end(file.uploadId)
        sent.push(path)
        return { path, name }
      })
      const named = [...taken.map(({ path, name }) => name ?? basename(path)), ...(period === null ? [] : [`period ${period}`])].join(', ')
      const answered = once(`audit of ${named}`, () => ({ jobId }))
      sources.start({
        id: jobId,
        kind: 'audit',
        title: `Audit ${named}`,
        lane: 'audit',
        run: async context => {
          try {
            const input: DeskTaskInput = {
              dataDir: store.dataDir,
              files: taken,
              period,
              resources: sources.resources(),
              rules: nodePeriodRules(sources.books, store),
              madeBy: sources.madeBy,
              nowTs: sources.books.now(),
              stellar: asked,
            }
            const done = (await sources.runTask('desk', input, taskContext(context))) as DeskTaskOutput
            results.set(jobId, { ...done, report: null })
            for (const old of [...results.keys()].slice(0, -KEPT)) results.delete(old)
            return { period }
          } finally {
            drop()
          }
        },
      })
      return answered as CommandOutput<'desk.start'>
    } catch (error) {
      drop()
      throw error
    }
  }

  async function sign({ jobId, keyId }: CommandInput<'desk.sign'>, once: Once): Promise<CommandOutput<'desk.sign'>> {
    const { audit } = kept(jobId)
    const { reportText } = await import('../jobs/audit/report-file.ts')
    const key = (await sources.keys.list()).keys.find(found => found.keyId === keyId)
    if (!key) throw new AppError('not-found', 'This key is not in the vault any more.')
    const kind = key.kind === 'sr25519' ? ('sr25519' as const) : ('ed25519' as const)
    const signer = { kind, publicKey: key.publicKey, name: key.name }
    const report = reportText(audit, { ...signer, sign: bytes => sources.keys.signWith(keyId, bytes) })
    const answered = once(
      `audit report of ${audit.head.subjects.join(', ')}, hash ${report.seal.digest}, signed with ${key.name}`,
      () => signer,
    )
    const found = results.get(jobId)
    if (found) found.report = report
    return answered as CommandOutput<'desk.sign'>
  }

  return {
    answers: {
      'desk.get'({ jobId }) {
        const found = results.get(jobId)
        if (!found) return null
        const { audit, sealed, report } = found
        const shown = audit && { head: audit.head, sums: audit.sums, records: audit.records, bases: audit.bases, ledger: audit.ledger }
        return { audit: shown, sealed, signer: report?.seal.signer ?? null }
      },
      'desk.rows'({ jobId, verdict, search, offset, limit }) {
        const text = search?.trim().toLowerCase() ?? ''
        const rows = kept(jobId).audit.receipts.filter(
          row =>
            (verdict === undefined || row.verdict === verdict) &&
            (text === '' || `${row.nodeId}\n${row.address}\n${row.hash}\n${row.where}`.toLowerCase().includes(text)),
        )
        return { rows: rows.slice(offset, offset + limit), total: rows.length }
      },
      'desk.file': fileOf,
      'desk.bundle': bundleOf,
    },
    async command(name, input, once, uploads) {
      if (name === 'desk.sign') {
        const signed = await sign(deskCommands[name].in.parse(input), once)
        sources.changed()
        return signed
      }
      return start(deskCommands[name].in.parse(input), once, uploads)
    },
  }
}
