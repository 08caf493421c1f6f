import { createPair } from '@polkadot/keyring'
import { ed25519PairFromSeed, ed25519Verify, sr25519PairFromSeed, sr25519Verify } from '@polkadot/util-crypto'
import { Keypair } from '@stellar/stellar-sdk'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { addressOf, derivePair, newWords, publicKeyOfAddress, readWords, signBytes } from '../../src-main/signing/derive.ts'
import { createKeySession } from '../../src-main/signing/key-session.ts'
import { packMaterial, readSecret, unpackMaterial, writeSecret } from '../../src-main/signing/keys.ts'
import { bindingOf, type SafeStorage, unbind } from '../../src-main/signing/safe-storage.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { KeyKind } from '../../src-shared/keys-contract.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const plain = { secretPassword: '', path: '' }

async function addressFrom(kind: KeyKind, secret: string, more: { secretPassword?: string; path?: string } = {}) {
  const { material } = await readSecret(kind, { secret, ...plain, ...more })
  return addressOf(kind, derivePair(kind, material).publicKey)
}

describe('SEP-5: the test cases that it publishes', () => {
  const cases: [words: string, password: string, keys: [account: number, address: string, seed: string][]][] = [
    [
      'illness spike retreat truth genius clock brain pass fit cave bargain toe',
      '',
      [
        [0, 'GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6', 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'],
        [1, 'GBAW5XGWORWVFE2XTJYDTLDHXTY2Q2MO73HYCGB3XMFMQ562Q2W2GJQX', 'SCEPFFWGAG5P2VX5DHIYK3XEMZYLTYWIPWYEKXFHSK25RVMIUNJ7CTIS'],
        [9, 'GBTVYYDIYWGUQUTKX6ZMLGSZGMTESJYJKJWAATGZGITA25ZB6T5REF44', 'SCJGVMJ66WAUHQHNLMWDFGY2E72QKSI3XGSBYV6BANDFUFE7VY4XNXXR'],
      ],
    ],
    [
      'resource asthma orphan phone ice canvas fire useful arch jewel impose vague theory cushion top',
      '',
      [
        [0, 'GAVXVW5MCK7Q66RIBWZZKZEDQTRXWCZUP4DIIFXCCENGW2P6W4OA34RH', 'SAKS7I2PNDBE5SJSUSU2XLJ7K5XJ3V3K4UDFAHMSBQYPOKE247VHAGDB'],
        [9, 'GB3C6RRQB3V7EPDXEDJCMTS45LVDLSZQ46PTIGKZUY37DXXEOAKJIWSV', 'SDHRG2J34MGDAYHMOVKVJC6LX2QZMCTIKRO5I4JQ6BJQ36KVL6QUTT72'],
      ],
    ],
    [
      'bench hurt jump file august wise shallow faculty impulse spring exact slush thunder author capable act festival slice deposit sauce coconut afford frown better',
      '',
      [
        [0, 'GC3MMSXBWHL6CPOAVERSJITX7BH76YU252WGLUOM5CJX3E7UCYZBTPJQ', 'SAEWIVK3VLNEJ3WEJRZXQGDAS5NVG2BYSYDFRSH4GKVTS5RXNVED5AX7'],
        [9, 'GDXOY6HXPIDT2QD352CH7VWX257PHVFR72COWQ74QE3TEV4PK2KCKZX7', 'SCPA5OX4EYINOPAUEQCPY6TJMYICUS5M7TVXYKWXR3G5ZRAJXY3C37GF'],
      ],
    ],
    [
      'cable spray genius state float twenty onion head street palace net private method loan turn phrase state blanket interest dry amazing dress blast tube',
      'p4ssphr4se',
      [
        [0, 'GDAHPZ2NSYIIHZXM56Y36SBVTV5QKFIZGYMMBHOU53ETUSWTP62B63EQ', 'SAFWTGXVS7ELMNCXELFWCFZOPMHUZ5LXNBGUVRCY3FHLFPXK4QPXYP2X'],
        [9, 'GBOSMFQYKWFDHJWCMCZSMGUMWCZOM4KFMXXS64INDHVCJ2A2JAABCYRR', 'SDXDYPDNRMGOF25AWYYKPHFAD3M54IT7LCLG7RWTGR3TS32A4HTUXNOS'],
      ],
    ],
    [
      'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about',
      '',
      [[0, 'GB3JDWCQJCWMJ3IILWIGDTQJJC5567PGVEVXSCVPEQOTDN64VJBDQBYX', 'SBUV3MRWKNS6AYKZ6E6MOUVF2OYMON3MIUASWL3JLY5E3ISDJFELYBRZ']],
    ],
  ]
  test.each(cases)('%s', async (words, secretPassword, keys) => {
    for (const [account, address, seed] of keys) {
      const { material, origin } = await readSecret('stellar', { secret: words, secretPassword, path: String(account) })
      expect(origin).toBe('words')
      expect(addressOf('stellar', derivePair('stellar', material).publicKey)).toBe(address)
      const key = { kind: 'stellar', origin, name: 'x' } as const
      expect(await writeSecret(key, material, 'seed', '')).toMatchObject({ secret: seed, path: '' })
      expect(await writeSecret(key, material, 'words', '')).toEqual({
        form: 'words',
        secret: words,
        path: `m/44'/148'/${account}'`,
        secretPassword,
      })
      expect(await addressFrom('stellar', seed)).toBe(address)
    }
  })
})

describe('accounts of the chain', () => {
  const dev = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'
  const seed = '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e'

  test('the keys that every Substrate tool derives from the development words: //Alice, //Bob, a path of two, a soft one, and //Alice by ed25519', async () => {
    expect(await addressFrom('sr25519', `${dev}//Alice`)).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')
    expect(await addressFrom('sr25519', dev, { path: '//Bob' })).toBe('5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty')
    expect(await addressFrom('sr25519', `${dev}//Alice//stash`)).toBe('5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY')
    expect(await addressFrom('sr25519', `${seed}//Alice`)).toBe('5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY')
    expect(await addressFrom('ed25519', `${dev}//Alice`)).toBe('5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu')
    const { material } = await readSecret('sr25519', { secret: dev, secretPassword: '', path: '/foo' })
    expect(hex(derivePair('sr25519', material).publicKey)).toBe('40b9675df90efa6069ff623b0fdfcf706cd47ca7452a5056c7ad58194d23440a')
  })

  test("subkey's words, seed and addresses of both kinds belong together", async () => {
    const words = 'marble crisp cover huge yellow quick warm pudding spatial engage unfair million'
    const own = '0xfd72a60d6cd6d226c7dac996b9479bf5f4631434fd6b1bdec3e76e35a39e2be4'
    for (const secret of [words, own]) {
      expect(await addressFrom('sr25519', secret)).toBe('5G4dtixpo43WQM5V4QSHjHw6BpwRdEnrBwP9zQid2RvRQkCK')
      expect(await addressFrom('ed25519', secret)).toBe('5HJNEJ6KCG8PDzXC7ZeNDJetktYzpyPXi8GLVagP8fvC8tdH')
    }
  })

  test('a password in the text is that beside it; both, or two paths, are refused', async () => {
    const inside = await addressFrom('sr25519', `${dev}//a///pass`)
    expect(await addressFrom('sr25519', dev, { path: '//a', secretPassword: 'pass' })).toBe(inside)
    expect(await addressFrom('sr25519', `${dev}//a`)).not.toBe(inside)
    await expect(addressFrom('sr25519', `${dev}//a`, { path: '//b' })).rejects.toMatchObject({ code: 'keys.secret' })
    await expect(addressFrom('sr25519', `${dev}///a`, { secretPassword: 'b' })).rejects.toMatchObject({ code: 'keys.secret' })
  })

  test('a file that another wallet wrote opens with its password only, and only as its kind', async () => {
    const file =
      '{"encoded":"Z1yzxASuj21ej3CANbZKc3ibDaOpQPMahTT0qkniyZgAgAAAAQAAAAgAAACSDgflXWKXrX36EmX9XcA6cRpkN+oZX30/9FhtNP17krIG/yHLKmDnL1km1W/nZ+BpC7Qid6IuBvbZeboFyewFeXsKtcoY/bRY6nx/cLB5BND9WpXXS6Enf4RXAX7vPu/BY+o2z7VwPaXyFARfyPTiqJKqLDJWm3W5ZlvK0ks8FBv66mWEBYc+lLx8jvuzDNkdD3pnV3G802OwwHTy","encoding":{"content":["pkcs8","sr25519"],"type":["scrypt","xsalsa20-poly1305"],"version":"3"},"address":"5CuByUQBWZci5AtXonuHHhcbRL3yxM5xDdJsTNaYN3vPDY6f","meta":{"name":"test"}}'
    expect(await addressFrom('sr25519', file, { secretPassword: 'Password123' })).toBe('5CuByUQBWZci5AtXonuHHhcbRL3yxM5xDdJsTNaYN3vPDY6f')
    for (const [kind, text, password] of [
      ['sr25519', file, 'password123'],
      ['sr25519', file, ''],
      ['ed25519', file, 'Password123'],
      [
        'sr25519',
        file.replace('5CuByUQBWZci5AtXonuHHhcbRL3yxM5xDdJsTNaYN3vPDY6f', '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'),
        'Password123',
      ],
      ['sr25519', file.slice(0, 200), 'Password123'],
      ['sr25519', file.replace('"xsalsa20-poly1305"', '"none"'), 'Password123'],
      ['sr25519', file.replace('Z1yz', 'Z1yy'), 'Password123'],
    ] as const)
      await expect(addressFrom(kind, text, { secretPassword: password })).rejects.toMatchObject({ code: 'keys.secret' })
  })

  test.each(['sr25519', 'ed25519'] as const)('what we write as a file of %s, polkadot-js opens, and the other way round', async kind => {
    const bytes = new Uint8Array(32).fill(7)
    const pair = kind === 'sr25519' ? sr25519PairFromSeed(bytes) : ed25519PairFromSeed(bytes, true)
    const theirs = createPair({ toSS58: key => addressOf(kind, key), type: kind }, pair, { name: 'b' })
    const { material, origin } = await readSecret(kind, {
      secret: JSON.stringify(theirs.toJson('their password')),
      secretPassword: 'their password',
      path: '',
    })
    expect(origin).toBe('json')
    const ours = JSON.parse((await writeSecret({ kind, origin, name: 'mine' }, material, 'json', 'our password')).secret)
    const back = createPair(
      { toSS58: key => addressOf(kind, key), type: kind },
      { publicKey: pair.publicKey },
      {},
      Buffer.from(ours.encoded, 'base64'),
      ours.encoding.type,
    )
    back.decodePkcs8('our password')
    const signature = back.sign(Uint8Array.of(1, 2, 3))
    const verify = kind === 'sr25519' ? sr25519Verify : ed25519Verify
    expect(verify(Uint8Array.of(1, 2, 3), signature, pair.publicKey)).toBe(true)
    expect(ours).toMatchObject({ address: addressOf(kind, pair.publicKey), meta: { name: 'mine' }, encoding: { content: ['pkcs8', kind] } })
  })
})

describe('what is no secret is refused with a reason, and nothing of it is said again', () => {
  const long = 'illness spike retreat truth genius clock brain pass fit cave bargain'
  test.each<[kind: KeyKind, secret: string, more: { secretPassword?: string; path?: string }, reason: RegExp]>([
    ['stellar', `${long} tow`, {}, /Word 12 is not in the list/],
    ['stellar', `${long} spike`, {}, /do not belong together/],
    ['stellar', long, {}, /These are 11 words/],
    ['stellar', 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMM', {}, /begins like a Stellar seed/],
    ['stellar', 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN', { path: '1' }, /no account number/],
    ['stellar', 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN', { secretPassword: 'x' }, /no password of its own/],
    ['stellar', `${long} toe`, { path: '2147483648' }, /path of a Stellar account/],
    ['stellar', `${long} toe`, { path: '//stash' }, /path of a Stellar account/],
    ['sr25519', `${long} toe`, { path: 'stash' }, /no path/],
    ['ed25519', `${long} toe`, { path: '/soft' }, /hard way/],
    ['sr25519', '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb779747', {}, /64 hex digits/],
    ['sr25519', '//Alice', {}, /neither words, nor a seed/],
    ['sr25519', '{"encoded":"secretsecret"', {}, /polkadot-js file/],
    ['sr25519', '{"encoded":"secretsecret"}', { path: '//a' }, /no path here/],
  ])('%s %s %o', async (kind, secret, more, reason) => {
    const error = await readSecret(kind, { secret, ...plain, ...more }).then(
      () => null,
      (caught: unknown) => caught,
    )
    expect(error).toBeInstanceOf(AppError)
    const { code, message, cause, details } = error as AppError
    expect({ code, cause, details }).toEqual({ code: 'keys.secret', cause: undefined, details: {} })
    expect(message).toMatch(reason)
    for (const part of secret.split(/\s/).filter(word => word.length > 3)) expect(message).not.toContain(part)
  })

  test('an address that is none is refused without being repeated: it may be a secret taken by mistake', () => {
    for (const [kind, text] of [
      ['stellar', 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'],
      ['sr25519', '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e'],
      ['ed25519', '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX'],
    ] as const) {
      const refused = () => publicKeyOfAddress(kind, text)
      expect(refused).toThrow(expect.objectContaining({ code: 'usage' }))
      expect(refused).not.toThrow(text)
    }
    expect(hex(publicKeyOfAddress('sr25519', '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'))).toBe(
      'd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
    )
  })
})

test('new words are 24, valid and never the same; written in capitals and over lines they are the same words', () => {
  const words = newWords()
  expect(words.split(' ')).toHaveLength(24)
  expect(readWords(words)).toBe(words)
  expect(readWords(`  ${words.toUpperCase().replaceAll(' ', '\n  ')} `)).toBe(words)
  expect(newWords()).not.toBe(words)
})

test('signatures are those that others make and check', async () => {
  const bytes = new Uint8Array(32).fill(9)
  const { material } = await readSecret('stellar', { secret: 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN', ...plain })
  const pair = derivePair('stellar', unpackMaterial(packMaterial(material)))
  const theirs = Keypair.fromSecret('SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN').sign(Buffer.from(bytes))
  expect(hex(signBytes('stellar', pair, bytes))).toBe(hex(theirs))
  const sr = derivePair('sr25519', material)
  expect(sr25519Verify(bytes, signBytes('sr25519', sr, bytes), sr.publicKey)).toBe(true)
})

describe('the session', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function session(idleSec = 300) {
    const secret = new Uint8Array(64).fill(1)
    const onLock = vi.fn()
    const keys = createKeySession(() => idleSec, onLock)
    const key = { words: null, sign: () => Uint8Array.from(secret), wipe: () => secret.fill(0) }
    keys.hold('a', key)
    return { keys, secret, onLock }
  }

  test('after the time without use the secret is overwritten; use begins the time anew', () => {
    const { keys, secret, onLock } = session()
    vi.advanceTimersByTime(299_000)
    expect(keys.use('a').sign(new Uint8Array())).toEqual(new Uint8Array(64).fill(1))
    vi.advanceTimersByTime(299_000)
    expect(keys.has('a')).toBe(true)
    expect(onLock).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_000)
    expect(secret).toEqual(new Uint8Array(64))
    expect(onLock).toHaveBeenCalledOnce()
    expect(() => keys.use('a')).toThrow(expect.objectContaining({ code: 'keys.locked' }))
  })

  test('a machine that slept, so that no timer ran, finds the key locked at its next use', () => {
    const { keys, secret } = session()
    vi.setSystemTime(Date.now() + 301_000)
    expect(() => keys.use('a')).toThrow(expect.objectContaining({ code: 'keys.locked' }))
    expect(secret).toEqual(new Uint8Array(64))
  })

  test('locking wipes what it names, or all; asking whether a key is open is no use of it', () => {
    const { keys, secret } = session()
    const other = vi.fn()
    keys.hold('b', { words: null, sign: bytes => bytes, wipe: other })
    keys.lock(['b'])
    expect(other).toHaveBeenCalledOnce()
    expect(keys.has('a')).toBe(true)
    vi.advanceTimersByTime(200_000)
    keys.has('a')
    vi.advanceTimersByTime(100_000)
    expect(secret).toEqual(new Uint8Array(64))
  })
})

describe('safe storage of the system', () => {
  const storage = (backend: string | null, available = true): SafeStorage => ({
    isAvailable: async () => available,
    backend: async () => backend,
    wrap: async bytes => bytes.toReversed(),
    unwrap: async bytes => bytes.toReversed(),
  })

  test('is used where it is worth its name: not the plain-text backend, not an unknown one, not one that is off', async () => {
    expect(await bindingOf(storage('gnome_libsecret'))).toBe('gnome_libsecret')
    for (const none of [storage('basic_text'), storage('unknown'), storage(null), storage('dpapi', false), null])
      expect(await bindingOf(none)).toBeNull()
  })

  test('what is bound to it opens nowhere else, and the message says where it does', async () => {
    expect(await unbind(storage('dpapi'), Uint8Array.of(1, 2), 'dpapi')).toEqual(Uint8Array.of(2, 1))
    const broken = { ...storage('dpapi'), unwrap: async () => Promise.reject(new Error('secret details')) }
    for (const other of [null, storage('dpapi', false), broken]) {
      const error = await unbind(other, Uint8Array.of(1), 'dpapi').catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'keys.bound', message: expect.stringContaining('dpapi') })
      expect((error as AppError).cause).toBeUndefined()
    }
  })
})
