import type { VoteKey } from '../../../src-shared/votes-contract.ts'

/** What checks signatures takes a second to load. */
const loadCrypto = () => import('@polkadot/util-crypto')

/** Whether the key made this signature (64 bytes) on exactly these bytes. Never rejects. */
export async function verifies({ kind, publicKey }: VoteKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const { ed25519Verify, sr25519Verify } = await loadCrypto()
  const key = Uint8Array.from(Buffer.from(publicKey, 'hex'))
  try {
    return kind === 'sr25519' ? sr25519Verify(message, signature, key) : ed25519Verify(message, signature, key, true)
  } catch {
    // bytes that are no point or no number of the curve
    return false
  }
}
