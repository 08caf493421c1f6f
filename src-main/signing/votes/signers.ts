import { createHash } from 'node:crypto'
import type { SignerSet, VoteKey, VoteSigner } from '../../../src-shared/votes-contract.ts'
import { verifies } from './signature.ts'
import { keyName } from './statement.ts'

/*
 * A network's signers. Their hash stands in every vote: SHA-256 over "GRANARY-SIGNERS", a byte of version (1), serial (4 bytes), M (2),
 * N (2), then of each signer, in order of these bytes, the kind of key (1 sr25519, 2 ed25519) and the key (32). Names are not in it:
 * each machine may have its own for the same key.
 */

const TAG = 'GRANARY-SIGNERS\x01'

/** Hex. Two sets that differ in anything but names or order have different ones. */
export function signersHash({ serial, threshold, signers }: Pick<SignerSet, 'serial' | 'threshold' | 'signers'>): string {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(serial, 0)
  head.writeUInt16BE(threshold, 4)
  head.writeUInt16BE(signers.length, 6)
  const keys = signers
    .map(({ kind, publicKey }) => Buffer.from(`${kind === 'sr25519' ? '01' : '02'}${publicKey}`, 'hex'))
    .sort(Buffer.compare)
  return createHash('sha256').update(TAG, 'latin1').update(head).update(Buffer.concat(keys)).digest('hex')
}

/** The signer whose key it is. */
export function signerOf({ signers }: Pick<SignerSet, 'signers'>, key: VoteKey): VoteSigner | undefined {
  return signers.find(signer => signer.kind === key.kind && signer.publicKey === key.publicKey)
}

/** What is wrong with the signers' keys, in words that name the signer and the way out; names and M are looked at elsewhere. */
export async function keyProblems({ signers }: Pick<SignerSet, 'signers'>): Promise<{ field: 'signers'; message: string }[]> {
  const problems: { field: 'signers'; message: string }[] = []
  const seen = new Map<string, string>()
  for (const signer of signers) {
    // also where the same key stands there as another kind: it is one person
    const other = seen.get(signer.publicKey)
    seen.set(signer.publicKey, signer.name)
    if (other !== undefined)
      problems.push({
        field: 'signers',
        message: `Signers: "${signer.name}" has the same key as "${other}". Each signer needs a key of their own.`,
      })
    else if (await isWeak(signer))
      problems.push({
        field: 'signers',
        message: `Signers: the key of "${signer.name}" (${keyName(signer)}) is none: anybody could sign for it. Copy it from the signer's page Keys once more.`,
      })
  }
  return problems
}

/** Whether a signature that nobody made would be taken: so it is with keys of small order, such as zeros. */
async function isWeak({ kind, publicKey }: VoteKey): Promise<boolean> {
  const nobodys = new Uint8Array(64)
  if (kind === 'ed25519') nobodys[0] = 1
  else nobodys[63] = 0x80
  if (/^0+$/.test(publicKey)) return true
  return verifies({ kind, publicKey }, Buffer.from('anything'), nobodys)
}
