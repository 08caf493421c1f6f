import { createHash } from 'node:crypto'
import { SEAL_MARK_BYTES, type Seal, type SealFinding, type SealSigner, sealSchema } from '../../../src-shared/sealed.ts'
import { verifies } from '../../signing/votes/signature.ts'
import { canonicalJson } from '../../store/exact-json.ts'

/** A key that seals. */
export interface Sealer extends SealSigner {
  sign(bytes: Uint8Array): Uint8Array
}

/** Seals lines; none of them holds a line feed. `what` names the kind of file: a seal of one kind is none of another. */
export function sealLines(what: string, lines: readonly string[], ts: number, sealer: Sealer | null): Seal {
  const { digest, marks } = summarise(lines)
  const signer = sealer && { kind: sealer.kind, publicKey: sealer.publicKey, name: sealer.name }
  const unsigned: Seal = { digest, lines: lines.length, marks, ts, signer, signature: null }
  return sealer ? { ...unsigned, signature: Buffer.from(sealer.sign(messageOf(what, unsigned))).toString('hex') } : unsigned
}

/** The seal's own line. */
export function sealLine(seal: Seal): string {
  return canonicalJson({ seal })
}

/** Examines lines against their seal's line, whatever stands in either. */
export async function checkSeal(what: string, lines: readonly string[], sealText: string | undefined): Promise<SealFinding> {
  const broken = (why: string, altered: number[] = []): SealFinding => ({ state: 'broken', signer: null, ts: null, altered, why })
  const seal = readSeal(sealText)
  if (seal === null) return broken('Its last line, the seal, was changed or is missing: nothing shows whether the rest is as it was.')
  const { digest, marks } = summarise(lines)
  const altered = alteredLines(Buffer.from(marks, 'base64'), Buffer.from(seal.marks, 'base64'))
  const name = altered.length === 1 ? `Line ${altered[0]} is` : `Lines ${altered.slice(0, 10).join(', ')} are`
  if (altered.length > 0) return broken(`${name} not as sealed.`, altered)
  if (seal.digest !== digest || seal.lines !== lines.length) return broken('The seal was changed: its hash is not that of the lines.')
  const { signer, ts, signature } = seal
  if (signer === null && signature === null) return { state: 'unsigned', signer: null, ts, altered: [], why: '' }
  if (signer === null || signature === null) return broken('The seal was changed: signature and signer go together.')
  const isSigned = await verifies(signer, messageOf(what, seal), Buffer.from(signature, 'hex'))
  if (!isSigned) return broken('The signature is not that of its key over these lines and this seal: the seal was changed, or made anew.')
  return { state: 'signed', signer, ts, altered: [], why: '' }
}

function readSeal(text: string | undefined): Seal | null {
  if (text === undefined) return null
  try {
    const value = JSON.parse(text) as { seal?: unknown }
    const read = sealSchema.safeParse(value.seal)
    // one text for one seal
    return read.success && sealLine(read.data) === text ? read.data : null
  } catch {
    // whatever stands there, it is no seal
    return null
  }
}

function summarise(lines: readonly string[]): { digest: string; marks: string } {
  const all = createHash('sha256')
  const marks: Buffer[] = []
  for (const [at, line] of lines.entries()) {
    all.update(at === 0 ? line : `\n${line}`)
    marks.push(createHash('sha256').update(line).digest().subarray(0, SEAL_MARK_BYTES))
  }
  return { digest: all.digest('hex'), marks: Buffer.concat(marks).toString('base64') }
}

/** Numbers of lines from 1. Where lines were put in or taken out, the first from where they differ. */
function alteredLines(now: Buffer, sealed: Buffer): number[] {
  const size = SEAL_MARK_BYTES
  const at = (marks: Buffer, line: number) => marks.subarray(line * size, (line + 1) * size)
  const [count, wanted] = [now.length / size, sealed.length / size]
  const found: number[] = []
  for (let line = 0; line < Math.max(count, Math.ceil(wanted)); line++) {
    if (at(now, line).equals(at(sealed, line))) continue
    found.push(line + 1)
    if (count !== wanted) break
  }
  return found
}

function messageOf(what: string, { digest, lines, marks, ts, signer }: Seal): Uint8Array {
  const marksHash = createHash('sha256').update(marks).digest('hex')
  return Buffer.from(canonicalJson(['GRANARY-SEAL', 1, what, digest, lines, marksHash, ts, signer]))
}
