import { mintPeriod } from '../../src-main/core/index.ts'
import { workerTaskRunner } from '../../src-main/hosts/spawn-worker.ts'

/** `mint-inside.ts DATA OUT`: the seconds that minting period 102 takes inside a process that runs already, its files written. */
const [dataDir, outDir] = process.argv.slice(2) as [string, string]
const runTask = workerTaskRunner(1)
// a process that runs already has its thread
await runTask('warm-up', null, {}).catch(() => {})
const startMs = performance.now()
await mintPeriod({ dataDir, period: 102, resources: 'latest', outDir }, { runTask })
const sec = (performance.now() - startMs) / 1000
await runTask.close()
console.log(JSON.stringify({ sec }))
