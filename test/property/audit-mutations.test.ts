import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { StrKey } from '@stellar/stellar-sdk/base'
import type Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../../src-main/archive/demo-random.ts'
import { makeBundle } from '../../src-main/jobs/audit/bundle.ts'
import { BUNDLE_WHAT } from '../../src-main/jobs/audit/bundle-form.ts'
import { reportText, verifyReport } from '../../src-main/jobs/audit/report-file.ts'
import { sealLine, sealLines } from '../../src-main/jobs/audit/seal.ts'
import { verifyBundle } from '../../src-main/jobs/audit/verify-bundle.ts'
import { openStore } from '../../src-main/store/open.ts'
import { loadNodeRows } from '../../src-main/store/results.ts'
import { paymentOf } from '../../src-main/store/runs.ts'
import { toAppError } from '../../src-shared/errors.ts'
import type { ReceiptAudit, RecordKind } from '../../src-shared/receipt-audit.ts'
import { type AuditWorld, auditOf, changedCopy, makeAuditWorld, mintedText } from '../helpers/audit-world.ts'
import { makeOwnWorld, type OwnWorld } from '../helpers/own-world.ts'
import { runs } from '../helpers/runs.ts'
import { ann } from '../helpers/votes.ts'

/*
 * One thing is changed at random: a byte or a figure of a receipt, a payment line, a bundle, a report, the stored chain data, the results, a
 * vote, a payment, the audit trail. Each time the audit must name it, and nothing else of its kind.
 */

let world: AuditWorld
let bundle: Bundle
/** of a node's own period that signers decided */
let own: Bundle
let ownWorld: OwnWorld
/** of a receipt that a run here paid */
let paid: string[]
let report: string

beforeAll(async () => {
  world = await makeAuditWorld()
  const store = openStore(world.dataDir, { mode: 'read' })
  try {
    const order = { nodeId: 1, period: 80, resources: 'latest', madeBy: 'test', nowTs: 1_790_000_000 } as const
    const made = await makeBundle(store, order, async () => new Map([[1_000_000, `0x${'12'.repeat(32)}`]]), ann)
    const lines = gunzipSync(made.bytes).toString().trimEnd().split('\n')
    bundle = { lines: lines.slice(0, -1), seal: lines.at(-1)!, dataDir: world.dataDir }
    const paidNode = loadNodeRows(store, 79).find(({ hash }) => paymentOf(store, hash))!.nodeId
    const other = await makeBundle(store, { ...order, nodeId: paidNode, period: 79 }, async () => new Map(), ann)
    paid = gunzipSync(other.bytes).toString().trimEnd().split('\n').slice(0, -1)
    report = reportText(await auditOf(world.dataDir, { period: 80 }), ann).text
  } finally {
    store.close()
  }
  ownWorld = await makeOwnWorld()
  const lines = gunzipSync((await ownWorld.bundle(ownWorld.decided, ann)).bytes)
    .toString()
    .trimEnd()
    .split('\n')
  own = { lines: lines.slice(0, -1), seal: lines.at(-1)!, dataDir: ownWorld.dataDir }
})
afterAll(() => {
  world?.clear()
  ownWorld?.clear()
})

interface Bundle {
  lines: string[]
  seal: string
  /** who has the events */
  dataDir: string
}

type Random = ReturnType<typeof createRandom>

/** What was changed, in words for whoever reads a failure, and whether it was found. */
interface Tried {
  what: string
  found: boolean
  said: unknown
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!

/** Another byte at a place; never a line feed, so that lines stay what they are. */
function otherByte(random: Random, bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  while (changed[at] === bytes[at] || changed[at] === 0x0a) changed[at] = random.below(256)
  return changed
}

/** Another value of the same kind. */
function otherValue(random: Random, value: unknown): unknown {
  if (typeof value === 'number') return value + 1 + random.below(1000)
  if (typeof value === 'bigint') return value + 1n + BigInt(random.below(1000))
  if (value === null) return pick(random, [1, 7])
  if (Buffer.isBuffer(value)) return value.length === 0 ? Buffer.from([1]) : flipped(random, value)
  const text = String(value)
  if (text === '') return 'x'
  const at = random.below(text.length)
  const letter = text[at]!
  const other = /\d/.test(letter) ? String((Number(letter) + 1 + random.below(9)) % 10) : letter === 'a' ? 'b' : 'a'
  return text.slice(0, at) + other + text.slice(at + 1)
}

function flipped(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes)
  changed[random.below(bytes.length)]! ^= 1 << random.below(8)
  return changed
}

