import { blake2b } from '@noble/hashes/blake2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import type { Rules } from '../../../src-shared/mint.ts'
import { MAX_UNITS, sumUnits } from '../../../src-shared/money.ts'
import { type PayableKind, type PayoutPlan, PLAN_FORMAT, type PlanRow, payoutPlanSchema } from '../../../src-shared/pay.ts'
import { compareText } from '../../../src-shared/text.ts'

/** Something that is to be paid. */
export interface Payable {
  kind: PayableKind
  nodeId: number
  farmId: number
  /** when the paid period began; seconds */
  startTs: number
  /** hex */
  receipt: string
  retryFor: string | null
  /** empty: the farm has none */
  address: string
  amountUnits: bigint
}

/** Whether an address can take the asset; `roomUnits`: how much its trustline still takes, null without a limit. */
export type PayeeCheck = { ok: true; roomUnits: bigint | null } | { ok: false; reason: string; wayOut: string }

/** An account that transactions come from. */
export interface Channel {
  address: string
  /** the last number that the ledger took */
  sequence: bigint
  /** lumens above its reserve, in stroops */
  spendableStroops: bigint
}

export interface PlanInput {
  network: string
  passphrase: string
  assetCode: string
  issuer: string
  payer: string
  /** what the payer has of the asset; null: it issues it */
  payerUnits: bigint | null
  rules: Rules
  period: number | null
  maker: string
  channels: readonly Channel[]
  feeStroops: number
  /** the ledger's own time; seconds */
  ledgerTs: number
  /** time left for signing, in seconds */
  signSec: number
  payables: readonly Payable[]
  /** by address */
  payees: ReadonlyMap<string, PayeeCheck>
  /** receipts that are on the ledger already, hex; a retry counts by the receipt that it stands for too */
  paid: ReadonlySet<string>
}

/** A payable that is not in the plan, and what the farmer must do. */
export interface LeftOut {
  payable: Payable
  reason: string
  wayOut: string
}

/** What an account lacks; `asset` is the payout's or XLM. */
export interface Shortage {
  account: string
  asset: string
  needsUnits: bigint
  hasUnits: bigint
}

export interface Planned {
  /** null: nothing is left to pay */
  plan: PayoutPlan | null
  /** the canonical plan and its hash; empty without a plan */
  text: string
  runId: string
  leftOut: LeftOut[]
  alreadyPaid: Payable[]
  shortages: Shortage[]
  totalUnits: bigint
  /** from the first submission, where nothing goes wrong */
  expectedSec: number
}

/** A ledger closes every 5 to 6 seconds, and takes one transaction of an account (issue 5: one pending transaction per source). */
export const LEDGER_SEC = 6
/** How much slower than that a run may be before its envelopes expire, as a fraction. */
const SLACK = { times: 3, over: 2 }
/** Left for a slow start, in seconds. */
const START_SEC = 600
/** Where nobody chose: time for signing. */
export const SIGN_SEC = 4 * 3600
/** The longest that an envelope may be good for: a day (issue 5, review). */
export const MOST_SEC = 24 * 3600

/**
 * The plan of a run: one transaction for each payable, in an order that depends on nothing but the payables. Rows go round the channels, so
 * each has its source and its sequence number from the start; whatever is signed for a row later takes that same number, which is what
 * makes a second payment of it impossible. Throws AppError `mint.inconsistent` for one receipt twice or an amount that can't be, `usage` where
 * the plan would take longer than a day.
 */
