import { keyExtractSuri } from '@polkadot/util-crypto'
import { AppError } from '../../src-shared/errors.ts'
import { type KeyKind, type KeyOrigin, type SecretForm, secretForms } from '../../src-shared/keys-contract.ts'
import { decodeStellarSeed, derivePair, encodeStellarSeed, type KeyMaterial, readPath, readWords, secretError } from './derive.ts'
import { readPolkadotJson, writePolkadotJson } from './polkadot-json.ts'

/*
 * A key's secret on its way in (from whatever somebody has of it), at rest, and on its way out. As derive.ts: no error holds any of it.
 */

const encoder = new TextEncoder()

export interface SecretText {
  secret: string
  /** of the words (BIP-39), or of a polkadot-js file */
  secretPassword: string
  path: string
}

/** Reads what somebody entered as a secret. Rejects with AppError keys.secret, without anything of it. */
export async function readSecret(kind: KeyKind, entered: SecretText): Promise<{ material: KeyMaterial; origin: KeyOrigin }> {
  const text = entered.secret.trim()
  if (kind === 'stellar') return readStellar(text, entered)
  if (text.startsWith('{')) {
    if (entered.path.trim() !== '') readPath(kind, 'pair', entered.path)
    const { form, secret, publicKey } = await readPolkadotJson(kind, text, entered.secretPassword)
    const material: KeyMaterial = { form, secret, password: new Uint8Array(), path: '' }
    const pair = derivePair(kind, material)
    pair.secretKey.fill(0)
    if (!pair.publicKey.every((byte, at) => byte === publicKey[at]))
      throw secretError('The public key in this file does not belong to its secret one. Nothing was kept.')
    return { material, origin: 'json' }
  }
  const { phrase, path, password } = readSuri(text, entered)
  if (/^0x[0-9a-f]{64}$/i.test(phrase)) {
    if (password !== '') throw secretError('A seed has no password of its own: that goes with words. Leave it empty.')
    const secret = Uint8Array.from(Buffer.from(phrase.slice(2), 'hex'))
    return { material: { form: 'seed', secret, password: new Uint8Array(), path: readPath(kind, 'seed', path) }, origin: 'seed' }
  }
  if (phrase.startsWith('0x')) throw secretError('A seed has 64 hex digits after 0x. Nothing was kept. Copy it once more.')
  return { material: wordsMaterial(kind, phrase, password, path), origin: 'words' }
}

function readStellar(text: string, { secretPassword, path }: SecretText): { material: KeyMaterial; origin: KeyOrigin } {
  if (!/\s/.test(text) && /^S/i.test(text)) {
    if (secretPassword !== '') throw secretError('A Stellar seed has no password of its own: that goes with words. Leave it empty.')
    const secret = decodeStellarSeed(text)
    return { material: { form: 'seed', secret, password: new Uint8Array(), path: readPath('stellar', 'seed', path) }, origin: 'seed' }
  }
  return { material: wordsMaterial('stellar', text, secretPassword, path), origin: 'words' }
}

/** The material of words, as they come or just made. */
export function wordsMaterial(kind: KeyKind, words: string, password = '', path = ''): KeyMaterial {
  return {
    form: 'words',
    secret: encoder.encode(readWords(words)),
    password: encoder.encode(password),
    path: readPath(kind, 'words', path),
  }
}

/** Path and password may stand in the text, as the chain's tools write it (`words//hard/soft///password`), or beside it, not both. */
function readSuri(text: string, entered: SecretText): { phrase: string; path: string; password: string } {
  // words may come with line breaks and several spaces between them
  const flat = text.replace(/\s+/g, ' ')
  let suri: ReturnType<typeof keyExtractSuri>
  try {
    suri = keyExtractSuri(flat)
  } catch {
    throw secretError('This is neither words, nor a seed, nor the text of a polkadot-js file. Nothing was kept.')
  }
  const { phrase, derivePath: path = '', password = '' } = suri
  if ((path !== '' && entered.path.trim() !== '') || (password !== '' && entered.secretPassword !== ''))
    throw secretError('Path and password stand in the text and beside it. Nothing was kept. Leave one of them out.')
  return { phrase, path: path || entered.path, password: password || entered.secretPassword }
}

const forms = ['words', 'seed', 'pair'] as const
const BOX_VERSION = 1

/** A material as the bytes that a box holds. The caller overwrites them. */
export function packMaterial({ form, secret, password, path }: KeyMaterial): Buffer {
  const pathBytes = encoder.encode(path)
  const head = Buffer.alloc(6)
  head[0] = BOX_VERSION
  head[1] = forms.indexOf(form)
  head.writeUInt16BE(pathBytes.length, 2)
  head.writeUInt16BE(password.length, 4)
  return Buffer.concat([head, pathBytes, password, secret])
}

/** The other way round. Throws AppError keys.damaged: bytes that were authentic and are none of ours come from a newer Granary. */
export function unpackMaterial(bytes: Buffer): KeyMaterial {
  const form = forms[bytes[1] ?? -1]
  if (bytes[0] !== BOX_VERSION || form === undefined)
    throw new AppError('keys.damaged', 'The stored secret of this key was written by a newer Granary. Update Granary.')
  const passwordAt = 6 + bytes.readUInt16BE(2)
  const secretAt = passwordAt + bytes.readUInt16BE(4)
  return {
    form,
    path: bytes.toString('utf8', 6, passwordAt),
    password: Uint8Array.from(bytes.subarray(passwordAt, secretAt)),
    secret: Uint8Array.from(bytes.subarray(secretAt)),
  }
}

export function wipeMaterial({ secret, password }: KeyMaterial): void {
  secret.fill(0)
  password.fill(0)
}

/**
 * Writes a key's secret out; `path` and `secretPassword` are what it takes besides to come to the same key. A polkadot-js file stands
 * under the passphrase. Throws AppError usage for a form that this key does not have.
 */
export async function writeSecret(
  key: { kind: KeyKind; origin: KeyOrigin; name: string },
  material: KeyMaterial,
  form: SecretForm,
  passphrase: string,
): Promise<{ form: SecretForm; secret: string; path: string; secretPassword: string }> {
  const { kind, origin, name } = key
  const own = secretForms(kind, origin)
  if (!own.includes(form))
    throw new AppError('usage', `This key can't be written as ${form}; it can be as ${own.join(' or ')}. Nothing was shown.`)
  const text = new TextDecoder()
  if (form === 'words')
    return { form, secret: text.decode(material.secret), path: material.path, secretPassword: text.decode(material.password) }
  if (form === 'seed' && kind !== 'stellar')
    return { form, secret: `0x${Buffer.from(material.secret).toString('hex')}`, path: material.path, secretPassword: '' }
  const pair = derivePair(kind, material)
  try {
    const secret =
      form === 'seed' ? encodeStellarSeed(pair.secretKey.subarray(0, 32)) : await writePolkadotJson(kind, name, pair, passphrase)
    return { form, secret, path: '', secretPassword: '' }
  } finally {
    pair.secretKey.fill(0)
  }
}