const wrongNames = ({ records }: ReceiptAudit, kind: RecordKind) =>
  records.find(found => found.kind === kind)?.wrong.map(({ name }) => name) ?? []

async function receiptFile(random: Random): Promise<Tried> {
  const name = pick(random, ['receipts.ndjson', 'receipts.ndjson', 'payouts.csv'])
  const lines = mintedText(world, name).trimEnd().split('\n')
  const line = random.below(lines.length)
  const bytes = Buffer.from(lines[line]!)
  const changed = otherByte(random, bytes, random.below(bytes.length))
  const folder = join(world.folder, 'files')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const whole = lines.map((text, i) => (i === line ? changed : Buffer.from(text)))
  const file = Buffer.concat(whole.flatMap(text => [text, Buffer.from('\n')]))
  writeFileSync(join(folder, 'receipts.ndjson'), name === 'receipts.ndjson' ? file : mintedText(world, 'receipts.ndjson'))
  writeFileSync(join(folder, 'payouts.csv'), name === 'payouts.csv' ? file : mintedText(world, 'payouts.csv'))
  const found = await auditOf(world.dataDir, { files: [{ path: folder }] })
  const place = `${name}, line ${line + 1}`
  const fails = found.receipts.filter(({ verdict }) => verdict === 'fails')
  // what is named is the line itself, or the receipt that stands for the same, with the line in its reason
  const isNamed = fails.some(
    ({ where, checks }) => where === place || checks.some(({ state, why }) => state === 'fails' && why.includes(place)),
  )
  const others = fails.filter(({ where, checks, reasons }) => where !== place && !JSON.stringify([checks, reasons]).includes(place))
  return { what: `${place}: ${changed.toString('latin1')}`, found: isNamed && !isInnocent(others, name), said: fails }
}

/** A payment line whose receipt was changed pays a hash that no receipt has any more: that is told too, and is no other record. */
function isInnocent(others: ReceiptAudit['receipts'], changed: string): boolean {
  return others.some(({ kind }) => !(kind === 'payout' && changed === 'receipts.ndjson'))
}

async function bundleByte(random: Random, of = bundle): Promise<Tried> {
  const all = [...of.lines, of.seal]
  const line = random.below(all.length)
  const bytes = Buffer.from(all[line]!)
  const changed = otherByte(random, bytes, random.below(bytes.length))
  const file = Buffer.concat(all.flatMap((text, i) => [i === line ? changed : Buffer.from(text), Buffer.from('\n')]))
  const isSeal = line === of.lines.length
  try {
    const { problems } = await verifyBundle('it', gzipSync(file), null)
    const names = problems.map(({ name }) => name)
    // a changed seal may say that other lines are not as it says: it is the seal, or a line whose mark in the seal was changed
    const found = isSeal ? names.length > 0 : names.length === 1 && names[0]!.startsWith(`line ${line + 1},`)
    return { what: `bundle, line ${line + 1} of ${all.length}: ${changed.toString('latin1').slice(0, 300)}`, found, said: problems }
  } catch (error) {
    // the first line says what kind of file it is
    return {
      what: 'bundle, line 1',
      found: line === 0 && (error as Error).message.includes('it is no evidence bundle'),
      said: String(error),
    }
  }
}

/** Somebody changes an event and seals everything anew: only who has the events themselves can tell. */
async function bundleResealed(random: Random, of = bundle): Promise<Tried> {
  const first = of.lines.findIndex(line => line.startsWith('{"kind":"block"'))
  const line = first + random.below(of.lines.length - first)
  const event = JSON.parse(of.lines[line]!) as { n: number; events: [string, Record<string, unknown>][] }
  const chosen = pick(random, event.events)
  const member = pick(
    random,
    Object.keys(chosen[1]).filter(name => typeof chosen[1][name] === 'number' && name !== 'node_id' && name !== 'contract_id'),
  )
  if (member === undefined) return bundleResealed(random, of)
  chosen[1][member] = otherValue(random, chosen[1][member])
  const bytes = sealedAnew(of.lines.with(line, JSON.stringify(event)))
  const store = openStore(of.dataDir, { mode: 'read' })
  try {
    const { checks } = await verifyBundle('it', bytes, store)
    const own = checks.find(({ name }) => name === 'against your own store')
    return {
      what: `event of block ${event.n}, ${member}`,
      found: own?.state === 'fails' && own.why.includes(`block ${event.n} `),
      said: checks,
    }
  } finally {
    store.close()
  }
}