export function planRun(input: PlanInput): Planned {
  const { payables, paid } = input
  refuseTwice(payables)
  const ordered = [...payables].filter(({ amountUnits }) => amountUnits > 0n).sort(inOrder)
  const isPaid = ({ receipt, retryFor }: Payable) => paid.has(receipt) || (retryFor !== null && paid.has(retryFor))
  const alreadyPaid = ordered.filter(isPaid)
  const { good, leftOut } = checkPayees(
    ordered.filter(payable => !isPaid(payable)),
    input,
  )
  const rows = good.map((payable, place) => planRow(payable, place, input))
  const totalUnits = sumUnits(rows)
  const expectedSec = Math.ceil(rows.length / input.channels.length) * LEDGER_SEC
  const nothing = { leftOut, alreadyPaid, shortages: [], totalUnits, expectedSec }
  if (rows.length === 0) return { plan: null, text: '', runId: '', ...nothing }
  const { network, passphrase, assetCode, issuer, payer, rules, period, maker, feeStroops, ledgerTs } = input
  const channels = input.channels.map(({ address }) => address)
  const plan: PayoutPlan = {
    format: PLAN_FORMAT,
    version: 1,
    network,
    passphrase,
    assetCode,
    issuer,
    payer,
    rules,
    period,
    maker,
    channels,
    feeStroops,
    createdTs: ledgerTs,
    rows,
  }
  const longest = rows.reduce((most, { minTs, maxTs }) => Math.max(most, maxTs - minTs), 0)
  if (longest > MOST_SEC)
    throw new AppError(
      'usage',
      `${rows.length} payments over ${channels.length} ${channels.length === 1 ? 'account' : 'accounts'} take so long that the last would have to be good for more than a day. Nothing was planned. Add channel accounts, or leave less time for signing.`,
      { details: { longestSec: longest } },
    )
  const text = planText(plan)
  return { plan, text, runId: runIdOf(text), ...nothing, shortages: shortagesOf(plan, input) }
}

/** The plan's canonical text: what its hash, the run's id, stands for. Members in this order, amounts and numbers of 64 bits as texts. */
export function planText(plan: PayoutPlan): string {
  // the schema writes the members in its own order, whatever order the plan came in
  return JSON.stringify(z.encode(payoutPlanSchema, plan))
}

/** blake2b-256 of the canonical text, hex. */
export function runIdOf(text: string): string {
  return bytesToHex(blake2b(utf8ToBytes(text), { dkLen: 32 }))
}

/**
 * A plan that came from elsewhere. Throws AppError `archive.format` where it is none, is not written canonically, or breaks the rules that
 * make a run safe: every number once, every receipt once, rows in order.
 */
