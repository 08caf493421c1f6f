import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { FileLook } from '../../src-shared/given-file.ts'
import { REPORT_FORMAT } from '../../src-shared/receipt-audit.ts'
import { cleanName } from '../../src-shared/text.ts'
import { openSource } from '../archive/source.ts'
import { BUNDLE_FORMAT } from '../jobs/audit/bundle-form.ts'

/** What is wanted stands at the very beginning of each kind of file. */
const LOOKED_BYTES = 64 * 1024

const name = z.string().transform(text => cleanName(text).slice(0, 100))
const archiveHead = z.object({ format: z.literal('grid-archive'), network: name, period: z.object({ index: z.int() }) })
const bundleHead = z.object({ format: z.literal(BUNDLE_FORMAT), nodeId: z.int(), period: z.object({ index: z.int().optional() }) })

/**
 * What a file says it is, by its beginning; plain, gzip or zstd. Nothing is kept of it, and nothing that it says is checked.
 * Rejects with AppError io.*.
 */
export async function lookAtFile(path: string): Promise<FileLook> {
  try {
    const stat = statSync(path)
    const shown = cleanName(basename(path))
    // opening a pipe or a device could wait for ever
    if (!stat.isFile()) throw new AppError('io.failed', `${shown} is no file. Choose a file.`, { details: { path } })
    const about = { name: shown, bytes: stat.size, kind: 'unknown' as const, network: null, period: null, nodeId: null }
    return { ...about, ...kindOf(await beginningOf(path)) }
  } catch (error) {
    throw toAppError(error)
  }
}

async function beginningOf(path: string): Promise<string> {
  const source = await openSource(path)
  try {
    const chunk = await source.next()
    return chunk === undefined ? '' : chunk.subarray(0, LOOKED_BYTES).toString('utf8')
  } catch (error) {
    // damaged, or compressed in another way: then it says nothing
    if (toAppError(error).code.startsWith('archive.')) return ''
    throw error
  } finally {
    await source.close()
  }
}

function kindOf(text: string): Partial<FileLook> {
  if (text.slice(0, 64).includes(REPORT_FORMAT)) return { kind: 'report' }
  const [line = ''] = text.split('\n', 1)
  const head = jsonOf(line)
  const archive = archiveHead.safeParse(head)
  if (archive.success) return { kind: 'archive', network: archive.data.network, period: archive.data.period.index }
  const bundle = bundleHead.safeParse(head)
  if (bundle.success) return { kind: 'bundle', nodeId: bundle.data.nodeId, period: bundle.data.period.index ?? null }
  const isReceipt = /"(measured_uptime|receipt|mint)"\s*:/.test(text) || /^\w{1,60},\d+\.\d{7},[0-9a-f]{64}\s*$/.test(line)
  return isReceipt ? { kind: 'receipts' } : {}
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // no JSON is an answer too
    return null
  }
}
