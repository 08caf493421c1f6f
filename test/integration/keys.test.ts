import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519Verify, sr25519Verify } from '@polkadot/util-crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitSecAfter } from '../../src-main/core/key-tries.ts'
import { createKeys, type Keys } from '../../src-main/core/keys.ts'
import { stretchingOf } from '../../src-main/signing/key-box.ts'
import type { SafeStorage } from '../../src-main/signing/safe-storage.ts'
import { canonicalJson } from '../../src-main/store/exact-json.ts'
import { listAudit, openStore, type Store, verifyAudit } from '../../src-main/store/index.ts'
import type { CommandInput, CommandOutput, Topic } from '../../src-shared/contract.ts'
import { IDLE_SEC } from '../../src-shared/keys-contract.ts'
import { withFolder } from '../helpers/store.ts'
import { weakly } from '../helpers/weak-stretching.ts'

const passphrase = 'correct horse battery staple'
const seed = 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'
const address = 'GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6'

let nowSec: number
let store: Store
let keys: Keys
let topics: Topic[]
let count = 0
let free: () => void

beforeEach(async () => {
  nowSec = 1_700_000_000
  await new Promise<void>(ready => {
    void withFolder(
      folder =>
        new Promise<void>(done => {
          free = done
          open(folder)
          ready()
        }),
    )
  })
})
afterEach(() => {
  keys.lock()
  store.close()
  free()
})

function open(folder: string, safeStorage: SafeStorage | null = null): void {
  store = openStore(folder, { mode: 'write', nowMs: () => nowSec * 1000 })
  topics = []
  keys = createKeys({ ...weakly, books: store, changed: (...changed) => topics.push(...changed), safeStorage })
}

/** As after a restart. */
function reopen(safeStorage: SafeStorage | null = null): void {
  keys.lock()
  store.close()
  open(store.dataDir, safeStorage)
}

type Name = Parameters<Keys['command']>[0]
function run<N extends Name>(name: N, input: CommandInput<N>, key = `key-${count++}`): Promise<CommandOutput<N>> {
  return keys.command(name, input, { id: 'test:me' }, key) as Promise<CommandOutput<N>>
}
const importSeed = (name = 'payer') => run('keys.import', { name, kind: 'stellar', secret: seed, passphrase })
const only = async () => (await keys.list()).keys[0]!
const audit = () =>
  listAudit(store, { offset: 0, limit: 100 }).rows.map(({ action, subject, details }) => `${action} ${subject} ${details}`)

describe('a key that is made', () => {
  test('answers with its words, is open, and signs once three of its words were given back; the answer is not given twice', async () => {
    const made = await run('keys.create', { name: 'vote', kind: 'sr25519', passphrase }, 'make-it-once')
    const words = made.words.split(' ')
    expect(words).toHaveLength(24)
    expect(made.ask).toHaveLength(3)
    expect(await only()).toMatchObject({
      name: 'vote',
      origin: 'made',
      confirmed: false,
      ask: made.ask,
      unlocked: true,
      forms: ['words', 'json'],
    })
    expect(topics).toContain('keys')

    const bytes = Uint8Array.of(1, 2, 3)
    expect(() => keys.signWith(made.keyId, bytes)).toThrow(expect.objectContaining({ code: 'keys.unconfirmed' }))
    const wrong = made.ask.map(place => words[place % 24]!)
    const refused = await run('keys.confirmWords', { keyId: made.keyId, words: wrong }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'keys.secret' })
    const { ask } = await only()
    expect(ask!.filter(place => made.ask.includes(place))).toEqual([])
    await run('keys.confirmWords', { keyId: made.keyId, words: ask!.map(place => ` ${words[place - 1]!.toUpperCase()}`) })

    expect(await only()).toMatchObject({ confirmed: true, ask: null })
    const publicKey = Buffer.from((await only()).publicKey, 'hex')
    expect(sr25519Verify(bytes, keys.signWith(made.keyId, bytes), publicKey)).toBe(true)
    await expect(run('keys.create', { name: 'vote', kind: 'sr25519', passphrase }, 'make-it-once')).rejects.toMatchObject({
      code: 'keys.once',
    })
    expect((await keys.list()).keys).toHaveLength(1)
  })

  test('that was not confirmed before a restart is confirmed after its passphrase', async () => {
    const made = await run('keys.create', { name: 'payer', kind: 'stellar', passphrase })
    const words = made.ask.map(place => made.words.split(' ')[place - 1]!)
    reopen()
    await expect(run('keys.confirmWords', { keyId: made.keyId, words })).rejects.toMatchObject({ code: 'keys.locked' })
    await run('keys.unlock', { passphrase })
    await run('keys.confirmWords', { keyId: made.keyId, words })
    expect(keys.signWith(made.keyId, new Uint8Array(32))).toHaveLength(64)
  })
})

