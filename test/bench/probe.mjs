// Loaded into each measured process: leaves its peak memory and processor time where the bench finds them.
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const target = process.env.GRANARY_BENCH_PROBE
if (target && isMainThread)
  process.on('exit', () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
    writeFileSync(target, JSON.stringify({ peakMiB: maxRSS / 1024, cpuSec: (userCPUTime + systemCPUTime) / 1e6 }))
  })
