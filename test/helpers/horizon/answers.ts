import type { Memo, OperationRecord } from '@stellar/stellar-sdk/base'
import { baseAccount, kindOf, parseEnvelope } from './check.ts'
import { resultCodes, type TxOutcome } from './codes.ts'
import type { Account, LedgerRow, TxRow } from './state.ts'

/*
 * What Horizon answers, in the form of its documentation (HAL: members, links and pages). Amounts are texts with 7 decimals.
 */

export type Json = Record<string, unknown>

export function amountText(units: bigint): string {
  const digits = units.toString().padStart(8, '0')
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`
}

const isoTime = (ts: number) => new Date(ts * 1000).toISOString().replace('.000Z', 'Z')

/** The order of all of history in one number: ledger, transaction, operation. */
export function txToken({ ledger, place }: { ledger: number; place: number }): bigint {
  return (BigInt(ledger) << 32n) + (BigInt(place + 1) << 12n)
}

const link = (href: string, templated = false) => (templated ? { href, templated } : { href })

export function rootAnswer(base: string, passphrase: string, first: LedgerRow, last: LedgerRow): Json {
  return {
    _links: {
      account: link(`${base}/accounts/{account_id}`, true),
      fee_stats: link(`${base}/fee_stats`),
      self: link(`${base}/`),
      transaction: link(`${base}/transactions/{hash}`, true),
      transactions: link(`${base}/transactions{?cursor,limit,order}`, true),
    },
    horizon_version: '23.0.0-local',
    core_version: 'local',
    ingest_latest_ledger: last.sequence,
    history_latest_ledger: last.sequence,
    history_latest_ledger_closed_at: isoTime(last.closeTs),
    history_elder_ledger: first.sequence,
    core_latest_ledger: last.sequence,
    network_passphrase: passphrase,
    current_protocol_version: 23,
    supported_protocol_version: 23,
    core_supported_protocol_version: 23,
  }
}

export function accountAnswer(base: string, account: Account): Json {
  const { id, thresholds, trustlines } = account
  const self = `${base}/accounts/${id}`
  const lines = Object.entries(trustlines).map(([key, { balance, limit, authorised }]) => {
    const [code = '', issuer] = key.split(':')
    return {
      balance: amountText(balance),
      limit: amountText(limit),
      buying_liabilities: '0.0000000',
      selling_liabilities: '0.0000000',
      last_modified_ledger: account.changedLedger,
      is_authorized: authorised,
      is_authorized_to_maintain_liabilities: authorised,
      asset_type: code.length > 4 ? 'credit_alphanum12' : 'credit_alphanum4',
      asset_code: code,
      asset_issuer: issuer,
    }
  })
  return {
    _links: {
      self: link(self),
      transactions: link(`${self}/transactions{?cursor,limit,order}`, true),
      payments: link(`${self}/payments{?cursor,limit,order}`, true),
    },
    id,
    account_id: id,
    sequence: account.sequence.toString(),
    sequence_ledger: account.changedLedger,
    subentry_count: lines.length + Object.keys(account.signers).length - 1,
    last_modified_ledger: account.changedLedger,
    num_sponsoring: 0,
    num_sponsored: 0,
    thresholds: { low_threshold: thresholds.low, med_threshold: thresholds.med, high_threshold: thresholds.high },
    flags: { auth_required: account.authRequired, auth_revocable: false, auth_immutable: false, auth_clawback_enabled: false },
    balances: [
      ...lines,
      {
        balance: amountText(account.lumens),
        buying_liabilities: '0.0000000',
        selling_liabilities: '0.0000000',
        asset_type: 'native',
      },
    ],
    signers: Object.entries(account.signers).map(([key, weight]) => ({ weight, key, type: 'ed25519_public_key' })),
    data: {},
    paging_token: id,
  }
}

/** `asked`: the hash in the question, which of a fee bump may be the inner one. */
export function txAnswer(base: string, row: TxRow, ledger: LedgerRow, passphrase: string, asked = row.hash): Json {
  const { tx, bump } = parseEnvelope(row.envelope, passphrase)
  const texts = (list: typeof tx.signatures) => list.map(({ signature }) => Buffer.from(signature.toBytes()).toString('base64'))
  const hash = asked === row.innerHash ? asked : row.hash
  const self = `${base}/transactions/${hash}`
  const bounds = tx.timeBounds
  return {
    _links: {
      self: link(self),
      account: link(`${base}/accounts/${row.source}`),
      ledger: link(`${base}/ledgers/${row.ledger}`),
      operations: link(`${self}/operations{?cursor,limit,order}`, true),
    },
    id: hash,
    paging_token: txToken(row).toString(),
    successful: row.successful,
    hash,
    ledger: row.ledger,
    created_at: isoTime(ledger.closeTs),
    source_account: row.source,
    source_account_sequence: row.sequence,
    fee_account: row.feeSource,
    fee_charged: row.feeCharged.toString(),
    max_fee: row.maxFee.toString(),
    operation_count: tx.operations.length,
    envelope_xdr: row.envelope,
    result_xdr: row.result,
    ...memoAnswer(tx.memo),
    signatures: texts(hash === row.innerHash || !bump ? tx.signatures : bump.signatures),
    ...(bounds ? { preconditions: { timebounds: { min_time: bounds.minTime, max_time: bounds.maxTime } } } : {}),
    ...(bump
      ? {
          fee_bump_transaction: { hash: row.hash, signatures: texts(bump.signatures) },
          inner_transaction: { hash: row.innerHash, signatures: texts(tx.signatures), max_fee: tx.fee },
        }
      : {}),
  }
}

function memoAnswer({ type, value }: Memo): Json {
  if (type === 'none') return { memo_type: 'none' }
  const memo = value instanceof Uint8Array && type !== 'text' ? Buffer.from(value).toString('base64') : String(value)
  return { memo_type: type, memo }
}

/** The payments and created accounts of a transaction, each with its token. */
export function paymentAnswers(
  base: string,
  row: TxRow,
  ledger: LedgerRow,
  passphrase: string,
  joined: boolean,
): { token: bigint; json: Json }[] {
  const { tx } = parseEnvelope(row.envelope, passphrase)
  return tx.operations.flatMap((operation, place) => {
    const token = txToken(row) + BigInt(place + 1)
    const details = paymentDetails(operation, baseAccount(operation.source ?? row.source))
    if (!details) return []
    const json = {
      _links: { self: link(`${base}/operations/${token}`), transaction: link(`${base}/transactions/${row.hash}`) },
      id: token.toString(),
      paging_token: token.toString(),
      transaction_successful: row.successful,
      source_account: operation.source ?? row.source,
      type: kindOf(operation),
      type_i: operation.type === 'payment' ? 1 : 0,
      created_at: isoTime(ledger.closeTs),
      transaction_hash: row.hash,
      ...(joined ? { transaction: txAnswer(base, row, ledger, passphrase) } : {}),
      ...details,
    }
    return [{ token, json }]
  })
}

function paymentDetails(operation: OperationRecord, from: string): Json | null {
  if (operation.type === 'createAccount')
    return { starting_balance: operation.startingBalance, funder: from, account: operation.destination }
  if (operation.type !== 'payment') return null
  const { code, issuer } = operation.asset
  const asset = issuer
    ? { asset_type: code.length > 4 ? 'credit_alphanum12' : 'credit_alphanum4', asset_code: code, asset_issuer: issuer }
    : { asset_type: 'native' }
  return { ...asset, from, to: baseAccount(operation.destination), amount: operation.amount }
}

export function ledgerAnswer(base: string, row: LedgerRow): Json {
  return {
    _links: { self: link(`${base}/ledgers/${row.sequence}`) },
    id: row.hash,
    paging_token: (BigInt(row.sequence) << 32n).toString(),
    hash: row.hash,
    prev_hash: row.previousHash,
    sequence: row.sequence,
    successful_transaction_count: row.succeeded,
    failed_transaction_count: row.failed,
    operation_count: row.operations,
    closed_at: isoTime(row.closeTs),
    base_fee_in_stroops: 100,
    base_reserve_in_stroops: 5_000_000,
    protocol_version: 23,
  }
}

export function feeStatsAnswer(last: LedgerRow, minFee: bigint): Json {
  const names = ['max', 'min', 'mode', 'p10', 'p20', 'p30', 'p40', 'p50', 'p60', 'p70', 'p80', 'p90', 'p95', 'p99']
  const all = Object.fromEntries(names.map(name => [name, minFee.toString()]))
  return {
    last_ledger: String(last.sequence),
    last_ledger_base_fee: '100',
    ledger_capacity_usage: minFee > 100n ? '1' : '0.02',
    fee_charged: all,
    max_fee: all,
  }
}

/** A page of records with its links. */
export function pageAnswer(url: URL, records: Json[]): Json {
  const linkTo = (order: string | null, cursor: unknown) => {
    const other = new URL(url)
    other.searchParams.set('cursor', String(cursor ?? ''))
    if (order) other.searchParams.set('order', order)
    return link(other.href)
  }
  const order = url.searchParams.get('order') ?? 'asc'
  const cursor = url.searchParams.get('cursor')
  return {
    _links: {
      self: link(url.href),
      next: linkTo(order, records.at(-1)?.paging_token ?? cursor),
      prev: linkTo(order === 'asc' ? 'desc' : 'asc', records[0]?.paging_token ?? cursor),
    },
    _embedded: { records },
  }
}

/** An error as Horizon words it. */
export function problem(status: number, kind: string, title: string, extras?: Json): Json {
  return {
    type: `https://stellar.org/horizon-errors/${kind}`,
    title,
    status,
    detail: `${title}, says the local Horizon.`,
    ...(extras ? { extras } : {}),
  }
}

/** 400 with result codes: it was refused, or it stands failed in a ledger. */
export function failedAnswer(envelope: string, result: string, outcome: TxOutcome, isBump: boolean): Json {
  return problem(400, 'transaction_failed', 'Transaction Failed', {
    envelope_xdr: envelope,
    result_codes: resultCodes(outcome, isBump),
    result_xdr: result,
  })
}
