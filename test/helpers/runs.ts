/**
 * How often and from which seed a property runs: GRANARY_RUNS and GRANARY_SEED, printed so that a failure can be repeated.
 * `most` bounds what is asked for, where one run is dear.
 */
export function runs(defaultCount: number, most = Number.POSITIVE_INFINITY): { numRuns: number; seed: number } {
  const numRuns = Math.min(Number(process.env.GRANARY_RUNS ?? defaultCount), most)
  const seed = Number(process.env.GRANARY_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`property: ${numRuns} runs, GRANARY_SEED=${seed}`)
  return { numRuns, seed }
}
