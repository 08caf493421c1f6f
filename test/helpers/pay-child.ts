// A process of its own that sends a run, so that a test can kill it: node pay-child.ts DATA_DIR HORIZON PASSPHRASE RUN
import { flushCompileCache } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import { createHorizon } from '../../src-main/clients/stellar/horizon.ts'
import { sendRun } from '../../src-main/jobs/pay/run.ts'
import { openStore } from '../../src-main/store/open.ts'

const [dataDir = '', url = '', passphrase = '', runId = ''] = process.argv.slice(2)
const store = openStore(dataDir, { mode: 'write' })
const horizon = createHorizon({ url, passphrase, sleep: (_ms, signal) => wait(5, undefined, signal ? { signal } : {}) })
// written now, for the next one: who is killed can't any more
flushCompileCache()
process.stdout.write('ready\n')
await sendRun(store, horizon, runId).catch(error => process.stdout.write(`${error.code}\n`))
store.close()
process.stdout.write('done\n')
