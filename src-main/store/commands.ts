import { createHash } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import { appendAudit } from './audit.ts'
import { books, change, row, writeTransaction } from './db.ts'
import { canonicalJson } from './exact-json.ts'
import type { Store } from './open.ts'

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
  const text = canonicalJson(call.input ?? null)
  const inputHash = hashOf(text)
  return writeTransaction(store.books, 'books.db', () => {
    const known = knownAnswer(store, call, inputHash)
    if (known !== null) {
      if (known === NOT_KEPT)
        throw new AppError(
          'keys.once',
          'This was done, and its answer held a secret, which is shown once only. If you did not see it: a new key can be removed and made again, an export can be asked for again.',
        )
      return parseAnswer(known) as T
    }
    const output = work()
    if (call.audit !== false) {
      const details = call.audit?.details ?? text
      appendAudit(store, {
        actor: call.actor,
        action: call.command,
        subject: call.audit?.subject ?? '',
        details: details.length > MAX_DETAILS ? `${details.slice(0, MAX_DETAILS)}…` : details,
      })
    }
    const answer = {
      actor: call.actor,
      key: call.idempotencyKey,
      command: call.command,
      input_hash: inputHash,
      output: call.secretAnswer ? NOT_KEPT : formatAnswer(output),
      ts: store.now(),
    }
    change(store.books, books.insertInto('answers').values(answer))
    return output
  })
}

/** Whether exactly this was done before, so that it would not be done again. Throws AppError idempotency.reused. */
export function wasDone(store: Store, call: Pick<CommandCall, 'actor' | 'idempotencyKey' | 'command' | 'input'>): boolean {
  return knownAnswer(store, call, hashOf(canonicalJson(call.input ?? null))) !== null
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The answer as it is kept; null: the key is a new one. Throws AppError idempotency.reused. */
function knownAnswer(
  store: Store,
  { actor, idempotencyKey, command }: Pick<CommandCall, 'actor' | 'idempotencyKey' | 'command'>,
  inputHash: string,
): string | null {
  const query = books.selectFrom('answers').selectAll().where('actor', '=', actor).where('key', '=', idempotencyKey)
  const known = row(store.books, query)
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
