// A process of its own that syncs and says how much memory it takes: node sync-rss-child.ts DATA_DIR ENDPOINT PERIODS; a line is BLOCKS BYTES
import { syncFolder } from './sync.ts'

const [dataDir, endpoint, periods] = process.argv.slice(2)
const say = (blocks: number): void => void process.stdout.write(`${blocks} ${process.memoryUsage.rss()}\n`)
await syncFolder(dataDir!, {
  ...{ endpoints: [endpoint!], network: 'devnet', periods: Number(periods) },
  onState: state => say(state.readBlocks),
})