export function readPlan(text: string): { plan: PayoutPlan; runId: string } {
  const parsed = payoutPlanSchema.safeParse(parseJson(text))
  if (!parsed.success) throw badPlan(z.prettifyError(parsed.error).split('\n')[0] ?? 'it is none')
  const plan = parsed.data
  if (planText(plan) !== text) throw badPlan('it is not written in the one way that has its hash')
  const slots = new Set<string>()
  const receipts = new Set<string>()
  for (const [place, row] of plan.rows.entries()) {
    if (!plan.channels.includes(row.channel)) throw badPlan(`row ${place} comes from an account that is none of its channels`)
    if (row.amountUnits <= 0n || row.amountUnits > MAX_UNITS) throw badPlan(`row ${place} has an amount that can't be paid`)
    if (row.minTs >= row.maxTs || row.maxTs - row.minTs > MOST_SEC)
      throw badPlan(`row ${place} is good for no time, or for more than a day`)
    if ((row.kind === 'retry') !== (row.retryFor !== null)) throw badPlan(`row ${place} is a retry of nothing, or no retry of something`)
    slots.add(`${row.channel}/${row.sequence}`)
    for (const receipt of [row.receipt, row.retryFor]) {
      if (receipt === null) continue
      if (receipts.has(receipt)) throw badPlan(`receipt ${receipt} stands in it twice`)
      receipts.add(receipt)
    }
  }
  if (slots.size !== plan.rows.length) throw badPlan('two rows have the same sequence number of one account')
  return { plan, runId: runIdOf(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function badPlan(what: string): AppError {
  return new AppError('archive.format', `This payout plan can't be used: ${what}. Nothing was changed. Ask its maker for the file again.`)
}

function refuseTwice(payables: readonly Payable[]): void {
  const seen = new Set<string>()
  for (const { receipt, retryFor, amountUnits, nodeId } of payables) {
    if (amountUnits > MAX_UNITS)
      throw new AppError(
        'mint.inconsistent',
        `Receipt ${receipt} of node ${nodeId} is over more than a payment can hold. Nothing was planned.`,
      )
    for (const hash of [receipt, retryFor]) {
      if (hash === null) continue
      if (seen.has(hash))
        throw new AppError(
          'mint.inconsistent',
          `Receipt ${hash} of node ${nodeId} would be paid twice in this plan. Nothing was planned. Compute the period again.`,
        )
      seen.add(hash)
    }
  }
}

const kinds: Record<PayableKind, number> = { receipt: 0, mint: 1, retry: 2 }

/** As in payouts.csv (interfaces.md): receipts by node, then retries by their own hash; mints by node and start. */
function inOrder(a: Payable, b: Payable): number {
  if (a.kind !== b.kind) return kinds[a.kind] - kinds[b.kind]
  if (a.kind === 'retry') return compareText(a.receipt, b.receipt)
  return a.nodeId - b.nodeId || a.startTs - b.startTs || compareText(a.receipt, b.receipt)
}

function checkPayees(open: readonly Payable[], input: PlanInput): { good: Payable[]; leftOut: LeftOut[] } {
  const good: Payable[] = []
  const leftOut: LeftOut[] = []
  /** what the plan sends to each address so far: several nodes of a farm share one */
  const sent = new Map<string, bigint>()
  for (const payable of open) {
    const { address, amountUnits } = payable
    const check = address === '' ? NO_ADDRESS : address === input.payer ? OWN_ADDRESS : input.payees.get(address)
    if (!check) throw new AppError('internal', `The address ${address} of node ${payable.nodeId} was not checked.`)
    if (!check.ok) {
      leftOut.push({ payable, reason: check.reason, wayOut: check.wayOut })
      continue
    }
    const total = (sent.get(address) ?? 0n) + amountUnits
    if (check.roomUnits !== null && total > check.roomUnits) {
      leftOut.push({ payable, ...FULL })
      continue
    }
    sent.set(address, total)
    good.push(payable)
  }
  return { good, leftOut }
}

const NO_ADDRESS: PayeeCheck = {
  ok: false,
  reason: 'The farm has no payout address.',
  wayOut: 'The farmer sets a Stellar address for the farm; the receipt is then paid with the next period.',
}
const OWN_ADDRESS: PayeeCheck = {
  ok: false,
  reason: 'The farm names the paying account itself as its payout address.',
  wayOut: 'The farmer sets an address of their own for the farm.',
}
const FULL = {
  reason: "The account's trustline has no room for this amount.",
  wayOut: 'The farmer raises the limit of the trustline, or sends some of the balance elsewhere.',
}

function planRow(payable: Payable, place: number, { channels, ledgerTs, signSec }: PlanInput): PlanRow {
  const { kind, nodeId, farmId, startTs, receipt, retryFor, address, amountUnits } = payable
  const { address: channel, sequence } = channels[place % channels.length]!
  const depth = Math.floor(place / channels.length)
  return {
    kind,
    nodeId,
    farmId,
    startTs,
    receipt,
    retryFor,
    payee: address,
    amountUnits,
    channel,
    sequence: sequence + 1n + BigInt(depth),
    ...boundsAt(depth, ledgerTs, signSec),
  }
}

/** The time bounds of the `depth`th transaction of an account, from `fromTs`: time for signing, then for all before it. Seconds. */
export function boundsAt(depth: number, fromTs: number, signSec: number): { minTs: number; maxTs: number } {
  const turnSec = Math.ceil(((depth + 1) * LEDGER_SEC * SLACK.times) / SLACK.over)
  return { minTs: fromTs, maxTs: fromTs + signSec + START_SEC + turnSec }
}

function shortagesOf(plan: PayoutPlan, { payerUnits, channels }: PlanInput): Shortage[] {
  const shortages: Shortage[] = []
  const needsUnits = sumUnits(plan.rows)
  if (payerUnits !== null && payerUnits < needsUnits)
    shortages.push({ account: plan.payer, asset: plan.assetCode, needsUnits, hasUnits: payerUnits })
  for (const { address, spendableStroops } of channels) {
    const count = plan.rows.filter(({ channel }) => channel === address).length
    const fees = BigInt(count) * BigInt(plan.feeStroops)
    if (spendableStroops < fees) shortages.push({ account: address, asset: 'XLM', needsUnits: fees, hasUnits: spendableStroops })
  }
  return shortages
}
