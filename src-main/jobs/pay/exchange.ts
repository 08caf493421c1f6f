import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { envelopeKindSchema, MAX_PLAN_ROWS, type PayoutPlan, payoutPlanSchema } from '../../../src-shared/pay.ts'
import { parseEnvelope } from '../../clients/stellar/envelope.ts'
import { hasHint, isBy } from '../../clients/stellar/signatures.ts'
import type { Built } from '../../clients/stellar/types.ts'
import { planText } from '../../engines/payout-plan/plan.ts'
import type { Replacement } from '../../engines/payout-plan/run.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import {
  type EnvelopeSignature,
  findEnvelope,
  hasRun,
  insertReplacement,
  insertRun,
  loadApprovals,
  loadEnvelopes,
  loadSignatures,
  saveApproval,
  saveSignatures,
} from '../../store/runs.ts'
import { planEnvelope, replacementEnvelope } from './ledger.ts'
import { type Accounts, createSlices, envelopesToSign, isApproval, withSignatures } from './sign.ts'
import { applyEvents, openRun, type PlacedEvent, readKnownPlan, refused } from './state.ts'

/*
 * Runs travel as two files: a manifest (JSON) with the plan, and beside it the open envelopes, plain base64 of their XDR, one a line, which
 * any tool for Stellar can sign. Whatever comes back, in whatever order and how often, is added to what is there.
 */

const replacementSchema = z.object({
  place: z.number().int().min(0),
  generation: z.number().int().min(1),
  kind: envelopeKindSchema,
  minTs: z.number().int().min(0),
  maxTs: z.number().int().min(1),
  feeStroops: z.number().int().min(100).max(1_000_000_000),
})

const manifestSchema = z.object({
  format: z.literal('granary-payout-run'),
  version: z.literal(1),
  runId: z.string(),
  plan: payoutPlanSchema,
  replacements: z.array(replacementSchema).max(MAX_PLAN_ROWS * 10),
  approvals: z.array(z.object({ signer: z.string(), signature: z.string().max(100) })).max(100),
  /** what each line of the other file is; for people */
  lines: z.array(z.string()),
})

/** Longest file that is read, in characters. */
const MOST_CHARS = 200_000_000

export interface RunFiles {
  manifest: string
  envelopes: string
}

/** A run's files, with the signatures so far, of a cancelled run only with what uses numbers up; other work gets its turn meanwhile. Throws AppError not-found, store.corrupt, cancelled. */
export async function exportRun(store: Store, runId: string, signal?: AbortSignal): Promise<RunFiles> {
  const { plan, run } = openRun(store, runId)
  const signatures = loadSignatures(store, run.runId)
  const open = envelopesToSign(store, run)
  const replacements = loadEnvelopes(store, run.runId).flatMap(all =>
    all.slice(1).map(({ place, generation, kind, minTs, maxTs, feeStroops }) => ({ place, generation, kind, minTs, maxTs, feeStroops })),
  )
  const lines = open.map(({ hash, place, kind }) => {
    const { payee, amountUnits, nodeId } = plan.rows[place]!
    const what =
      kind === 'bump' ? `uses up the number of row ${place}` : `${tftExact(amountUnits)} ${plan.assetCode} to ${payee} (node ${nodeId})`
    return `${hash} ${what}`
  })
  const manifest = {
    format: 'granary-payout-run',
    version: 1,
    runId: run.runId,
    plan: z.encode(payoutPlanSchema, plan),
    replacements,
    approvals: loadApprovals(store, run.runId),
    lines,
  }
  const slice = createSlices(signal)
  let envelopes = ''
  for (const { hash, envelope } of open) {
    envelopes += `${withSignatures(envelope, plan.passphrase, signatures.get(hash) ?? [])}\n`
    await slice()
  }
  return { manifest: `${JSON.stringify(manifest, null, 1)}\n`, envelopes }
}

export interface Imported {
  runId: string
  /** the run was not known before */
  added: boolean
  replacements: number
  approvals: number
}

/**
 * Takes a manifest in: the run if it is not known, replacements, and who signed the run's id. Throws AppError `archive.format` where it is none,
 * `store.network` where it is for another network than `expected`, `store.conflict` where another run of the same period lives.
 */
export async function importManifest(
  store: Store,
  text: string,
  expected: { network: string; passphrase: string } | null,
  signal?: AbortSignal,
): Promise<Imported> {
  const manifest = readManifest(text)
  const { plan, runId } = readKnownPlan(planText(manifest.plan))
  if (runId !== manifest.runId) throw badFile('its plan is not the one that the run was named after')
  if (expected && (plan.network !== expected.network || plan.passphrase !== expected.passphrase))
    throw new AppError(
      'store.network',
      `This run is for network "${plan.network}" and you use "${expected.network}", or their passphrases differ. Nothing was changed.`,
    )
  const approvals = manifest.approvals.filter(approval => isApproval(runId, approval))
  // a known run has its envelopes: signatures that come back need none built again
  const envelopes = hasRun(store, runId) ? [] : await buildEnvelopes(plan, signal)
  return writeTransaction(store.books, 'books.db', () => {
    const { added } = addRun(store, plan, envelopes, false)
    const replacements = addReplacements(store, runId, manifest.replacements, true)
    for (const approval of approvals) saveApproval(store, runId, approval)
    return { runId, added, replacements, approvals: approvals.length }
  })
}

/** The envelopes that follow from a plan, by place; other work gets its turn meanwhile. Throws AppError usage, cancelled. */
export async function buildEnvelopes(plan: PayoutPlan, signal?: AbortSignal): Promise<Built[]> {
  const slice = createSlices(signal)
  const built: Built[] = []
  for (const row of plan.rows) {
    built.push(planEnvelope(plan, row))
    await slice()
  }
  return built
}

