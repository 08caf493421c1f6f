import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { CommandOutput } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { group } from '../../src-shared/money.ts'
import { payCommands } from '../../src-shared/pay-contract.ts'
import { leastRaisedFee, rowCount, runSubject, strayTitle } from '../../src-shared/pay-text.ts'
import type { JobContext } from '../jobs/context.ts'
import { type Order, steerRun } from '../jobs/pay/run.ts'
import type { Store } from '../store/open.ts'
import { savePayConfig } from '../store/pay-config.ts'
import { sendingFees } from '../store/pay-lists.ts'
import { loadRun } from '../store/runs.ts'
import type { Once } from './once.ts'
import { readPayConfig } from './pay-config.ts'
import { confirmedHashes } from './pay-confirm.ts'
import { onShown, type PayRoom, planOf } from './pay-room.ts'
import { findStrays } from './pay-strays.ts'
import { verifyPayout } from './pay-verify.ts'
import { refuseUnvoted } from './pay-votes.ts'
import {
  importFiles,
  type Note,
  planPayout,
  reconcilePayout,
  replaceRows,
  reportText,
  sendPayout,
  signersOf,
  signPayout,
  takenText,
} from './pay-work.ts'

export type PayCommand = keyof typeof payCommands

/** Something that takes longer: what it is called, of which run it is, and how it is done; gives what came of it in words. */
export interface PayJob {
  jobId: string
  title: string
  runId: string | null
  /** it sends the run's envelopes */
  sends?: boolean
  run: (context: JobContext) => Promise<string>
}

export interface PayDoing {
  /** does a command's work once, in the books' transaction; `subject` for the audit trail */
  once: Once
  /** the end of a job's work, in the books' transaction, with an entry in the audit trail */
  noteOf: (jobId: string) => Note
  start: (job: PayJob) => void
  /** a file that was sent: its path here; removed by `drop` */
  sent: (uploadId: string) => string
  drop: (path: string) => void
}

/** Between two tries of a run that goes on by itself while Stellar is away; the wait doubles. */
const SHORTEST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000
/** So often the wait looks whether the run was paused meanwhile. */
const LOOK_MS = 500

/**
 * A run that was being sent when this Granary ended, to its end; as long as Stellar is away it is tried again. Paused or cancelled meanwhile it
 * ends at once.
 */
export function goOnPaying(room: PayRoom, runId: string, noteOf: PayDoing['noteOf']): PayJob {
  const jobId = randomUUID()
  const { subject } = loadRun(room.books, runId)
  const isHeld = () => loadRun(room.books, runId).stage !== 'running'
  const run = async (context: JobContext): Promise<string> => {
    for (let waitMs = SHORTEST_WAIT_MS; !isHeld(); waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        refuseUnvoted(room, loadRun(room.books, runId), 'sent')
        const report = await sendPayout(room, runId, {}, context)
        noteOf(jobId)('pay.sent', `run ${runId}`, { ...report.counts }, () => {})
        return reportText(report)
      } catch (cause) {
        const { retryable, message } = toAppError(cause)
        if (!retryable) throw cause
        context.onProgress?.({ fraction: null, detail: message, secondsLeft: null })
      }
      for (let waitedMs = 0; waitedMs < waitMs && !isHeld(); waitedMs += LOOK_MS) await pause(LOOK_MS, context.signal)
    }
    return 'It was paused or cancelled meanwhile.'
  }
  return { jobId, title: `Go on paying ${subject === 'mints' ? runSubject(null) : subject}`, runId, sends: true, run }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(ms, undefined, signal ? { signal } : {}).catch((cause: unknown) => {
    throw new AppError('cancelled', 'Stopped on request. What was sent is in the books and is settled next time.', { cause })
  })
}

/** Throws AppError usage where a raised fee is less than the ledger takes for these envelopes. */
function checkRaise({ books }: PayRoom, runId: string, mostStroops: number): void {
  const { feeStroops } = sendingFees(books, runId, loadRun(books, runId).stage === 'stopped')
  const least = leastRaisedFee(feeStroops)
  if (mostStroops < least)
    throw new AppError(
      'usage',
      `The raised fee must be ${group(String(least))} stroops or more: twice that of the transactions as they were signed. Nothing was sent.`,
    )
}

/** Holds a run whose sending somebody stops by hand; one that is not being sent any more stays as it is. */
export function pauseSending(books: Store, runId: string): Record<string, never> {
  if (loadRun(books, runId).stage === 'running') steerRun(books, runId, 'pause')
  return {}
}

/**
 * Does a command of the contract; those that take longer begin once the command is in the audit trail. Rejects with AppError pay.refused,
 * keys.*, usage, not-found, store.*.
 */
