import { createHash, timingSafeEqual } from 'node:crypto'
import { newStretching, type Stretching, stretch } from '../../signing/key-box.ts'

/*
 * Passphrases of entities and of the administrator. They open no box, so of what scrypt makes of them only a hash is kept, with scrypt's own
 * figures: text of 6 parts.
 */

const KIND = 'scrypt-sha256'

/** What a passphrase is checked against from now on. Takes some 0.5 s in a thread of its own. `stretchLogN`: see newStretching; for tests. */
export async function makeVerifier(passphrase: string, stretchLogN?: number): Promise<string> {
  const stretching = newStretching(stretchLogN)
  const { logN, r, p, salt } = stretching
  return [KIND, logN, r, p, Buffer.from(salt).toString('hex'), (await hashOf(passphrase, stretching)).toString('hex')].join(':')
}

/** Whether this is the passphrase. Null where it is not, so that it can be tried as those of keys are (key-tries.ts). */
export async function tryVerifier(passphrase: string, verifier: string): Promise<true | null> {
  const [kind, logN, r, p, salt, hash] = verifier.split(':')
  if (kind !== KIND || salt === undefined || hash === undefined) return null
  const stretching = { logN: Number(logN), r: Number(r), p: Number(p), salt: Buffer.from(salt, 'hex') }
  return timingSafeEqual(await hashOf(passphrase, stretching), Buffer.from(hash, 'hex')) ? true : null
}

async function hashOf(passphrase: string, stretching: Stretching): Promise<Buffer> {
  const stretched = await stretch(passphrase, stretching)
  const hash = createHash('sha256').update('granary treasury 1').update(stretched).digest()
  stretched.fill(0)
  return hash
}