/** Somebody changes the payment in a bundle and seals everything anew: its bytes tell. */
async function bundlePayment(random: Random): Promise<Tried> {
  const line = JSON.parse(paid[3]!) as { runs: { signatures: { signer: string; signature: string }[]; [member: string]: unknown }[] }
  const run = line.runs[0]!
  const member = pick(random, ['tx', 'envelope', 'payer', 'issuer', 'assetCode', 'passphrase', 'signature', 'signer'] as const)
  const owner: Record<string, unknown> = member === 'signature' || member === 'signer' ? pick(random, run.signatures) : run
  owner[member] = otherValue(random, owner[member])
  const { checks, problems } = await verifyBundle('it', sealedAnew(paid.with(3, JSON.stringify(line))), null)
  const isNamed = checks.find(({ name }) => name === 'payment')?.state === 'fails' || problems.some(({ name }) => name.includes('payments'))
  return { what: `payment in a bundle, ${member}`, found: isNamed, said: [checks, problems] }
}

/** Somebody changes a vote or what was decided on a mint, and seals everything anew. */
async function bundleDecision(random: Random): Promise<Tried> {
  const line = JSON.parse(own.lines[5]!) as Decision
  const what = pick(random, ['vote', 'vote', 'amount', 'mint', 'signer'] as const)
  if (what === 'vote') {
    const at = random.below(line.votes.length)
    line.votes[at] = String(otherValue(random, line.votes[at]))
  } else if (what === 'amount') line.decision.decided.amountUnits = String(otherValue(random, line.decision.decided.amountUnits))
  else if (what === 'mint') line.decidedFor = String(otherValue(random, line.decidedFor))
  else {
    const signer = pick(random, line.signers.signers)
    signer.publicKey = String(otherValue(random, signer.publicKey))
  }
  const { checks, problems } = await verifyBundle('it', sealedAnew(own.lines.with(5, JSON.stringify(line))), null)
  const isNamed =
    checks.find(({ name }) => name === 'decision')?.state === 'fails' || problems.some(({ name }) => name.includes('decision'))
  return { what: `decision in a bundle, ${what}`, found: isNamed, said: [checks, problems] }
}

interface Decision {
  decidedFor: string
  decision: { decided: { amountUnits: string } }
  signers: { signers: { publicKey: string }[] }
  votes: string[]
}

/** Bytes of a file that were changed, cut off or put in anywhere, also in its packing: it is read, or refused in words, and never goes unnoticed. */
async function bundleFile(random: Random): Promise<Tried> {
  const { lines, seal } = pick(random, [bundle, own])
  const text = Buffer.from(`${[...lines, seal].join('\n')}\n`)
  const isPacked = random.below(2) === 0
  const bytes = isPacked ? gzipSync(text) : text
  const at = random.below(bytes.length - 1)
  const added = Buffer.from(Array.from({ length: 1 + random.below(40) }, () => random.below(256)))
  const how = pick(random, ['cut', 'put in', 'taken out'] as const)
  const rest = bytes.subarray(how === 'taken out' ? at + added.length : at)
  const changed = how === 'cut' ? bytes.subarray(0, at) : Buffer.concat([bytes.subarray(0, at), ...(how === 'put in' ? [added] : []), rest])
  const what = `bundle ${isPacked ? 'packed' : 'unpacked'}, ${how} at ${at} of ${bytes.length}`
  try {
    const { problems } = await verifyBundle('it', isPacked ? changed : gzipSync(changed), null)
    return { what, found: problems.length > 0, said: problems }
  } catch (error) {
    return { what, found: toAppError(error).code === 'archive.format', said: String(error) }
  }
}

function sealedAnew(lines: readonly string[]): Buffer {
  return gzipSync(`${[...lines, sealLine(sealLines(BUNDLE_WHAT, lines, 1, ann))].join('\n')}\n`)
}

async function reportByte(random: Random): Promise<Tried> {
  const bytes = Buffer.from(report)
  const at = random.below(bytes.length - 1)
  if (bytes[at] === 0x0a) return reportByte(random)
  const line = bytes.subarray(0, at).filter(byte => byte === 0x0a).length
  const { problems } = await verifyReport('it', otherByte(random, bytes, at))
  const last = report.trimEnd().split('\n').length - 1
  const found = line === last ? problems.length > 0 : problems.some(({ name }) => name.startsWith(`line ${line + 1},`))
  return { what: `report, line ${line + 1}, byte ${at}`, found, said: problems }
}

