import { z } from 'zod'
import { none } from './contract-parts.ts'

/*
 * The contract's part for the vault of keys. A secret goes to a page in two answers only, those of keys.create (the words of the new key)
 * and keys.export, and no answer that holds one is kept. Whoever adds a member that holds a secret must name it in secretMembers.
 */

/** What a key signs for: a Stellar account (ed25519), or an account of the chain by its kind of signature. */
export const keyKindSchema = z.enum(['stellar', 'sr25519', 'ed25519'])
export type KeyKind = z.infer<typeof keyKindSchema>

/** Where a key came from: made here, the words, a seed (S… or 0x…), a polkadot-js file; `watch`: only its address is known. */
export const keyOriginSchema = z.enum(['made', 'words', 'seed', 'json', 'watch'])
export type KeyOrigin = z.infer<typeof keyOriginSchema>

/** How a key's secret can be written: its words, its seed, or a polkadot-js file under the passphrase. */
export const secretFormSchema = z.enum(['words', 'seed', 'json'])
export type SecretForm = z.infer<typeof secretFormSchema>

/** Fewest characters of a passphrase that is chosen here. */
export const PASSPHRASE_LENGTH = 12
/** How many words are asked back after a key was made. */
export const ASKED_WORDS = 3
/** After how many seconds without use keys may be locked, least and most, and where nobody chose. */
export const IDLE_SEC = { least: 30, most: 3600, normal: 300 } as const
/** Longest name of a key, in characters. */
export const KEY_NAME_LENGTH = 60

/** Members of the commands below that hold a secret. */
export const secretMembers = ['passphrase', 'secret', 'secretPassword', 'words'] as const

/** In which forms a key of this origin can be written out, the one it came in first. */
export function secretForms(kind: KeyKind, origin: KeyOrigin): SecretForm[] {
  if (origin === 'watch') return []
  if (origin === 'json') return ['json']
  const hasWords = origin === 'made' || origin === 'words'
  if (kind === 'stellar') return hasWords ? ['words', 'seed'] : ['seed']
  return [hasWords ? 'words' : 'seed', 'json']
}

const keyId = z.uuid()
const name = z.string().trim().min(1).max(KEY_NAME_LENGTH)
const chosenPassphrase = z.string().min(PASSPHRASE_LENGTH, `Take at least ${PASSPHRASE_LENGTH} characters.`).max(1000)
/** one that is tried: may be any */
const passphrase = z.string().min(1).max(1000)

export const keyRowSchema = z.object({
  keyId: z.string(),
  name: z.string(),
  kind: keyKindSchema,
  origin: keyOriginSchema,
  /** G… or, for accounts of the chain, SS58 with prefix 42 */
  address: z.string(),
  /** 32 bytes, hex */
  publicKey: z.string(),
  /** how it stands below its secret: m/44'/148'/0', //hard/soft, or empty */
  path: z.string(),
  createdTs: z.number(),
  /** false: its words were not asked back yet, so it can't sign */
  confirmed: z.boolean(),
  /** which words are asked back, counted from 1; null: none */
  ask: z.array(z.number()).nullable(),
  /** in memory, ready to sign */
  unlocked: z.boolean(),
  /** the system's safe storage that its box is bound to as a second layer; null: only the passphrase protects it */
  boundTo: z.string().nullable(),
  /** how its secret can be exported; none for a key that is only watched */
  forms: z.array(secretFormSchema),
})
export type KeyRow = z.infer<typeof keyRowSchema>

export const keyQueries = {
  'keys.list': {
    in: none,
    out: z.object({
      keys: z.array(keyRowSchema),
      /** keys lock after so many seconds without use */
      idleSec: z.number(),
      /** no passphrase is tried before this time, because wrong ones were; null: at once */
      nextTryTs: z.number().nullable(),
      /** the system's safe storage that new keys are bound to; null: this host has none */
      safeStorage: z.string().nullable(),
    }),
  },
} as const

export const keyCommands = {
  /** Makes a key of 24 words and answers with them, this once. It is unlocked, and can sign when three of its words were given back. */
  'keys.create': {
    in: z.object({ name, kind: keyKindSchema, passphrase: chosenPassphrase }),
    out: z.object({ keyId: z.string(), address: z.string(), path: z.string(), words: z.string(), ask: z.array(z.number()) }),
  },
  /**
   * `secret`: words, also with //hard/soft///password; S…; 0x… of 32 bytes; or the text of a polkadot-js file. `secretPassword`: the
   * words' own password (BIP-39) or that of the file. `path`: a Stellar account's number, or //hard/soft.
   */
  'keys.import': {
    in: z.object({
      name,
      kind: keyKindSchema,
      secret: z.string().min(1).max(10_000),
      secretPassword: z.string().max(1000).default(''),
      path: z.string().max(200).default(''),
      passphrase: chosenPassphrase,
    }),
    out: z.object({ keyId: z.string(), address: z.string() }),
  },
  'keys.watch': {
    in: z.object({ name, kind: keyKindSchema, address: z.string().trim().min(1).max(100) }),
    out: z.object({ keyId: z.string(), address: z.string() }),
  },
  /** Answers with the secret, this once; `form` absent: as it came. */
  'keys.export': {
    in: z.object({ keyId, passphrase, form: secretFormSchema.optional() }),
    out: z.object({ form: secretFormSchema, secret: z.string(), path: z.string(), secretPassword: z.string() }),
  },
  'keys.rename': { in: z.object({ keyId, name }), out: none },
  /** `name`: the key's own, once more: what is removed comes back from its words only */
  'keys.remove': { in: z.object({ keyId, name: z.string().max(KEY_NAME_LENGTH) }), out: none },
  /** Tries the passphrase on the given keys, or on all; those that it opens are unlocked. */
  'keys.unlock': {
    in: z.object({ keyIds: z.array(keyId).max(1000).optional(), passphrase }),
    out: z.object({ unlocked: z.array(z.string()), stillLocked: z.array(z.string()) }),
  },
  'keys.lock': { in: z.object({ keyIds: z.array(keyId).max(1000).optional() }), out: none },
  /** The words that `ask` counts, in that order. */
  'keys.confirmWords': {
    in: z.object({ keyId, words: z.array(z.string().trim().toLowerCase().max(20)).length(ASKED_WORDS) }),
    out: none,
  },
  'keys.setIdle': { in: z.object({ idleSec: z.number().int().min(IDLE_SEC.least).max(IDLE_SEC.most) }), out: none },
} as const
