import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { ReceiptAudit } from '../../src-shared/receipt-audit.ts'
import type { SealedCheck } from '../../src-shared/sealed-check.ts'
import { auditReceipts } from '../jobs/audit/audit.ts'
import { type BlockHashes, type BundleOrder, type MadeBundle, makeBundle } from '../jobs/audit/bundle.ts'
import { makeOwnBundle } from '../jobs/audit/own-bundle.ts'
import { reportText, verifyReport } from '../jobs/audit/report-file.ts'
import { reportHtml } from '../jobs/audit/report-html.ts'
import type { Sealer } from '../jobs/audit/seal.ts'
import { verifyBundle } from '../jobs/audit/verify-bundle.ts'
import type { ProposedFile } from '../jobs/compare/read-proposal.ts'
import type { JobContext } from '../jobs/context.ts'
import { writeFilesAtomically } from '../jobs/files.ts'
import { loadBlocks } from '../store/chain.ts'
import { listPeriods, loadSettings, openStore, runCommand, type Store } from '../store/index.ts'
import { storedNetwork } from '../store/periods.ts'
import { type StellarAsk, stellarOf, storeOrNone } from './compare-command.ts'
import { createKeys } from './keys.ts'
import { mintOfId } from './mints-command.ts'
import { chainEndpoints, findNetwork, readKnownNetworks } from './networks.ts'
import { nodePeriodRules } from './node-periods.ts'
import { looksLikeBundle } from './sealed-files.ts'

/** With which key of the vault something is sealed. */
export interface SealAsk {
  /** name or id; `null`: the only one that can sign */
  key: string | null
  passphrase: string
  actor: string
}

export interface DeskAsk {
  dataDir: string
  /** files and folders */
  paths: readonly string[]
  period: number | null
  resources?: ResourceRule
  against: 'store' | 'chain' | 'stellar'
  stellar?: StellarAsk
  madeBy: string
  /** absent: not signed */
  seal?: SealAsk
  /** where the report goes; a page to print beside it, `.html` in the place of its ending */
  out?: string
}

export interface DeskDone {
  audit: ReceiptAudit
  /** what was written */
  files: string[]
  signed: boolean
}

/**
 * Audits receipts from files, folders and the store, and writes the report where it is asked for. Reads beside a running Granary; to sign, the
 * data folder must be free. Rejects with AppError usage, mint.missing, io.*, store.*, stellar.*, keys.*, cancelled.
 */
export async function auditDesk(ask: DeskAsk, context: JobContext): Promise<DeskDone> {
  const store = ask.seal ? openStore(ask.dataDir, { mode: 'write' }) : storeOrNone(ask.dataDir)
  try {
    const stellar = ask.stellar && (await stellarOf(store, ask.stellar))
    const audit = await auditReceipts(
      store,
      {
        files: ask.paths.map(path => ({ path })),
        period: ask.period,
        resources: ask.resources ?? (store ? loadSettings(store).resources : 'latest'),
        rules: store ? nodePeriodRules(store, store) : { firstNodePeriod: null, carbon: false },
        against: ask.against,
        madeBy: ask.madeBy,
        nowTs: store?.now() ?? Math.floor(Date.now() / 1000),
        ...(stellar && { stellar }),
      },
      context,
    )
    if (ask.out === undefined) return { audit, files: [], signed: false }
    const { out } = ask
    const files = await sealed(store, ask.seal, `audit report of ${audit.head.subjects.join(', ')}`, sealer =>
      reportFiles(audit, out, sealer),
    )
    writeFilesAtomically(dirname(resolve(out)), files)
    return { audit, files: Object.keys(files), signed: ask.seal !== undefined }
  } finally {
    store?.close()
  }
}

/** The report and the page to print, by file name. */
export function reportFiles(audit: ReceiptAudit, out: string, sealer: Sealer | null): Record<string, string> {
  const { text, seal } = reportText(audit, sealer)
  const name = basename(out)
  return { [name]: text, [`${name.replace(/\.json$/i, '')}.html`]: reportHtml(audit, seal) }
}

/** Does work with a key of the vault that is unlocked for it, and writes down that it signed. */
async function sealed<T>(
  store: Store | null,
  ask: SealAsk | undefined,
  what: string,
  work: (sealer: Sealer | null) => T | Promise<T>,
): Promise<T> {
  if (!ask || !store) return work(null)
  const keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
  try {
    const { keys: list } = await keys.list()
    const wanted = ask.key?.trim().toLowerCase()
    const able = list.filter(({ forms }) => forms.length > 0)
    const found = wanted === undefined ? able : able.filter(({ keyId, name }) => keyId === wanted || name.toLowerCase() === wanted)
    const [key, second] = found
    if (!key) throw new AppError('not-found', 'No such key that can sign is in the vault here. granary keys list names them all.')
    if (second) throw new AppError('usage', 'Several keys can sign. Say which: --sign NAME.')
    await keys.command('keys.unlock', { keyIds: [key.keyId], passphrase: ask.passphrase }, { id: ask.actor }, randomUUID())
    const done = await work({
      kind: key.kind === 'sr25519' ? 'sr25519' : 'ed25519',
      publicKey: key.publicKey,
      name: key.name,
      sign: bytes => keys.signWith(key.keyId, bytes),
    })
    runCommand(
      store,
      {
        actor: ask.actor,
        idempotencyKey: randomUUID(),
        command: 'audit.sign',
        input: { what, key: key.publicKey },
        audit: { subject: what },
      },
      () => null,
    )
    return done
  } finally {
    keys.lock()
  }
}