describe('in and out', () => {
  test('what was imported comes out as it came, after the passphrase, and is locked until then', async () => {
    const { keyId } = await importSeed()
    expect(await only()).toMatchObject({ address, confirmed: true, unlocked: false, origin: 'seed', forms: ['seed'], boundTo: null })
    expect(() => keys.signWith(keyId, new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'keys.locked' }))
    expect(await run('keys.export', { keyId, passphrase })).toEqual({ form: 'seed', secret: seed, path: '', secretPassword: '' })
    await expect(run('keys.export', { keyId, passphrase, form: 'words' })).rejects.toMatchObject({ code: 'usage' })
    // an export opens nothing for signing
    expect((await only()).unlocked).toBe(false)
    await run('keys.unlock', { keyIds: [keyId], passphrase })
    const bytes = new Uint8Array(32).fill(5)
    expect(ed25519Verify(bytes, keys.signWith(keyId, bytes), Buffer.from((await only()).publicKey, 'hex'))).toBe(true)
    await run('keys.lock', {})
    expect((await only()).unlocked).toBe(false)
  })

  test('words with a password, a path and a file: each comes to the same key again', async () => {
    const words =
      'cable spray genius state float twenty onion head street palace net private method loan turn phrase state blanket interest dry amazing dress blast tube'
    const one = await run('keys.import', { name: 'a', kind: 'stellar', secret: words, secretPassword: 'p4ssphr4se', path: '9', passphrase })
    expect(one.address).toBe('GBOSMFQYKWFDHJWCMCZSMGUMWCZOM4KFMXXS64INDHVCJ2A2JAABCYRR')
    const out = await run('keys.export', { keyId: one.keyId, passphrase })
    expect(out).toEqual({ form: 'words', secret: words, path: "m/44'/148'/9'", secretPassword: 'p4ssphr4se' })

    const two = await run('keys.import', { name: 'b', kind: 'sr25519', secret: `${words}//farm/0`, passphrase })
    const file = await run('keys.export', { keyId: two.keyId, passphrase, form: 'json' })
    await run('keys.remove', { keyId: two.keyId, name: 'b' })
    const again = await run('keys.import', { name: 'b', kind: 'sr25519', secret: file.secret, secretPassword: passphrase, passphrase })
    expect(again.address).toBe(two.address)
    expect((await keys.list()).keys.map(({ name, path }) => [name, path])).toEqual([
      ['a', "m/44'/148'/9'"],
      ['b', ''],
    ])
  })

  test('one key is there once, a name is there once, and a name that nobody can read is none', async () => {
    const { keyId } = await importSeed()
    await expect(importSeed('other')).rejects.toMatchObject({ code: 'store.conflict', message: expect.stringContaining('"payer"') })
    await expect(
      run('keys.watch', { name: 'PAYER', kind: 'stellar', address: 'GAUA3XK3SGEQFNCBM423WIM5WCZ4CR4ZDPDFCYSFLCTODGGGJMPOHAAE' }),
    ).rejects.toMatchObject({
      code: 'store.conflict',
    })
    await expect(run('keys.rename', { keyId, name: '\u202e\u200b' })).rejects.toMatchObject({ code: 'usage' })
    await run('keys.rename', { keyId, name: 'Kasse\u202e 1' })
    expect(await only()).toMatchObject({ name: 'Kasse 1' })
    await expect(run('keys.remove', { keyId, name: 'payer' })).rejects.toMatchObject({ code: 'usage' })
    await run('keys.remove', { keyId, name: 'Kasse 1' })
    expect((await keys.list()).keys).toEqual([])
  })

  test('of a watched address everything but signing and showing is there', async () => {
    const { keyId } = await run('keys.watch', {
      name: 'cold',
      kind: 'sr25519',
      address: '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5',
    })
    expect(await only()).toMatchObject({
      address: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
      origin: 'watch',
      forms: [],
      confirmed: true,
    })
    expect(() => keys.signWith(keyId, new Uint8Array())).toThrow(expect.objectContaining({ code: 'keys.watch-only' }))
    await expect(run('keys.export', { keyId, passphrase })).rejects.toMatchObject({ code: 'keys.watch-only' })
    await expect(run('keys.unlock', { passphrase })).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('passphrases', () => {
  test('one opens all keys that it protects in one stretching, and says which stay locked', async () => {
    const { keyId: first } = await importSeed()
    const second = await run('keys.create', { name: 'vote', kind: 'ed25519', passphrase })
    const { keyId: other } = await run('keys.import', {
      name: 'other',
      kind: 'sr25519',
      secret: '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e',
      passphrase: 'another passphrase',
    })
    reopen()
    const done = await run('keys.unlock', { passphrase })
    expect(done.unlocked.sort()).toEqual([first, second.keyId].sort())
    expect(done.stillLocked).toEqual([other])
    const boxes = store.books.prepare('SELECT box FROM keys').pluck().all() as Buffer[]
    expect(new Set(boxes.map(box => Buffer.from(stretchingOf(box).salt).toString('hex'))).size).toBe(1)
    expect(boxes.map(box => stretchingOf(box).logN)).toEqual(Array(3).fill(weakly.stretchLogN))
  })

  test('are stretched as they have to be wherever nobody asks for less', async () => {
    keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
    await importSeed()
    expect(stretchingOf(store.books.prepare('SELECT box FROM keys').pluck().get() as Buffer).logN).toBe(17)
  })

  test('wrong ones are slowed down, over restarts, also when the clock is set back or the process is ended while one is tried; the audit trail has each', async () => {
    expect([1, 2, 3, 4, 5, 14, 15, 60].map(waitSecAfter)).toEqual([0, 0, 2, 4, 8, 3600, 3600, 3600])
    const { keyId } = await importSeed()
    const wrong = () => run('keys.unlock', { keyIds: [keyId], passphrase: 'this is not it' })
    // at once, from two windows: they are tried one after the other
    const both = await Promise.allSettled([wrong(), wrong(), wrong(), wrong()])
    expect(both.map(one => one.status === 'rejected' && one.reason.code)).toEqual([
      'keys.passphrase',
      'keys.passphrase',
      'keys.passphrase',
      'keys.wait',
    ])
    expect(await keys.list()).toMatchObject({ nextTryTs: nowSec + 2 })
    reopen()
    await expect(run('keys.unlock', { passphrase })).rejects.toMatchObject({ code: 'keys.wait', details: { waitSec: 2 }, retryable: true })
    await expect(run('keys.export', { keyId, passphrase })).rejects.toMatchObject({ code: 'keys.wait' })
    nowSec -= 86_400
    await expect(wrong()).rejects.toMatchObject({ code: 'keys.wait', details: { waitSec: 2 } })
    nowSec += 2
    await expect(wrong()).rejects.toMatchObject({ code: 'keys.passphrase', details: { wrong: 4, waitSec: 4 } })
    nowSec += 4
    const tried = run('keys.unlock', { passphrase })
    expect(store.books.prepare('SELECT wrong FROM key_tries').pluck().get()).toBe(4)
    await Promise.resolve()
    // it stands there as wrong while it is tried
    expect(store.books.prepare('SELECT wrong FROM key_tries').pluck().get()).toBe(5)
    await tried
    expect(await keys.list()).toMatchObject({ nextTryTs: null })
    expect(store.books.prepare('SELECT wrong FROM key_tries').pluck().get()).toBe(0)
    expect(audit().filter(line => line.startsWith('keys.wrongPassphrase'))).toHaveLength(4)
    expect(audit().join()).toContain('key "payer" (…SUJUJ6)')
    expect(audit().join()).not.toMatch(/this is not it|correct horse/)
    expect(verifyAudit(store).intact).toBe(true)
  })

  test('one of fewer than 12 characters is not taken', async () => {
    await expect(run('keys.create', { name: 'x', kind: 'stellar', passphrase: 'elevenchars' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('12 characters'),
    })
  })

  test('a box whose public record was changed in the books does not open', async () => {
    const { keyId } = await importSeed()
    store.books.prepare("UPDATE keys SET address = 'GAUA3XK3SGEQFNCBM423WIM5WCZ4CR4ZDPDFCYSFLCTODGGGJMPOHAAE'").run()
    await expect(run('keys.unlock', { keyIds: [keyId], passphrase })).rejects.toMatchObject({ code: 'keys.passphrase' })
  })
})

test('how long keys stay open without use is chosen, kept, and bounded', async () => {
  expect(await keys.list()).toMatchObject({ idleSec: IDLE_SEC.normal })
  await run('keys.setIdle', { idleSec: 60 })
  reopen()
  expect(await keys.list()).toMatchObject({ idleSec: 60 })
  for (const idleSec of [0, 29, 3601, 1e9]) await expect(run('keys.setIdle', { idleSec })).rejects.toMatchObject({ code: 'usage' })
})

describe('with a safe storage of the system', () => {
  /** a stand-in that encrypts by its own secret */
  function machine(secret: number, backend = 'gnome_libsecret'): SafeStorage {
    const turn = (bytes: Uint8Array) => bytes.map(byte => byte ^ secret)
    return {
      isAvailable: async () => true,
      backend: async () => backend,
      wrap: async bytes => Buffer.concat([Buffer.of(secret), turn(bytes)]),
      unwrap: async bytes => (bytes[0] === secret ? turn(bytes.subarray(1)) : Promise.reject(new Error('not mine'))),
    }
  }

  test('a key is bound to it: it opens there, with its passphrase, and nowhere else; one that is not bound opens beside it', async () => {
    await run('keys.import', {
      name: 'free',
      kind: 'sr25519',
      secret: '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e',
      passphrase,
    })
    reopen(machine(7))
    const { keyId } = await importSeed()
    expect(await keys.list()).toMatchObject({
      safeStorage: 'gnome_libsecret',
      keys: [
        { name: 'free', boundTo: null },
        { name: 'payer', boundTo: 'gnome_libsecret' },
      ],
    })
    await expect(run('keys.unlock', { keyIds: [keyId], passphrase: 'this is not it' })).rejects.toMatchObject({ code: 'keys.passphrase' })
    expect((await run('keys.unlock', { passphrase })).unlocked).toHaveLength(2)
    for (const other of [machine(8), null]) {
      reopen(other)
      await expect(run('keys.unlock', { keyIds: [keyId], passphrase })).rejects.toMatchObject({ code: 'keys.bound' })
      // which was no try of the passphrase
      expect(store.books.prepare('SELECT wrong FROM key_tries').pluck().get()).toBe(0)
      expect((await run('keys.unlock', { passphrase })).stillLocked).toEqual([keyId])
    }
  })

  test('the plain-text backend is none', async () => {
    reopen(machine(7, 'basic_text'))
    await importSeed()
    expect(await keys.list()).toMatchObject({ safeStorage: null, keys: [{ boundTo: null }] })
  })
})

test('a removed key leaves nothing to sign with, and what others wrote of it stays in the audit trail', async () => {
  const { keyId } = await importSeed()
  await run('keys.unlock', { passphrase })
  await run('keys.remove', { keyId, name: 'payer' }, 'remove-it-once')
  expect(() => keys.signWith(keyId, new Uint8Array(32))).toThrow(expect.objectContaining({ code: 'not-found' }))
  expect(await run('keys.remove', { keyId, name: 'payer' }, 'remove-it-once')).toEqual({})
  expect(audit().map(line => line.split(' ')[0])).toEqual(['keys.remove', 'keys.unlock', 'keys.import'])
})

test('what is kept of a command to know it again is a hash of what is no secret in it', async () => {
  await importSeed()
  const kept = store.books.prepare('SELECT input_hash FROM answers').pluck().all()
  const hash = (input: unknown) => createHash('sha256').update(canonicalJson(input)).digest('hex')
  expect(kept).toEqual([hash({ name: 'payer', kind: 'stellar', path: '' })])
})

test('nothing of it is in the folder in plain: the box is what the books have', async () => {
  await importSeed()
  const file = join(store.dataDir, 'books.db')
  store.books.pragma('wal_checkpoint(TRUNCATE)')
  const bytes = readFileSync(file)
  expect(bytes.includes(address)).toBe(true)
  for (const secret of [seed, passphrase]) expect(bytes.includes(secret)).toBe(false)
})
