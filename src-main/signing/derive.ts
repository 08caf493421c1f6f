import { createHmac, createPrivateKey, pbkdf2Sync, sign } from 'node:crypto'
import {
  decodeAddress,
  ed25519PairFromSeed,
  encodeAddress,
  keyExtractPath,
  keyFromPath,
  mnemonicGenerate,
  sr25519PairFromSeed,
  sr25519Sign,
  sr25519Verify,
} from '@polkadot/util-crypto'
import { mnemonicToEntropy } from '@polkadot/util-crypto/mnemonic/bip39'
import wordList from '@polkadot/util-crypto/mnemonic/wordlists/en'
import { StrKey } from '@stellar/stellar-sdk/base'
import { AppError } from '../../src-shared/errors.ts'
import type { KeyKind } from '../../src-shared/keys-contract.ts'

/*
 * From words and seeds to keys. Load this file only when a key is made or opened: its libraries take a second.
 * No error here holds anything of what it was about, and none has a cause: the libraries' own messages show what they could not read.
 */

/** What a key is made from, as it stands in its box. */
export interface KeyMaterial {
  /** words as UTF-8; a seed of 32 bytes; or an sr25519 pair that nothing is known of but itself, 64 bytes and the public 32 */
  form: 'words' | 'seed' | 'pair'
  secret: Uint8Array
  /** the words' own password (BIP-39), UTF-8; mostly empty */
  password: Uint8Array
  /** m/44'/148'/0' of a Stellar account by SEP-5, //hard/soft of an account of the chain, or empty */
  path: string
}

/** `secretKey`: 64 bytes; of ed25519 the seed, then the public key. Whoever holds it overwrites it. */
export interface KeyPair {
  publicKey: Uint8Array
  secretKey: Uint8Array
}

/** Words of a new key: SEP-5 recommends 24. */
const NEW_WORDS = 24
/** The chain's addresses (SS58) are of the general kind. */
const SS58_PREFIX = 42

export function newWords(): string {
  return mnemonicGenerate(NEW_WORDS, undefined, true)
}

/**
 * Words in the form that seeds are made from: lower case, one space between. Throws AppError keys.secret that says which word is unknown
 * by its place, or that the words don't belong together (BIP-39's checksum).
 */
export function readWords(text: string): string {
  const words = text.normalize('NFKD').trim().toLowerCase().split(/\s+/)
  if (words.length < 12 || words.length > 24 || words.length % 3 !== 0)
    throw secretError(`These are ${words.length} words; there must be 12, 15, 18, 21 or 24. Nothing was kept. Look at what you wrote down.`)
  const unknown = words.findIndex(word => !wordList.includes(word))
  if (unknown >= 0)
    throw secretError(`Word ${unknown + 1} is not in the list of BIP-39's English words. Nothing was kept. Look at what you wrote down.`)
  const clean = words.join(' ')
  try {
    mnemonicToEntropy(clean).fill(0)
  } catch {
    throw secretError(
      'Each word is known, but they do not belong together: one of them is another, or two changed places. Nothing was kept. Look at what you wrote down.',
    )
  }
  return clean
}

/** The keys that a material stands for. Throws AppError keys.secret for a path that the kind does not have. */
export function derivePair(kind: KeyKind, { form, secret, password, path }: KeyMaterial): KeyPair {
  if (form === 'pair') return wholePair(secret)
  const text = new TextDecoder()
  const seed = form === 'seed' ? Uint8Array.from(secret) : seedOf(kind, text.decode(secret), text.decode(password))
  try {
    if (kind === 'stellar') {
      const own = path === '' ? Uint8Array.from(seed) : slip10(seed, stellarAccount(path))
      try {
        return ed25519PairFromSeed(own, true)
      } finally {
        own.fill(0)
      }
    }
    const pair = kind === 'sr25519' ? sr25519PairFromSeed(seed) : ed25519PairFromSeed(seed, true)
    if (path === '') return pair
    const derived = keyFromPath(pair, junctions(path), kind)
    pair.secretKey.fill(0)
    return { publicKey: Uint8Array.from(derived.publicKey), secretKey: Uint8Array.from(derived.secretKey) }
  } finally {
    seed.fill(0)
  }
}

/** A path as it is kept: `3` becomes m/44'/148'/3'. Throws AppError keys.secret for one that the kind does not have. */
export function readPath(kind: KeyKind, form: KeyMaterial['form'], text: string): string {
  const path = text.trim()
  if (kind !== 'stellar') {
    if (form === 'pair' && path !== '')
      throw secretError('A key from a polkadot-js file has no path here: it is derived already. Leave the path empty.')
    const parts = path === '' ? [] : junctions(path)
    if (kind === 'ed25519' && parts.some(part => part.isSoft))
      throw secretError('An ed25519 key can only be derived the hard way: write // before each part of the path, or choose sr25519.')
    return path
  }
  if (form === 'words') return `m/44'/148'/${stellarAccount(path === '' ? '0' : path)}'`
  if (path !== '') throw secretError('A Stellar key from its seed (S…) has no account number: that goes with words. Leave it empty.')
  return ''
}