export interface BundleAsk {
  dataDir: string
  /** a node's receipt of a fixed period, or the mint of a node's own period by its id or the beginning of it */
  of: { nodeId: number; period: number; resources?: ResourceRule } | { mint: string }
  out: string
  madeBy: string
  seal?: SealAsk
  /** asks the network's chain nodes for the hash of each block; null: only what the store keeps */
  networksFile: string | null
}

/** What became of a bundle that was written. */
export interface BundleDone {
  file: string
  bytes: number
  receipt: string
  events: number
  blocks: number
  blockHashes: number
}

/** Writes an evidence bundle. Rejects as makeBundle does, and with AppError io.*, keys.*, chain.*. */
export async function writeBundle(ask: BundleAsk, context: JobContext): Promise<BundleDone> {
  const store = openStore(ask.dataDir, { mode: ask.seal ? 'write' : 'read' })
  try {
    const { of, madeBy } = ask
    const hashes = ask.networksFile === null ? keptHashes(store) : askedHashes(store, ask.networksFile, context)
    const order = { madeBy, nowTs: store.now() }
    const { what, make } = 'mint' in of ? ownMaker(store, of.mint, order, hashes) : fixedMaker(store, of, order, hashes)
    const made = await sealed(store, ask.seal, `evidence bundle of ${what}`, make)
    const { bytes, hash, events, blocks, blockHashes } = made
    writeFilesAtomically(dirname(resolve(ask.out)), { [basename(ask.out)]: [bytes] })
    return { file: ask.out, bytes: bytes.length, receipt: hash, events, blocks, blockHashes }
  } finally {
    store.close()
  }
}

interface BundleMaker {
  what: string
  make(sealer: Sealer | null): Promise<MadeBundle>
}
type MadeBy = Pick<BundleOrder, 'madeBy' | 'nowTs'>

function fixedMaker(store: Store, of: Extract<BundleAsk['of'], { period: number }>, by: MadeBy, hashes: BlockHashes): BundleMaker {
  const { nodeId, period, resources = loadSettings(store).resources } = of
  const what = `node ${nodeId}, period ${period}`
  return { what, make: sealer => makeBundle(store, { ...by, nodeId, period, resources }, hashes, sealer) }
}

function ownMaker(store: Store, mint: string, by: MadeBy, hashes: BlockHashes): BundleMaker {
  const { nodeId, startTs, hash } = mintOfId(store, mint)
  const order = { ...by, nodeId, startTs, rules: nodePeriodRules(store, store) }
  return { what: `mint ${hash} of node ${nodeId}`, make: sealer => makeOwnBundle(store, order, hashes, sealer) }
}

/** Those that the store keeps, of blocks that it read from the chain: the newest, and each thousandth before them. */
export function keptHashes(store: Store): BlockHashes {
  return async blocks => {
    const synced = listPeriods(store).filter(({ origin }) => origin === 'sync')
    const read = blocks.filter(n => synced.some(({ startBlock, coveredToBlock }) => startBlock <= n && n <= coveredToBlock))
    const [first, last] = [read[0], read.at(-1)]
    if (first === undefined || last === undefined) return new Map()
    const wanted = new Set(read)
    return new Map(loadBlocks(store, first, last).flatMap(({ n, hash }) => (wanted.has(n) ? [[n, hash] as const] : [])))
  }
}

/** Those that the network's chain nodes give. */
function askedHashes(store: Store, networksFile: string, context: JobContext): BlockHashes {
  return async blocks => {
    const network = storedNetwork(store) ?? ''
    const { endpoints, genesis } = chainEndpoints(findNetwork(readKnownNetworks(networksFile), store, network))
    const [{ connectChain }, { getHashes }] = await Promise.all([import('../jobs/doctor/chain.ts'), import('../clients/tfchain/hashes.ts')])
    const signal = context.signal ?? new AbortController().signal
    const chain = await connectChain({ endpoints, genesis, signal })
    try {
      const { value } = await getHashes(chain, blocks, { signal })
      return new Map(blocks.map((n, i) => [n, value[i]!]))
    } finally {
      await chain.close()
    }
  }
}

/** Far above the report of a whole grid. */
const MAX_SEALED_BYTES = 256 * 2 ** 20

/** Verifies audit reports and evidence bundles, without a network and also without a store. Throws AppError archive.format, io.*, store.*. */
export async function verifySealed(dataDir: string, paths: readonly string[]): Promise<SealedCheck[]> {
  const store = storeOrNone(dataDir)
  try {
    return await verifySealedIn(
      store,
      paths.map(path => ({ path })),
    )
  } finally {
    store?.close()
  }
}

/** The same with a store that is open. */
export async function verifySealedIn(store: Store | null, files: readonly ProposedFile[]): Promise<SealedCheck[]> {
  try {
    const found: SealedCheck[] = []
    for (const { path, name = basename(path) } of files) {
      if (statSync(path).size > MAX_SEALED_BYTES)
        throw new AppError('archive.format', `${name} is larger than any audit report. It was not read.`)
      const bytes = readFileSync(path)
      found.push(looksLikeBundle(bytes) ? await verifyBundle(name, bytes, store) : await verifyReport(name, bytes))
    }
    return found
  } catch (error) {
    throw toAppError(error)
  }
}
