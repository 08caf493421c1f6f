import { createHash } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import { appendAudit } from './audit.ts'
import { prepared, writeTransaction } from './db.ts'
import { canonicalJson } from './exact-json.ts'
import type { Store } from './open.ts'
import type { AnswersTable } from './schema.ts'

/** Longest details that a command leaves in the audit trail on its own. */
const MAX_DETAILS = 2_000

export interface CommandCall {
  actor: string
  idempotencyKey: string
  command: string
  /** plain data; only its hash is kept */
  input: unknown
  /** what the audit trail says besides actor and command; default no subject and the input. `false`: no entry */
  audit?: { subject: string; details?: string } | false
  /** the answer holds a secret: it is not kept, and who asks again with the same key gets AppError keys.once in its place */
  secretAnswer?: boolean
}

/** What is kept of an answer that holds a secret: no JSON at all, so that it can't be taken for one. */
const NOT_KEPT = ''

/**
 * Does a command once: looks up the idempotency key, runs `work` (which changes the books through `store`), appends to the audit
 * trail and keeps the answer, all in one transaction that is on the disk when this returns. The same actor, key, command and input
 * again gives the kept answer without running `work`. An answer is plain data; bigints survive.
 * Throws AppError idempotency.reused (the key belongs to another command or input), keys.once (see secretAnswer), and what `work` throws:
 * nothing is kept then.
 */
export function runCommand<T>(store: Store, call: CommandCall, work: () => T): T {
  const input = inputOf(call)
  return writeTransaction(store.books, 'books.db', () => {
    const known = knownAnswer(store, call, input.hash)
    if (known !== null) {
      if (known === NOT_KEPT)
        throw new AppError(
          'keys.once',
          'This was done, and its answer held a secret, which is shown once only. If you did not see it: a new key can be removed and made again, an export can be asked for again.',
        )
      return parseAnswer(known) as T
    }
    const output = work()
    keepAnswer(store, call, input, output)
    return output
  })
}

/**
 * Keeps a command as done, in the audit trail and with its answer, where it was done together with others. Whoever calls it holds their
 * transaction, and knows by `wasDone` that it was not done before.
 */
export function keepDone(store: Store, call: CommandCall, output: unknown): void {
  keepAnswer(store, call, inputOf(call), output)
}

interface Input {
  /** canonical JSON */
  text: string
  hash: string
}

function inputOf({ input }: Pick<CommandCall, 'input'>): Input {
  const text = canonicalJson(input ?? null)
  return { text, hash: createHash('sha256').update(text).digest('hex') }
}

function keepAnswer(store: Store, call: CommandCall, { text, hash }: Input, output: unknown): void {
  const { actor, idempotencyKey, command, audit, secretAnswer } = call
  if (audit !== false) {
    const details = audit?.details ?? text
    appendAudit(store, {
      actor,
      action: command,
      subject: audit?.subject ?? '',
      details: details.length > MAX_DETAILS ? `${details.slice(0, MAX_DETAILS)}…` : details,
    })
  }
  // written out, as every command waits for it: kysely takes longer to make this text than SQLite to do it
  const insert = prepared(store.books, 'INSERT INTO answers (actor, key, command, input_hash, output, ts) VALUES (?, ?, ?, ?, ?, ?)')
  insert.run(actor, idempotencyKey, command, hash, secretAnswer ? NOT_KEPT : formatAnswer(output), store.now())
}

/** Whether exactly this was done before, so that it would not be done again. Throws AppError idempotency.reused. */
export function wasDone(store: Store, call: Pick<CommandCall, 'actor' | 'idempotencyKey' | 'command' | 'input'>): boolean {
  return knownAnswer(store, call, inputOf(call).hash) !== null
}

/** The answer as it is kept; null: the key is a new one. Throws AppError idempotency.reused. */
function knownAnswer(
  store: Store,
  { actor, idempotencyKey, command }: Pick<CommandCall, 'actor' | 'idempotencyKey' | 'command'>,
  inputHash: string,
): string | null {
  const sql = 'SELECT command, input_hash, output FROM answers WHERE actor = ? AND key = ?'
  const known = prepared(store.books, sql).get(actor, idempotencyKey) as Pick<AnswersTable, 'command' | 'input_hash' | 'output'> | undefined
  if (!known) return null
  if (known.command !== command || known.input_hash !== inputHash)
    throw new AppError(
      'idempotency.reused',
      `The idempotency key "${idempotencyKey}" was used for another ${known.command === command ? 'input of' : 'command:'} ${known.command}. Nothing was done; use a new key.`,
      { details: { key: idempotencyKey, command: known.command } },
    )
  return known.output
}

function formatAnswer(output: unknown): string {
  return JSON.stringify(output ?? null, (_key, value) => (typeof value === 'bigint' ? { $bigint: value.toString() } : value))
}

function parseAnswer(text: string): unknown {
  return JSON.parse(text, (_key, value) => (typeof value?.$bigint === 'string' ? BigInt(value.$bigint) : value))
}