/** What comes before the 32 bytes of an ed25519 seed in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A signature of 64 bytes. An ed25519 one is the runtime's own: a run has thousands, and in JavaScript each takes some 40 times as long. */
export function signBytes(kind: KeyKind, pair: KeyPair, bytes: Uint8Array): Uint8Array {
  if (kind === 'sr25519') return sr25519Sign(bytes, pair)
  const der = Buffer.concat([pkcs8Head, pair.secretKey.subarray(0, 32)])
  try {
    return sign(null, bytes, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  } finally {
    der.fill(0)
  }
}

export function addressOf(kind: KeyKind, publicKey: Uint8Array): string {
  return kind === 'stellar' ? StrKey.encodeEd25519PublicKey(Buffer.from(publicKey)) : encodeAddress(publicKey, SS58_PREFIX)
}

/** The 32 bytes of an address. Throws AppError usage: an address is no secret, so the message may hold it. */
export function publicKeyOfAddress(kind: KeyKind, address: string): Uint8Array {
  try {
    const bytes = kind === 'stellar' ? Uint8Array.from(StrKey.decodeEd25519PublicKey(address)) : decodeAddress(address)
    if (bytes.length === 32 && (kind === 'stellar' || !address.startsWith('0x'))) return bytes
  } catch {
    // said below
  }
  const what =
    kind === 'stellar' ? 'a Stellar account, which has 56 letters and digits and begins with G' : 'an account of the chain (SS58)'
  // somebody may have taken the wrong text: what looks like a secret is not said again
  throw new AppError('usage', `This is not the address of ${what}. Nothing was kept. Copy the address once more.`)
}

export function decodeStellarSeed(text: string): Uint8Array {
  try {
    return Uint8Array.from(StrKey.decodeEd25519SecretSeed(text))
  } catch {
    throw secretError('This begins like a Stellar seed, but is none: letters are missing or wrong. Nothing was kept. Copy it once more.')
  }
}

export function encodeStellarSeed(seed: Uint8Array): string {
  return StrKey.encodeEd25519SecretSeed(Buffer.from(seed))
}

/** `message`: without anything of the secret. */
export function secretError(message: string): AppError {
  return new AppError('keys.secret', message)
}

/** A pair's two halves, if they belong together: what the secret one signs, the public one must accept. */
function wholePair(bytes: Uint8Array): KeyPair {
  const pair = { secretKey: Uint8Array.from(bytes.subarray(0, 64)), publicKey: Uint8Array.from(bytes.subarray(64)) }
  const message = Uint8Array.of(0)
  if (sr25519Verify(message, sr25519Sign(message, pair), pair.publicKey)) return pair
  pair.secretKey.fill(0)
  throw secretError('The public key in this file does not belong to its secret one. Nothing was kept. Export it from its wallet once more.')
}

/** BIP-39: of words and password, 64 bytes for Stellar; the chain's accounts take the words' entropy in their place, and 32 bytes (substrate-bip39). */
function seedOf(kind: KeyKind, words: string, password: string): Uint8Array {
  if (kind === 'stellar') return stretchWords(Buffer.from(words.normalize('NFKD')), password.normalize('NFKD'))
  const entropy = mnemonicToEntropy(words)
  const seed = stretchWords(entropy, password)
  const half = Uint8Array.from(seed.subarray(0, 32))
  entropy.fill(0)
  seed.fill(0)
  return half
}

function stretchWords(from: Uint8Array, password: string): Buffer {
  return pbkdf2Sync(from, `mnemonic${password}`, 2048, 64, 'sha512')
}

/** SLIP-0010 for ed25519, along SEP-5's m/44'/148'/account'. */
function slip10(seed: Uint8Array, account: number): Uint8Array {
  let node = createHmac('sha512', 'ed25519 seed').update(seed).digest()
  for (const index of [44, 148, account]) {
    const data = Buffer.alloc(37)
    node.copy(data, 1, 0, 32)
    data.writeUInt32BE(index + 0x8000_0000, 33)
    const next = createHmac('sha512', node.subarray(32)).update(data).digest()
    node.fill(0)
    data.fill(0)
    node = next
  }
  const key = Uint8Array.from(node.subarray(0, 32))
  node.fill(0)
  return key
}

function stellarAccount(path: string): number {
  const [, digits] = /^(?:m\/44'\/148'\/)?(\d{1,10})'?$/.exec(path) ?? []
  const account = Number(digits ?? Number.NaN)
  if (!(account < 0x8000_0000))
    throw secretError("The path of a Stellar account is its number, 0 for the first, or m/44'/148'/0'. Nothing was kept.")
  return account
}

function junctions(path: string): ReturnType<typeof keyExtractPath>['path'] {
  try {
    return keyExtractPath(path).path
  } catch {
    throw secretError('This is no path: it is made of /soft and //hard parts, such as //stash/0. Nothing was kept.')
  }
}
