import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'

/*
 * The key of an installation: ed25519, made here, for nothing but heads of the audit trail. It proves from which data folder a head came, not
 * who somebody is, so it stands in a file of its owner without a passphrase: heads are signed daily, when nobody is there to enter one.
 */

export interface InstallationKey {
  /** 32 bytes, hex */
  publicKey: string
  /** 64 bytes, hex */
  sign(text: string): string
}

/** What goes before the 32 bytes of a public ed25519 key in DER. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** A new key, as the text of its file (PKCS #8, PEM). */
export function newInstallationKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The key of such a text; null where it is none. */
export function readInstallationKey(pem: string): InstallationKey | null {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    // whatever stands there, it is no key
    return null
  }
  if (key.asymmetricKeyType !== 'ed25519') return null
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(SPKI_HEAD.length).toString('hex')
  return { publicKey, sign: text => sign(null, Buffer.from(text), key).toString('hex') }
}

/** Whether `signature` (hex) is that of `publicKey` (hex) over the text. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, Buffer.from(publicKey, 'hex')]), type: 'spki', format: 'der' })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'))
}