/** A row of a table, changed in one of the columns. */
function changeRow(
  db: Database.Database,
  random: Random,
  table: string,
  columns: readonly string[],
  where = '1',
): { row: Record<string, unknown>; column: string } {
  db.defaultSafeIntegers(true)
  const rows = db.prepare(`SELECT * FROM ${table} WHERE ${where}`).all() as Record<string, unknown>[]
  const row = pick(random, rows)
  const column = pick(random, columns)
  const keys = (db.pragma(`table_info(${table})`) as { name: string; pk: bigint }[])
    .filter(({ pk }) => Number(pk) > 0)
    .map(({ name }) => name)
  const same = keys.length === 0 ? '1' : keys.map(key => `${key} = @${key}`).join(' AND ')
  const given = Object.fromEntries(keys.map(key => [key, row[key]]))
  db.prepare(`UPDATE ${table} SET ${column} = @changed WHERE ${same}`).run({ ...given, changed: otherValue(random, row[column]) })
  return { row, column }
}

async function storedEvents(random: Random): Promise<Tried> {
  const [table, column] = pick(random, [
    ['events', 'data'],
    ['events', 'data'],
    ['chunks', 'head'],
    ['snapshots', 'json'],
    ['start_parts', 'json'],
  ] as const)
  let row: Record<string, unknown> = {}
  const copy = changedCopy(world, 'facts', db => {
    row = changeRow(db, random, table, [column]).row
  })
  const found = await auditOf(copy, { period: 80 })
  const importId = Number(row.import_id ?? (table === 'events' ? Number(BigInt(row.id as bigint) >> 41n) : Number(row.id) >> 14))
  const period = importId === 1 ? 79 : 80
  const names = wrongNames(found, 'event')
  return {
    what: `${table}.${column} of import ${importId}`,
    found: names.length > 0 && names.every(name => name.includes(`period ${period}`)),
    said: found.records,
  }
}

const RESULT_COLUMNS = [
  'farm_id',
  'payout_address',
  'measured_uptime_sec',
  'reward_units',
  'reward_musd',
  'hash',
  'full_units',
  'policy_id',
  'violation',
]

async function storedResult(random: Random): Promise<Tried> {
  const isText = random.below(2) === 0
  let node: unknown
  let column = ''
  const copy = changedCopy(world, 'facts', db => {
    const changed = isText
      ? changeRow(db, random, 'node_texts', ['receipt', 'overview_line', 'days'], 'period = 80')
      : changeRow(db, random, 'node_results', RESULT_COLUMNS, 'period = 80')
    node = changed.row.node_id
    column = changed.column
  })
  const found = await auditOf(copy, { period: 80 })
  const names = wrongNames(found, 'result')
  return {
    what: `${column} of node ${node}`,
    found: names.length === 1 && names[0] === `result of node ${node}, period 80`,
    said: found.records,
  }
}

async function vote(random: Random): Promise<Tried> {
  let changed: ReturnType<typeof changeRow> | null = null
  const copy = changedCopy(world, 'books', db => {
    changed = changeRow(db, random, 'votes', ['vote', 'vote', 'subject', 'signer', 'signers_hash', 'cast_ts', 'network'])
    // the row stands elsewhere by now: it is named by where it stands
    const { column, row } = changed
    if (column !== 'vote') {
      const now = db.prepare('SELECT * FROM votes WHERE vote = ?').get(row.vote) as Record<string, unknown>
      changed = { column, row: now }
    }
  })
  const { row, column } = changed!
  const names = wrongNames(await auditOf(copy, { period: 80 }), 'vote')
  const name = `vote of ${row.signer} on ${row.subject} (network ${row.network})`
  return { what: `votes.${column}: ${name}`, found: names.length === 1 && names[0] === name, said: names }
}

const ROW_COLUMNS = [
  'receipt',
  'origin',
  'node_id',
  'farm_id',
  'payee',
  'amount_units',
  'stage',
  'tx',
  'ledger',
  'paid_ts',
  'is_foreign',
  'conflict',
  'network',
]
const ENVELOPE_COLUMNS = ['envelope', 'kind', 'min_ts', 'max_ts', 'fee_stroops', 'stage', 'hash']