export async function payCommand(room: PayRoom, name: PayCommand, input: unknown, doing: PayDoing): Promise<CommandOutput<PayCommand>> {
  const { once } = doing
  const named = (given: string) => loadRun(room.books, given).runId
  /** a command that is repeated begins no second job */
  const begin = (
    subject: string,
    runId: string | null,
    title: string,
    run: (context: JobContext, note: Note) => Promise<string>,
    { before = () => {}, sends = false }: { before?: (() => void) | undefined; sends?: boolean } = {},
  ) => {
    let fresh = false
    const answer = once(subject, () => {
      before()
      fresh = true
      return { jobId: randomUUID() }
    }) as { jobId: string }
    const { jobId } = answer
    if (fresh) doing.start({ jobId, title, runId, sends, run: context => run(context, doing.noteOf(jobId)) })
    return answer
  }
  const send = (id: string, options: Parameters<typeof sendPayout>[2], before?: () => void) => {
    const plan = planOf(room, loadRun(room.books, id))
    const pay = async (context: JobContext, note: Note): Promise<string> => {
      const report = await sendPayout(room, id, options, context)
      note('pay.sent', `run ${id}`, { ...report.counts }, () => {})
      return reportText(report)
    }
    const mayPay = () => {
      refuseUnvoted(room, loadRun(room.books, id), 'sent')
      before?.()
    }
    return begin(`run ${id}`, id, `Pay ${runSubject(plan.period)}`, pay, { before: mayPay, sends: true })
  }
  switch (name) {
    case 'pay.setConfig': {
      const { network, config } = payCommands[name].in.parse(input)
      onShown(room, network)
      const read = await readPayConfig(config)
      return once(`payouts of network ${network}`, () => {
        savePayConfig(room.books, network, read)
        return {}
      }) as Record<string, never>
    }
    case 'pay.plan': {
      const ask = payCommands[name].in.parse(input)
      onShown(room, ask.network)
      return begin(runSubject(ask.period), null, `Plan the payout of ${runSubject(ask.period)}`, async (context, note) => {
        const { text } = await planPayout(room, ask, context, note)
        return text
      })
    }
    case 'pay.verify': {
      const { network, period } = payCommands[name].in.parse(input)
      onShown(room, network)
      const title = `Look for the payments of ${runSubject(period)}`
      return begin(runSubject(period), null, title, (context, note) => verifyPayout(room, network, period, context, note))
    }
    case 'pay.findStrays': {
      const { network } = payCommands[name].in.parse(input)
      onShown(room, network)
      return begin(`network ${network}`, null, strayTitle, (context, note) => findStrays(room, network, context, note))
    }
    case 'pay.sign': {
      const { runId, keyIds, confirmed } = payCommands[name].in.parse(input)
      const id = named(runId)
      const signers = await signersOf(room, keyIds)
      const reviewed = await confirmedHashes(room, id, confirmed)
      const plan = planOf(room, loadRun(room.books, id))
      const who = signers.map(({ address }) => address).join(', ')
      return begin(`run ${id}, by ${who}`, id, `Sign ${rowCount(plan.rows.length)}`, context =>
        signPayout(room, id, { signers, reviewed }, context),
      )
    }
    case 'pay.importSignatures': {
      const { network, files } = payCommands[name].in.parse(input)
      onShown(room, network)
      const sent: string[] = []
      const drop = () => {
        for (const path of sent) doing.drop(path)
      }
      try {
        const paths = files.map(file => {
          if ('path' in file) return file.path
          const path = doing.sent(file.uploadId)
          sent.push(path)
          return path
        })
        return begin(`${files.length} ${files.length === 1 ? 'file' : 'files'}`, null, 'Take signatures in', async (context, note) => {
          try {
            const taken = await importFiles(room, network, paths, context)
            note('pay.imported', taken.runs.map(id => `run ${id}`).join(', ') || 'signatures', { ...taken }, () => {})
            return takenText(taken)
          } finally {
            drop()
          }
        })
      } catch (error) {
        drop()
        throw error
      }
    }
    case 'pay.start': {
      const { runId, raise } = payCommands[name].in.parse(input)
      const id = named(runId)
      const [signer] = raise ? await signersOf(room, [raise.keyId]) : []
      if (raise) checkRaise(room, id, raise.mostStroops)
      return send(id, raise && signer ? { raise: { signer, mostStroops: BigInt(raise.mostStroops) } } : {})
    }
    case 'pay.resume': {
      const id = named(payCommands[name].in.parse(input).runId)
      return send(id, {}, () => steerRun(room.books, id, 'resume'))
    }
    case 'pay.reconcile': {
      const id = named(payCommands[name].in.parse(input).runId)
      return begin(`run ${id}`, id, 'Reconcile', async (context, note) => {
        const report = await reconcilePayout(room, id, context)
        note('pay.reconciled', `run ${id}`, { ...report.counts }, () => {})
        return reportText(report)
      })
    }
    case 'pay.replace': {
      const { runId, kind } = payCommands[name].in.parse(input)
      const id = named(runId)
      const title = kind === 'bump' ? 'Use up numbers' : 'Replace expired rows'
      return begin(`run ${id}: ${kind}`, id, title, (context, note) => replaceRows(room, id, kind, context, note))
    }
    case 'pay.pause':
    case 'pay.cancel':
    case 'pay.withdraw': {
      const id = named(payCommands[name].in.parse(input).runId)
      return once(`run ${id}`, () => {
        steerRun(room.books, id, name.slice('pay.'.length) as Order)
        return {}
      }) as Record<string, never>
    }
  }
}
