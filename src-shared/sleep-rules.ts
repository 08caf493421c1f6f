/** The clauses of the step `sleep`, which does not mean the same by each. Apart from mint.ts, so that pages need none of its schemas. */
export const sleepRules = {
  inPeriod: 'v3 power',
  atStart: "v3 power, asleep at the period's start",
  afterPeriod: 'v3 after the period, going to sleep',
} as const
