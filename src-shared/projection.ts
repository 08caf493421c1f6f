import { z } from 'zod'
import { bigintText, violationSchema } from './mint.ts'
import { utilizationSchema } from './node-period.ts'

/** The share of the downtime budget below which a node is at risk. */
export const LOW_BUDGET = 0.1

/** What a node's period pays if things go one way or the other. */
export const projectedSchema = z.object({
  /** seconds that are credited by the end of the period */
  uptimeSec: z.number(),
  /** uptime over the period's length, cut, at most 1000 */
  permille: z.number(),
  /** whether that reaches what the policy asks for */
  slaMet: z.boolean(),
  violation: violationSchema.nullable(),
  /** units of 1e-7 TFT and milli-USD, as the mint pays them; use and traffic as far as they are known */
  units: bigintText,
  musd: bigintText,
})
export type Projected = z.infer<typeof projectedSchema>

/**
 * What one node's period comes to, from what is known of it until `asOfTs`. The same under both rule sets; times are seconds since the
 * epoch. Once the period is final both ways are its mint.
 */
export const projectionSchema = z.object({
  rules: z.enum(['v3', 'node-period']),
  period: z.object({ start: z.number(), end: z.number() }),
  /** the last known moment, at most the period's end */
  asOfTs: z.number(),
  /** the period is known to its end; under v3 reports of the 27 h after it may still change the result */
  over: z.boolean(),
  /** credited so far */
  uptimeSec: z.number(),
  /** so far: the full payout times the uptime so far over the period's length, whether or not the SLA will be met; once over, what it pays */
  earnedUnits: bigintText,
  earnedMusd: bigintText,
  /** it reports on time from `asOfTs` on; if it sleeps, it is woken and back before its sleep is lost */
  staysUp: projectedSchema,
  /** nothing more is heard of it after `asOfTs` */
  goesDown: projectedSchema,
  /** the least uptime that pays; null where the policy knows no threshold */
  neededSec: z.number().nullable(),
  /** of `staysUp`, how many seconds may still be lost before the SLA is missed; negative: missed by so much. Null without a threshold, and where nothing is paid whatever the uptime */
  budgetSec: z.number().nullable(),
  /** the budget of a period without any loss: its length less `neededSec`; null as `budgetSec` */
  allowedSec: z.number().nullable(),
  /**
   * if it has been off since the last second that counts: when it must be running again so that the SLA is still met. Null where the
   * budget is, where it is used up, and where the SLA is met whatever happens
   */
  backByTs: z.number().nullable(),
  /** asleep: its first report must come until then, or the sleep is not credited. Null: awake, or too late already */
  wakeByTs: z.number().nullable(),
  /** asleep and asked to boot: until then it must have booted, or the sleep is not credited and it is a slow boot. Null as `wakeByTs` */
  bootByTs: z.number().nullable(),
  violation: violationSchema.nullable(),
  /** average use so far; null where it was not worked out (lists leave it out) */
  utilization: utilizationSchema.nullable(),
})
export type Projection = z.infer<typeof projectionSchema>