async function payment(random: Random): Promise<Tried> {
  const table = pick(random, [
    'payout_rows',
    'payout_rows',
    'payout_envelopes',
    'payout_signatures',
    'payment_finds',
    'payout_runs',
    'payment_checks',
  ] as const)
  const columns: Record<typeof table, readonly string[]> = {
    payout_rows: ROW_COLUMNS,
    payout_envelopes: ENVELOPE_COLUMNS,
    payout_signatures: ['signature', 'signer'],
    payment_finds: ['state', 'found', 'subject', 'receipt', 'network'],
    payout_runs: ['plan', 'subject', 'network'],
    payment_checks: ['ledger', 'checked_ts', 'subject', 'network'],
  }
  let changed: ReturnType<typeof changeRow> | null = null
  let place = -1
  const copy = changedCopy(world, 'books', db => {
    const of = db.prepare('SELECT hash, place FROM payout_envelopes').all() as { hash: string; place: number }[]
    changed = changeRow(db, random, table, columns[table])
    place = Number(changed.row.place ?? of.find(({ hash }) => hash === changed!.row.hash)?.place ?? -1)
  })
  const { row, column } = changed!
  const names = wrongNames(await auditOf(copy, { period: 80 }), 'payment')
  const isNamed = (name: string) =>
    place >= 0
      ? name.startsWith(`payment ${place + 1} of run ${world.runId.slice(0, 16)} `)
      : table === 'payout_runs'
        ? name === `run ${world.runId}`
        : table === 'payment_checks'
          ? name.startsWith('how Stellar was read for ')
          : name.startsWith('payment found for receipt ')
  return {
    what: `${table}.${column} of ${String(row.place ?? row.hash ?? row.receipt)}`,
    found: names.length === 1 && isNamed(names[0]!),
    said: names,
  }
}

async function auditEntry(random: Random): Promise<Tried> {
  const table = pick(random, ['audit', 'audit', 'audit', 'audit_head', 'audit_signed_heads'] as const)
  const columns: Record<typeof table, readonly string[]> = {
    audit: ['seq', 'ts', 'actor', 'action', 'subject', 'details', 'previous', 'hash'],
    audit_head: ['entries', 'hash'],
    audit_signed_heads: ['entries', 'hash', 'marks_hash', 'ts', 'public_key', 'signature'],
  }
  let changed: ReturnType<typeof changeRow> | null = null
  const copy = changedCopy(world, 'books', db => {
    changed = changeRow(db, random, table, columns[table])
  })
  const { row, column } = changed!
  const names = wrongNames(await auditOf(copy, { period: 80 }), 'audit')
  // a changed head says that another entry should be the last
  const found = table === 'audit' ? names.includes(`entry ${row.seq} of the audit trail`) : names.length > 0
  return { what: `${table}.${column} of ${String(row.seq ?? row.id)}`, found, said: names }
}

const ownByte = (random: Random) => bundleByte(random, own)
const ownResealed = (random: Random) => bundleResealed(random, own)
const kinds = {
  ...{ receiptFile, bundleByte, bundleResealed, bundlePayment, bundleFile, ownByte, ownResealed, bundleDecision },
  ...{ reportByte, storedEvents, storedResult, vote, payment, auditEntry },
}

test('nothing that is changed at random goes unnoticed, and what is named is what was changed', async () => {
  const clean = await auditOf(world.dataDir, { period: 80, files: [{ path: world.minted }] })
  expect([clean.sums.verdicts.fails, clean.sums.wrongRecords], JSON.stringify(clean.records)).toEqual([0, 0])
  expect(clean.records.map(({ kind, checked }) => [kind, checked > 0])).toEqual(
    ['audit', 'vote', 'payment', 'event', 'result'].map(kind => [kind, true]),
  )
  expect(StrKey.isValidEd25519PublicKey(clean.receipts.find(({ address }) => address !== '')!.address)).toBe(true)
  const untouched = await verifyBundle('it', sealedAnew(paid), null)
  expect(untouched.checks.find(({ name }) => name === 'payment')?.why).toContain('pays just this, by its own bytes')
  // too few votes for what was paid under signers that were there before
  const signersBefore = (db: Database.Database) => db.prepare('UPDATE vote_signers SET changed_ts = 1').run()
  expect(wrongNames(await auditOf(changedCopy(world, 'books', signersBefore), {}), 'vote')).toEqual([])
  const unvoted = changedCopy(world, 'books', db => {
    signersBefore(db)
    db.prepare("DELETE FROM votes WHERE subject = 'v3 79' AND signer LIKE 'ed25519%'").run()
  })
  expect(wrongNames(await auditOf(unvoted, {}), 'vote')).toEqual(['votes on period 79 (network test)'])
  const { numRuns, seed } = runs(36)
  const missed: unknown[] = []
  const names = Object.keys(kinds) as (keyof typeof kinds)[]
  for (let run = 0; run < numRuns; run++) {
    const kind = names[run % names.length]!
    const tried = await kinds[kind](createRandom(seed + run))
    if (!tried.found) missed.push({ run, seed: seed + run, kind, ...tried })
  }
  expect(missed, JSON.stringify(missed, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value), 1).slice(0, 6000)).toEqual([])
}, 1_800_000)
