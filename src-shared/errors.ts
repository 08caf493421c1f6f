/** Every way in which Granary says that something went wrong. The code is for programs, the message for people. */
export const errorCodes = [
  'usage', // the caller asked for something that does not exist or makes no sense
  'archive.format', // a grid archive breaks its format; details.line and details.member say where
  'archive.compression', // gzip or zstd data is cut or damaged
  'archive.changed', // the file is not the one whose import began
  'mint.inconsistent', // the input contradicts itself: details.record and details.block say where
  'mint.missing', // what the mint needs is not there (a snapshot, a period)
  'mint.refused', // what was asked of a mint can't be done with it (any more); details.reason
  'pay.refused', // what was asked of a payout run can't be done with it (any more); details.reason
  'store.newer', // written by a newer Granary
  'store.busy', // another instance writes
  'store.corrupt', // a checksum or integrity check failed
  'store.network', // the store holds another network
  'store.conflict', // the same period is stored with other events
  'store.migration', // a migration failed; details.backup names the copy
  'chain.offline', // no endpoint answers; retryable
  'chain.busy', // an endpoint refuses for the moment: too many requests, answer too big, timed out; retryable
  'chain.answer', // an endpoint's answer makes no sense: null, malformed, an error of its own; details.url, details.method
  'chain.not-archive', // an endpoint has thrown old state away; details.url, details.block
  'chain.network', // another network than the store's: its genesis hash differs
  'chain.parent', // a block does not stand on the one before it; details.block
  'chain.differs', // two endpoints say different things of one block; details.block
  'chain.undecodable', // an event or runtime that this program does not know; details.block, details.pallet, details.event, details.spec
  'chain.refused', // what was asked of a call to the chain can't be done with it (any more), or the chain has no such call; details.reason
  'keys.secret', // what was entered is no secret that makes a key; nothing of it is repeated
  'keys.passphrase', // the passphrase opens nothing of what it was tried on
  'keys.wait', // passphrases were wrong too often: none is tried yet; details.waitSec
  'keys.locked', // the key is not in memory: it takes its passphrase first
  'keys.unconfirmed', // the key's words were not asked back yet
  'keys.watch-only', // of this key only the address is known
  'keys.bound', // the key is bound to the safe storage of another machine or host; details.boundTo
  'keys.damaged', // a stored secret is no box of ours
  'keys.once', // the answer held a secret and was given: it is not given again
  'stellar.offline', // Horizon does not answer; retryable
  'stellar.busy', // Horizon refuses for the moment: too many requests, overloaded, timed out; retryable
  'stellar.answer', // Horizon's answer makes no sense, or it refuses the question for good; details.url
  'stellar.network', // Horizon serves another Stellar network than the configured one
  'stellar.envelope', // a transaction's bytes or a signature are not what they should be
  'vote.refused', // a vote that is not taken, or can't be cast; details.reason (src-shared/votes-contract.ts)
  'ledger.refused', // the ledger's own rules do not take an entry; nothing was moved
  // the treasury's refusals: texts and statuses of the REST door stand in src-shared/treasury/refusals.ts
  'tokens.balance',
  'tokens.available',
  'tokens.locked',
  'tokens.max-supply',
  'tokens.unknown',
  'tokens.transfer-amount',
  'tokens.mint-amount',
  'tokens.burn-amount',
  'tokens.lock-amount',
  'tokens.unlock-amount',
  'tokens.mirror',
  'tokens.self',
  'tokens.chain-tx', // this movement of a transaction on a chain stands in the books already
  'entities.unknown',
  'entities.locked',
  'entities.other',
  'administrator.needed',
  'administrator.set',
  'administrator.unset',
  'config.unknown',
  'config.invalid', // a setting of the treasury can't be that; details.field
  'payments.amount',
  'payments.self',
  'payments.request',
  'payments.escrow',
  'payments.escrow-owner',
  'payments.escrow-state',
  'payments.unknown',
  'payments.nobody',
  'revenue.nothing',
  'revenue.capital',
  'watch.unknown',
  'watch.decided',
  'credit.amount',
  'credit.terms',
  'credit.size',
  'credit.quote',
  'credit.waiting',
  'credit.no-analyst',
  'credit.endpoint',
  'credit.application',
  'credit.application-state',
  'credit.pool',
  'credit.loan',
  'credit.loan-state',
  'credit.repayment',
  'pools.deposit',
  'pools.withdrawal',
  'pools.unknown',
  'pools.inactive',
  'pools.position',
  'pools.exceeds',
  'guarantees.amount',
  'guarantees.coverage',
  'guarantees.ratio',
  'guarantees.size',
  'guarantees.unknown',
  'guarantees.owner',
  'guarantees.state',
  'guarantees.self',
  'auctions.base',
  'auctions.unknown',
  'auctions.owner',
  'auctions.state',
  'auctions.joined',
  'auctions.end',
  'access-tokens.unknown',
  'access-tokens.many',
  'rest.token', // no token of the REST door, or one that is not good (any more)
  'rest.scope', // the token's scopes do not take in what was asked; details.scope
  'rest.origin', // asked by another name than this machine's, or by a web page
  'rest.rate', // too many requests; details.waitSec; retryable
  'rest.request', // no request that the REST door takes: its path, method, header or body
  'access.granted',
  'access.fee',
  'staking.minimum',
  'staking.duration',
  'staking.unknown',
  'staking.inactive',
  'staking.waiting',
  'staking.locked',
  'staking.pool-unknown',
  'staking.pool-inactive',
  'staking.pool-minimum',
  'staking.pool-maximum',
  'staking.pool-trust',
  'staking.pool-exists',
  'staking.size',
  'rewards.difficulty',
  'rewards.score',
  'rewards.module',
  'rewards.repeated',
  'rewards.proof-id',
  'rewards.proof-unknown',
  'rewards.recipient',
  'rewards.kind',
  'rewards.fund',
  'rewards.amount',
  'rewards.top-up',
  'rewards.unknown',
  'rewards.unavailable',
  'rewards.distributed',
  'governance.tokens',
  'governance.unknown',
  'governance.vote',
  'governance.early',
  'governance.late',
  'governance.voted',
  'governance.quorum',
  'governance.threshold',
  'governance.window',
  'governance.trust',
  'governance.parameter',
  'governance.not-passed',
  'governance.executed',
  'governance.permissions',
  'curve.exists',
  'curve.unknown',
  'curve.balance',
  'curve.zero',
  'curve.overflow',
  'curve.parameters',
  'curve.supply',
  'curve.slippage',
  'io.missing', // no such file or folder
  'io.denied', // no permission
  'io.full', // no space left
  'io.failed', // any other failure of the operating system
  'contract.invalid', // a request or answer that breaks the contract
  'idempotency.reused', // one key, two different commands
  'audit.broken', // the audit trail does not hash up
  'jobs.clock', // the clock is far ahead of the last slot or went backwards: scheduled jobs wait for a person's word; details.clock
  'backup.damaged', // a backup file is cut off, altered, or none
  'backup.passphrase', // a backup is encrypted, and its passphrase is missing or another; details.reason
  'not-found',
  'cancelled',
  'core.gone', // the core stopped while a call was under way
  'internal', // a broken invariant; never expected
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** Details are plain data: they cross process borders and stand in logs. */
export type ErrorDetails = Record<string, string | number | boolean | null>

/** The one error of this program. `message` says what happened, to which record, and the way out. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.details = options.details ?? {}
  }
}

/** An error as data, for the wire. The cause stays behind: it may name paths and internals. */
export interface PlainError {
  code: ErrorCode
  message: string
  retryable: boolean
  details: ErrorDetails
}

export function toPlainError(error: unknown): PlainError {
  const known = toAppError(error)
  return { code: known.code, message: known.message, retryable: known.retryable, details: known.details }
}

export function fromPlainError(plain: PlainError): AppError {
  return new AppError(plain.code, plain.message, { retryable: plain.retryable, details: plain.details })
}

/** What keeps standard output from being written, which, other than a file, can't be put back as it was. */
export function toPrintError(error: unknown): AppError {
  const known = toAppError(error)
  if (error instanceof AppError) return known
  const reason =
    known.code === 'io.full' ? 'The disk is full' : `The system refused: ${error instanceof Error ? error.message : String(error)}`
  return new AppError(
    known.code === 'internal' ? 'io.failed' : known.code,
    `${reason}. What was printed is cut off; make room or choose another place for it, and run it again.`,
    { cause: error },
  )
}

/** Node's errno codes that have an answer of their own. Anything unknown is `internal`, with its message kept. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const errno = (error as { code?: unknown } | null)?.code
  const path = (error as { path?: unknown } | null)?.path
  const where = typeof path === 'string' ? ` (${path})` : ''
  const options = { cause: error, details: typeof path === 'string' ? { path } : {} }
  switch (errno) {
    case 'ENOENT':
      return new AppError('io.missing', `There is no such file or folder${where}. Check the name and try again.`, options)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError('io.denied', `No permission${where}. Choose another place or change the permissions.`, options)
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return new AppError('io.full', `The disk is full${where}. Nothing half-written was kept; free some space and run it again.`, options)
    case 'EISDIR':
      return new AppError('io.failed', `This is a folder, not a file${where}. Name a file.`, options)
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new AppError('store.busy', 'Another Granary is writing to this data folder. Close it, or try again when it is done.', {
        ...options,
        retryable: true,
      })
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return new AppError(
        'store.corrupt',
        'The store is damaged. Move the data folder aside and import again, or restore a backup.',
        options,
      )
    case 'SQLITE_IOERR':
    case 'EIO':
      return new AppError('io.failed', `Reading or writing failed${where}. Check the disk and try again.`, options)
    case 'EEXIST':
    case 'ENOTDIR':
      return new AppError('io.failed', `A file stands where a folder is needed${where}. Name another place, or move that file.`, options)
    case 'ABORT_ERR':
      return new AppError('cancelled', 'Stopped on request.', { cause: error })
  }
  if ((error as { name?: unknown } | null)?.name === 'AbortError') return new AppError('cancelled', 'Stopped on request.', { cause: error })
  if (error instanceof Error && typeof errno === 'string' && typeof (error as { syscall?: unknown }).syscall === 'string')
    return new AppError('io.failed', `The system refused: ${error.message}. Check the disk and the name, and try again.`, options)
  return new AppError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}
