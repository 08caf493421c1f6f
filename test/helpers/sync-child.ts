// A process of its own that syncs, so that a test can kill it: node sync-child.ts DATA_DIR ENDPOINT
import { syncFolder } from './sync.ts'

const [dataDir, endpoint] = process.argv.slice(2)
await syncFolder(dataDir!, { endpoints: [endpoint!] })
process.stdout.write('done\n')
