// What signing a whole grid's run through the core takes: node sign-figures.ts ROWS. Prints JSON.
import { createPrivateKey, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openCore } from '../../src-main/core/index.ts'
import { openStore } from '../../src-main/store/open.ts'
import { loadEnvelopes } from '../../src-main/store/runs.ts'
import { makeKey } from '../helpers/horizon/index.ts'
import { ended, keepLargeRun, openKey, run, startPayWorld } from '../helpers/pay-core.ts'

export interface SignFigures {
  /** from the command to the end of its job, the review that holds it included */
  signSec: number
  /** the same hashes signed one after the other by the runtime's own ed25519, and nothing kept */
  bareSec: number
  /** the review of the run, asked for the first time */
  reviewSec: number
  /** the core's thread busy at one go at most, while it reviews and signs */
  pauseMs: number
}

const rows = Number(process.argv[2] ?? 5_500)
const folder = mkdtempSync(join(tmpdir(), 'granary-bench-sign-'))
const lab = await startPayWorld()
const runId = await keepLargeRun(lab, folder, rows)
const core = await openCore({ dataDir: folder, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
try {
  await run(core, 'pay.setConfig', { network: 'lab', config: lab.config })
  const keyId = await openKey(lab, core, 0)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const reviewMs = performance.now()
  await core.query('review.run', { runId })
  const signMs = performance.now()
  const text = await ended(core, await run(core, 'pay.sign', { runId, keyIds: [keyId] }))
  const endMs = performance.now()
  delay.disable()
  if (text !== `${rows} signatures made.`) throw new Error(text)
  await core.close()
  const store = openStore(folder, { mode: 'read' })
  const hashes = loadEnvelopes(store, runId).flatMap(each => each.map(({ hash }) => Buffer.from(hash, 'hex')))
  store.close()
  // any key will do: its length and the hashes' are what takes the time
  const seed = Buffer.from(makeKey('bench').rawSecretKey())
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' })
  const bareMs = performance.now()
  for (const hash of hashes) sign(null, hash, key)
  const found: SignFigures = {
    signSec: (endMs - signMs) / 1000,
    bareSec: (performance.now() - bareMs) / 1000,
    reviewSec: (signMs - reviewMs) / 1000,
    pauseMs: delay.max / 1e6,
  }
  console.log(JSON.stringify(found))
} finally {
  await core.close()
  await lab.local.stop()
  rmSync(folder, { recursive: true, force: true })
}
