import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { run } from '../../src-main/hosts/cli/main.ts'
import type { VoteMatrix } from '../../src-shared/votes-contract.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { ann, bob, cast, cleo, eve, labGenesis, type TestSigner } from '../helpers/votes.ts'

/* `granary votes`: two signers with a data folder each, and what they send each other. */

const passphrase = 'a passphrase of the test'
let template: string
let folder: string

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'granary-votes-cli-'))
  await importMintGrid(join(template, 'data'))
})
afterAll(() => rmSync(template, { recursive: true, force: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-votes-cli-'))
  for (const name of ['anns', 'bobs']) cpSync(join(template, 'data'), join(folder, name), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function granary(data: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const stream = (take: (text: string) => void) =>
    new Writable({
      write(chunk, _encoding, done) {
        take(String(chunk))
        done()
      },
    }) as unknown as NodeJS.WriteStream
  const streams = {
    stdout: stream(text => {
      out += text
    }),
    stderr: stream(text => {
      err += text
    }),
  }
  const code = await run([...args, '--data', join(folder, data)], streams)
  return { code, out, err }
}

const path = (name: string) => join(folder, name)

/** Runs with the text behind a file descriptor of its own. */
async function withFd<T>(text: string, work: (fd: string) => Promise<T>): Promise<T> {
  writeFileSync(path('secret'), text)
  const fd = openSync(path('secret'), 'r')
  rmSync(path('secret'))
  try {
    return await work(String(fd))
  } finally {
    closeSync(fd)
  }
}

async function importKey(data: string, { name, kind }: TestSigner): Promise<void> {
  const secret = `0x${Buffer.alloc(32, `seed of ${name}`).toString('hex')}`
  const done = await withFd(secret, secretFd =>
    withFd(passphrase, fd =>
      granary(data, 'keys', 'import', '--name', `key of ${name}`, '--kind', kind, '--secret-fd', secretFd, '--passphrase-fd', fd),
    ),
  )
  expect(done).toMatchObject({ code: 0, err: '' })
}

const signing = (data: string, ...args: string[]) =>
  withFd(passphrase, fd => granary(data, 'votes', 'sign', '--passphrase-fd', fd, ...args))
const signer = ({ name, kind, publicKey }: TestSigner) => `${name}=${kind}:0x${publicKey}`

async function setUp(): Promise<void> {
  const set = await granary(
    'anns',
    'votes',
    'signers',
    '--signer',
    signer(ann),
    signer(bob),
    signer(cleo),
    '--genesis',
    `0x${labGenesis}`,
    '--export',
    path('signers.json'),
  )
  expect(set).toMatchObject({ code: 0, err: '' })
  expect(set.out).toContain('2 equal votes of 3 decide')
  expect(await granary('bobs', 'votes', 'signers', '--file', path('signers.json'))).toMatchObject({ code: 0, err: '', out: set.out })
  await importKey('anns', ann)
}

test('two signers vote, exchange files and see the same matrix; what rests on one word takes a flag', async () => {
  await setUp()
  const about = ['--period', '101']
  const refused = await signing('anns', ...about)
  expect(refused.code).toBe(1)
  expect(refused.out).toContain('period 101')
  expect(refused.err).toMatch(/extra confirmation: .*the one file.*--on-one-word/)
  const signed = await signing('anns', ...about, '--on-one-word', '--out', path('ann.txt'))
  expect(signed).toMatchObject({ code: 0, err: '' })
  expect(signed.out).toMatch(/Signed\.\ngrv1:/)
  expect(signed.out + signed.err).not.toContain(passphrase)

  // Bob's key is on a third machine that has nothing else
  const prepared = await granary('bobs', 'votes', 'export', '--unsigned', '--signer', 'bob', ...about, '--out', path('bob-unsigned.txt'))
  expect(prepared).toMatchObject({ code: 0, err: '' })
  await importKey('offline', bob)
  expect(await granary('offline', 'votes', 'signers', '--file', path('signers.json'))).toMatchObject({ code: 0 })
  const offline = ['--statement', path('bob-unsigned.txt')]
  expect((await signing('offline', ...offline)).err).toContain('whoever prepared it')
  expect(await signing('offline', ...offline, '--on-one-word', '--out', path('bob.txt'))).toMatchObject({ code: 0 })

  for (const data of ['anns', 'bobs']) {
    const done = await granary(data, 'votes', 'import', path('bob.txt'), path('ann.txt'))
    expect(done).toMatchObject({ code: 0, err: '' })
    const { out } = await granary(data, 'votes', 'matrix', ...about)
    expect(out).toMatch(/2 votes \(2 needed\) for .*agreed \(Ann, Bob\)/)
  }
  const matrix = async (data: string) => JSON.parse((await granary(data, 'votes', 'matrix', ...about, '--json')).out) as VoteMatrix
  const [anns, bobs] = [await matrix('anns'), await matrix('bobs')]
  expect(anns.state).toBe('agreed')
  expect(bobs.outcomes).toEqual(anns.outcomes)
  expect((await granary('anns', 'votes', 'export')).out).toBe((await granary('bobs', 'votes', 'export')).out)
  expect((await granary('anns', 'votes', 'list')).out).toMatch(/period 101 +agreed +2 +2/)
  // what it rests on came along
  expect(readFileSync(path('bob.txt'), 'utf8')).toContain('{"basis":')
  expect((await granary('bobs', 'votes', 'show', path('ann.txt'))).out).toContain('No storage proofs were checked.')
}, 120_000)

test('votes that can not count are refused with their reasons, and the exit code tells it', async () => {
  await setUp()
  const forged = cast({ ...eve, kind: ann.kind, publicKey: ann.publicKey })
  writeFileSync(path('mixed.txt'), [cast(cleo), forged, cast(eve), cast(ann, { genesis: '99'.repeat(32) }), 'rubbish', ''].join('\n'))
  const { code, out, err } = await granary('anns', 'votes', 'import', path('mixed.txt'))
  expect([code, err]).toEqual([1, ''])
  expect(out).toContain('1 vote taken. 4 refused.')
  expect(out).toMatch(
    /line 2: The signature does not belong.*\n.*line 3: The key .* none of this network's signers.*\n.*line 4: This vote is about another network.*\n.*line 5: This is no vote/,
  )
  expect(await granary('anns', 'votes', 'show', cast(ann, { genesis: '99'.repeat(32) }))).toMatchObject({ code: 1 })
  expect((await granary('anns', 'votes', 'show', cast(cleo))).out).toContain('Cleo, sr25519 0x')
  const wrong = await withFd('another passphrase', fd =>
    granary('anns', 'votes', 'sign', '--period', '101', '--on-one-word', '--passphrase-fd', fd),
  )
  expect(wrong.code).toBe(1)
  expect((await granary('anns', 'votes', 'sign', '--period', '101', '--mint', 'abcd')).code).toBe(2)
  expect((await granary('anns', 'votes', 'matrix')).code).toBe(2)
  expect((await granary('anns', 'votes', 'signers', '--threshold', '1')).code).toBe(2)
  expect((await granary('anns', 'votes', 'signers', '--signer', 'Ann')).code).toBe(2)
  expect((await granary('anns', 'votes', 'sign', '--period', '101', '--signer', 'Nobody')).code).toBe(1)
  expect((await granary('anns', 'votes', 'sign', '--period', '101', '--all')).code).toBe(2)
}, 120_000)

test('everything that a signer has not voted on is signed in one go, after one look at it', async () => {
  await setUp()
  const rules = ['--rules', 'node-period', '--trigger', 'verified-amount', '--first-period', '102', '--threshold', '2']
  const names = ['--signer', 'Ann', 'Bob', 'Cleo']
  expect(await granary('anns', 'mints', 'config', ...rules, ...names)).toMatchObject({ code: 0, err: '' })
  const refused = await signing('anns', '--all')
  expect(refused.err).toMatch(/extra confirmation: .*--on-one-word/)
  const signed = await signing('anns', '--all', '--on-one-word', '--out', path('all.txt'))
  expect(signed).toMatchObject({ code: 0, err: '' })
  const votes = Number(/You sign: (\d+) votes for [\d,.]+ TFT in all, as Ann/.exec(signed.out)?.[1])
  expect(votes).toBeGreaterThan(5)
  expect(signed.out.match(/^ {2}(mint of node|period) \d+/gm)).toHaveLength(votes)
  expect(signed.out).toContain(`Signed: ${votes} votes for`)
  expect(readFileSync(path('all.txt'), 'utf8').match(/^grv1:/gm)).toHaveLength(votes)
  expect((await granary('bobs', 'votes', 'import', path('all.txt'))).out).toContain(`${votes} votes taken.`)
  expect((await signing('anns', '--all', '--on-one-word')).out).toContain('nothing that Ann has not voted on')
}, 120_000)
