/** How often and from which seed a property runs: GRANARY_RUNS and GRANARY_SEED, printed so that a failure can be repeated. */
export function runs(defaultCount: number): { numRuns: number; seed: number } {
  const numRuns = Number(process.env.GRANARY_RUNS ?? defaultCount)
  const seed = Number(process.env.GRANARY_SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`property: ${numRuns} runs, GRANARY_SEED=${seed}`)
  return { numRuns, seed }
}
