// A process of its own that serves a made-up chain: node devnet-child.ts NODES DAYS; says its address and ends when it is killed.
import { startDevnet } from '../../src-main/jobs/devnet/index.ts'

const [nodes, days] = process.argv.slice(2).map(Number)
const devnet = await startDevnet({ nodes: nodes!, days: days!, live: false, nowMs: Date.UTC(2026, 10, 1) })
process.stdout.write(`${devnet.url} ${devnet.firstBlock} ${devnet.head()}\n`)
