import { z } from 'zod'
import { bigintText, derivationLineSchema, rulesSchema, violationSchema } from './mint.ts'
import { fixed, unfixed } from './money.ts'
import { PERIOD_SEC } from './time.ts'

/*
 * What a node's payout rests on, as a what-if changes it: in the chain's own units, so that a figure nobody touched stays exactly as it
 * is. People enter GiB, hours, per cent and USD; the texts are turned into those units here, exactly.
 */

const GIB = 2n ** 30n
const HOUR = 3_600n
/** digits behind the point that are taken of what people enter, and shown */
const ENTERED_DECIMALS = 9
const SHOWN_DECIMALS = 3

const whole = bigintText.refine(value => value >= 0n, 'It takes no negative figure.')
const count = z.number().int().min(0)
/** milli-USD; the chain holds 32 bits */
const price = count.max(4_294_967_295)

export const whatIfPolicySchema = z.object({
  id: count,
  /** milli-USD per unit and period; of an address per hour */
  cu: price,
  su: price,
  nu: price,
  ipv4: price,
  /** as the chain holds it: permille, but per cent with old policies */
  minimalUptime: count,
})

/** A whole period of a node. */
export const whatIfFiguresSchema = z.object({
  cru: whole,
  /** bytes */
  mru: whole,
  hru: whole,
  sru: whole,
  /** bytes of public traffic, and addresses times seconds */
  nruBytes: whole,
  ipSec: whole,
  uptimeSec: count,
  certified: z.boolean(),
  /** milli-USD per TFT */
  connectionPriceMusd: price,
  policy: whatIfPolicySchema,
})
export type WhatIfFigures = z.infer<typeof whatIfFiguresSchema>

/** What limits the compute units of a node, and what the next step up is worth. */
export const cuLimitSchema = z.object({
  /** one, or several that limit alike */
  by: z.array(z.enum(['cru', 'mru', 'sru'])),
  /** what more of them counts until another resource limits: cores, and bytes in whole GiB; all 0 where all three limit alike */
  more: z.object({ cru: whole, mru: whole, sru: whole }),
  /** what that would earn in addition */
  gainUnits: bigintText,
  gainMusd: bigintText,
})
export type CuLimit = z.infer<typeof cuLimitSchema>

/** Units of 1e-7 TFT and milli-USD: with the SLA met for the whole period, and at the uptime given. */
export const whatIfOutcomeSchema = z.object({
  /** millionths */
  cloudUnits: z.object({ cu: bigintText, su: bigintText, nu: bigintText }),
  fullUnits: bigintText,
  fullMusd: bigintText,
  units: bigintText,
  musd: bigintText,
  permille: z.number(),
  slaPermille: z.number(),
  slaMet: z.boolean(),
  derivation: z.array(derivationLineSchema),
  limit: cuLimitSchema,
})
export type WhatIfOutcome = z.infer<typeof whatIfOutcomeSchema>

export const whatIfQueries = {
  'whatIf.get': {
    in: z.object({
      nodeId: z.number().int(),
      /** absent: the one that pays on the network */
      rules: rulesSchema.optional(),
      /** figures in place of the node's own; absent: the node as it is */
      figures: whatIfFiguresSchema.optional(),
    }),
    out: z.object({
      nodeId: z.number(),
      label: z.string(),
      farmId: z.number(),
      farmName: z.string(),
      rules: rulesSchema,
      networkRules: rulesSchema,
      /** the period that the node's figures are from; seconds since the epoch */
      period: z.object({ start: z.number(), end: z.number() }),
      asOfTs: z.number(),
      /** why that period pays nothing whatever the figures, which leave it out */
      virtualized: z.boolean(),
      violation: violationSchema.nullable(),
      /** the node's figures in its latest period: use as it would be by the period's end at today's pace, uptime if it stays up */
      own: whatIfFiguresSchema,
      policies: z.array(
        whatIfPolicySchema.extend({
          name: z.string(),
          /** it pays by the uptime; what uptime it asks for at least, and whether any, is the rules' own then */
          scaled: z.boolean(),
        }),
      ),
      asIs: whatIfOutcomeSchema,
      changed: whatIfOutcomeSchema.nullable(),
    }),
  },
} as const
export type WhatIfAnswer = z.infer<(typeof whatIfQueries)['whatIf.get']['out']>

/** `62.76` from bytes: GiB, cut to 3 decimals. */
export function gibFromBytes(bytes: bigint): string {
  return shown((bytes * 10n ** BigInt(SHOWN_DECIMALS)) / GIB)
}

/** Bytes of a plain decimal in GiB, cut; null for any other text. */
export function bytesFromGib(text: string): bigint | null {
  return times(text, GIB)
}

export function hoursFromSec(sec: bigint): string {
  return shown((sec * 10n ** BigInt(SHOWN_DECIMALS)) / HOUR)
}

/** Seconds of a plain decimal in hours, cut; null for any other text. */
export function secFromHours(text: string): bigint | null {
  return times(text, HOUR)
}

/** Per cent of the period, cut to 3 decimals; at most 100. */
export function percentFromUptime(uptimeSec: number): string {
  const sec = BigInt(Math.min(uptimeSec, PERIOD_SEC))
  return shown((sec * 10n ** BigInt(SHOWN_DECIMALS + 2)) / BigInt(PERIOD_SEC))
}

/** The least seconds of uptime that are so many per cent of the period, 0 to 100; null for any other text. */
export function uptimeFromPercent(text: string): number | null {
  const share = unfixed(text, ENTERED_DECIMALS)
  const all = 100n * 10n ** BigInt(ENTERED_DECIMALS)
  if (share === null || share < 0n || share > all) return null
  return Number((share * BigInt(PERIOD_SEC) + all - 1n) / all)
}

/** Milli-USD of a plain decimal in USD with up to 3 decimals; null for any other text, and beyond what the chain holds. */
export function musdFromUsd(text: string): number | null {
  const musd = unfixed(text, 3)
  return musd !== null && price.safeParse(Number(musd)).success ? Number(musd) : null
}

function times(text: string, unit: bigint): bigint | null {
  const amount = unfixed(text, ENTERED_DECIMALS)
  return amount === null || amount < 0n ? null : (amount * unit) / 10n ** BigInt(ENTERED_DECIMALS)
}

/** Without zeros at the end, for a field that people change. */
function shown(amount: bigint): string {
  return fixed(amount, SHOWN_DECIMALS).replace(/\.?0+$/, '')
}
