import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { ChainRequest } from '../../src-shared/chain-contract.ts'
import { connect } from '../helpers/devnet-reader.ts'
import { granary, withFd } from '../helpers/granary.ts'
import { writeOddArchive } from '../helpers/odd-archive.ts'

/* `granary chain` against the devnet. */

const folder = mkdtempSync(join(tmpdir(), 'granary-chain-cli-'))
const passphrase = 'a passphrase of the test'
const secret = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk//Alice'
const stellar = 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU'
let devnet: Devnet

const chain = (...args: string[]) =>
  granary('chain', ...args, '--data', join(folder, 'data'), '--network', 'devnet', '--endpoint', devnet.url)
const signing = (...args: string[]) => withFd(passphrase, fd => chain(...args, '--passphrase-fd', fd))

beforeAll(async () => {
  await writeOddArchive(join(folder, 'odd.ndjson'))
  devnet = await startDevnet({ archive: join(folder, 'odd.ndjson') })
  const imported = await withFd(secret, key =>
    withFd(passphrase, fd =>
      granary(
        ...['keys', 'import', '--name', 'Alice', '--kind', 'sr25519', '--data', join(folder, 'data')],
        ...['--secret-fd', key, '--passphrase-fd', fd],
      ),
    ),
  )
  expect(imported).toMatchObject({ code: 0, err: '' })
})
afterAll(async () => {
  await devnet.close()
  rmSync(folder, { recursive: true, force: true })
})

test('says what the chain can be asked for', async () => {
  const { code, out } = await chain('calls')
  expect(code).toBe(0)
  expect(out).toMatch(/^Chain of devnet, runtime 146\n/)
  expect(out).toMatch(/claim +Minting\.claim +yes/)
})

test('shows a call, signs and sends it, and waits until it is final', async () => {
  const { code, out, err } = await signing('payout-address', '--farm', '1', '--address', stellar)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(new RegExp(`Call +TfgridModule\\.add_stellar_payout_v2address\nFarm +1\nStellar address +${stellar}\n`))
  expect(out).toMatch(/Fee +0\.\d{7} TFT/)
  expect(out).toContain(`Payouts of farm 1 to …${stellar.slice(-6)}: Done\nDone: TfgridModule.FarmPayoutV2AddressRegistered\n`)
  expect(out).not.toContain(passphrase)
})

test('a call that the chain refuses ends with the chain’s own name for it, and exit code 1', async () => {
  const { code, out } = await signing('vote', '--farm', '1', '--proposal', `0x${'ab'.repeat(32)}`, '--against')
  expect(code).toBe(1)
  expect(out).toContain('Look: The chain knows no proposal with this hash.')
  expect(out).toContain('Failed: Dao.ProposalMissing')
  const claim = await signing('claim', '--node', '1', '--json')
  expect(claim.code).toBe(1)
  expect(JSON.parse(claim.out)).toMatchObject({ stage: 'final', error: 'Minting.WrongMode' })
})

test('a wrong passphrase signs nothing; what was prepared can be forgotten', async () => {
  const wrong = await withFd('another passphrase', fd => chain('claim', '--node', '2', '--passphrase-fd', fd))
  expect(wrong.code).toBe(1)
  expect(wrong.err).toContain('passphrase')
  const { rows } = JSON.parse((await chain('status', '--no-follow', '--json')).out) as { rows: ChainRequest[] }
  // those of one second stand in any order
  const prepared = rows.find(row => row.stage === 'prepared')
  expect(prepared).toMatchObject({ call: { kind: 'claim', nodeId: 2 }, hash: null })
  expect((await chain('forget', prepared!.requestId.slice(0, 8))).code).toBe(0)
  const { out } = await chain('status')
  expect(out).not.toContain('node 2')
  expect(out).toContain('Failed: Dao.ProposalMissing')
})

test('a call is signed on a machine without a network, with metadata of its own, and sent from here', async () => {
  const path = (name: string) => join(folder, name)
  const away = (...args: string[]) => granary('chain', ...args, '--data', path('away'))
  const watched = await granary('keys', 'list', '--json', '--data', path('data'))
  const [{ address }] = (JSON.parse(watched.out) as { keys: [{ address: string }] }).keys
  // the key goes to the other machine, and only its address stays here
  await withFd(secret, key =>
    withFd(passphrase, fd =>
      granary(
        ...['keys', 'import', '--name', 'Alice', '--kind', 'sr25519', '--data', path('away')],
        ...['--secret-fd', key, '--passphrase-fd', fd],
      ),
    ),
  )
  await granary('keys', 'watch', '--name', 'Away', '--kind', 'sr25519', address, '--data', path('sender'))
  const here = (...args: string[]) => granary('chain', ...args, '--data', path('sender'), '--network', 'devnet', '--endpoint', devnet.url)
  const made = await here('payout-address', '--farm', '1', '--address', stellar, '--key', 'Away', '--out', path('call.json'))
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toContain(`Payouts of farm 1 to …${stellar.slice(-6)}`)

  // nothing is known of the runtime there: it takes its metadata from elsewhere, or a word for it
  const shown = await away('show', path('call.json'))
  expect(shown.code).toBe(1)
  expect(shown.out).toMatch(/^You sign: Payouts of farm 1.*\nStop: What the bytes say is read with metadata/)
  const signFile = (...args: string[]) => withFd(passphrase, fd => away('sign', path('call.json'), '--passphrase-fd', fd, ...args))
  expect((await signFile()).err).toMatch(/extra confirmation.*--metadata.*--on-one-word/s)
  writeFileSync(path('other.hex'), '0x6d657461')
  expect((await signFile('--metadata', path('other.hex'))).err).toContain('is not that of runtime')
  const reader = await connect(devnet.url)
  writeFileSync(path('metadata.hex'), await reader.call<string>('state_getMetadata'))
  reader.close()
  const signed = await signFile('--metadata', path('metadata.hex'), '--out', path('signature.json'))
  expect(signed).toMatchObject({ code: 0, err: '' })
  expect(signed.out).not.toContain('Stop:')

  const taken = await here('import', path('signature.json'))
  expect(taken).toMatchObject({ code: 0, err: '' })
  const id = /granary chain submit ([0-9a-f]{8})/.exec(taken.out)![1]!
  const sent = await here('submit', id)
  expect(sent).toMatchObject({ code: 0, err: '' })
  expect(sent.out).toContain('Done: TfgridModule.FarmPayoutV2AddressRegistered')
})

test('says what is wrong with what was asked', async () => {
  expect(await chain('vote', '--farm', '1', '--proposal', `0x${'ab'.repeat(32)}`)).toMatchObject({ code: 2 })
  expect((await chain('vote', '--farm', '1', '--proposal', '0x12', '--for')).err).toContain('64 hex digits')
  expect((await signing('payout-address', '--farm', '1', '--address', `${stellar.slice(0, -1)}A`)).err).toContain('is no Stellar account')
  expect((await chain('trigger', '--node', '1', '--start', '5', '--metadata', 'x')).code).toBe(2)
  expect((await chain('submit-amount', '--node', '1', '--start', '5', '--amount', '0.00000001')).err).toContain('up to 7 decimals')
  expect((await chain('claim', '--node', '1', '--key', 'Nobody')).err).toContain('No such key for the chain')
})