/** Adds a run with the envelopes of its plan (buildEnvelopes; a known run needs none). Throws as insertRun does; within a transaction of the caller's. */
export function addRun(store: Store, plan: PayoutPlan, envelopes: readonly Built[], madeHere: boolean): { runId: string; added: boolean } {
  const text = planText(plan)
  const { runId } = readKnownPlan(text)
  return { runId, ...insertRun(store, { runId, plan, planText: text, madeHere, envelopes }) }
}

/**
 * Adds replacements that are not known yet and that their rows allow; others are left out: a row that is settled here needs none. The ledger
 * takes one envelope of a row, whoever makes how many. `elsewhere`: another machine made them. Within a transaction of the caller's. Gives how
 * many were added. Throws AppError `archive.format` where one is of no row, `store.conflict` where another run pays its receipt.
 */
export function addReplacements(store: Store, runId: string, list: readonly Replacement[], elsewhere: boolean): number {
  const live = openRun(store, runId)
  if (live.run.stage === 'done' || live.run.stage === 'dead' || live.run.stage === 'withdrawn') {
    if (elsewhere || list.length === 0) return 0
    throw refused('over', 'This run is over: what it has not paid is paid with the next period.')
  }
  const made = [...list]
    .sort((a, b) => a.generation - b.generation)
    .map(replacement => {
      if (!live.plan.rows[replacement.place]) throw badFile(`it replaces row ${replacement.place}, which there is not`)
      const { hash, envelope } = replacementEnvelope(live.plan, replacement)
      const { place, kind, maxTs } = replacement
      const event = { kind: 'replace', envelope: { hash, kind, maxTs }, elsewhere } as const
      return { replacement, hash, envelope, placed: { place, event } satisfies PlacedEvent }
    })
  const refusals = new Set<PlacedEvent>(
    applyEvents(
      store,
      live,
      made.map(({ placed }) => placed),
    ),
  )
  const added = made.filter(({ placed }) => !refusals.has(placed))
  for (const { replacement, hash, envelope } of added) {
    // another machine may have counted otherwise
    const generation = live.rows[replacement.place]!.envelopes.findIndex(known => known.hash === hash)
    insertReplacement(store, live.run, { ...replacement, generation, hash, envelope })
  }
  return added.length
}

/**
 * Takes signed envelopes in, one a line. Signatures count if they are of a known envelope and by a key that may sign for its accounts, or by
 * one that signed the run's id. Gives how many are new, and the lines that are of no envelope here. Throws AppError `archive.format` with the
 * line where one is no envelope.
 */
export async function importEnvelopes(
  store: Store,
  text: string,
  ask: { passphrase: string; accounts: Accounts; signal?: AbortSignal },
): Promise<{ added: number; foreign: number; refused: number }> {
  if (text.length > MOST_CHARS) throw badFile('it is too long')
  const slice = createSlices(ask.signal)
  const found: EnvelopeSignature[] = []
  const candidates = new Map<string, ReturnType<typeof candidatesOf>>()
  let foreign = 0
  let refused = 0
  for (const [at, line] of text.split('\n').entries()) {
    const envelope = line.trim()
    if (envelope === '') continue
    const { inner, hash } = readLine(envelope, ask.passphrase, at + 1)
    const known = findEnvelope(store, hash.toString('hex'))
    if (!known) {
      foreign++
      continue
    }
    const { signers, kept } = candidates.get(known.runId) ?? candidatesOf(store, known.runId, ask.accounts)
    candidates.set(known.runId, { signers, kept })
    for (const decorated of inner.signatures) {
      const raw = Buffer.from(decorated.signature.toBytes())
      // one that is kept was checked when it came in; a file comes back with all of them
      if (kept.get(known.hash)?.some(one => one.signature === raw.toString('base64'))) continue
      // some tools leave the hint out
      const signer = signers.find(each => hasHint(each, decorated) && isBy(each, hash, raw)) ?? signers.find(each => isBy(each, hash, raw))
      if (signer) found.push({ hash: known.hash, signer, signature: raw.toString('base64') })
      else refused++
    }
    await slice()
  }
  return { added: writeTransaction(store.books, 'books.db', () => saveSignatures(store, found)), foreign, refused }
}

/** Who may have signed a run's envelopes, and the signatures that are kept. */
function candidatesOf(store: Store, runId: string, accounts: Accounts) {
  const keys = [...accounts.values()].flatMap(({ signers }) => signers.map(({ key }) => key))
  const signers = [...new Set([...keys, ...loadApprovals(store, runId).map(({ signer }) => signer)])]
  return { signers, kept: loadSignatures(store, runId) }
}

function readLine(envelope: string, passphrase: string, line: number) {
  try {
    const { inner } = parseEnvelope(envelope, passphrase)
    return { inner, hash: Buffer.from(inner.hash()) }
  } catch (cause) {
    throw new AppError(
      'archive.format',
      `Line ${line} is no Stellar transaction. Nothing was changed. Each line is one envelope, base64 of its XDR.`,
      {
        cause,
        details: { line },
      },
    )
  }
}

function readManifest(text: string): z.infer<typeof manifestSchema> {
  if (text.length > MOST_CHARS) throw badFile('it is too long')
  try {
    return manifestSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw badFile('it has another form', cause)
  }
}

function badFile(what: string, cause?: unknown): AppError {
  return new AppError(
    'archive.format',
    `This is no manifest of a payout run: ${what}. Nothing was changed. Ask its maker for the file again.`,
    {
      ...(cause === undefined ? {} : { cause }),
    },
  )
}
