import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { serveConnection } from '../../src-main/hosts/rpc/server.ts'
import { derivePair } from '../../src-main/signing/derive.ts'
import { readSecret } from '../../src-main/signing/keys.ts'
import type { CommandInput, CommandName, CommandOutput, QueryInput, QueryName, QueryOutput } from '../../src-shared/contract.ts'
import type { KeyKind } from '../../src-shared/keys-contract.ts'
import { connect } from '../../src-shared/rpc-client.ts'
import { portPair, type TestPort } from '../helpers/port-pair.ts'
import { filesAsPlaces, findSecrets, type Needle, shapesOfBytes, shapesOfText } from '../helpers/secret-search.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/*
 * Makes and imports keys through the real core, over the wire that a page uses, and through the real command line, with errors of all
 * sorts on the way, and then looks for every secret in every shape: in the data folder (books, their log, backups), the audit trail, what
 * was printed and logged, error texts with their causes, and every message of the contract. The messages that may hold one are named.
 */

const passphrase = 'correct horse battery staple'
const wrongPassphrase = 'wrong horse battery staple'
const stellarSeed = 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'
const words =
  'cable spray genius state float twenty onion head street palace net private method loan turn phrase state blanket interest dry amazing dress blast tube'
const wordsPassword = 'p4ssphr4se'
const chainSeed = '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e'
const file =
  '{"encoded":"Z1yzxASuj21ej3CANbZKc3ibDaOpQPMahTT0qkniyZgAgAAAAQAAAAgAAACSDgflXWKXrX36EmX9XcA6cRpkN+oZX30/9FhtNP17krIG/yHLKmDnL1km1W/nZ+BpC7Qid6IuBvbZeboFyewFeXsKtcoY/bRY6nx/cLB5BND9WpXXS6Enf4RXAX7vPu/BY+o2z7VwPaXyFARfyPTiqJKqLDJWm3W5ZlvK0ks8FBv66mWEBYc+lLx8jvuzDNkdD3pnV3G802OwwHTy","encoding":{"content":["pkcs8","sr25519"],"type":["scrypt","xsalsa20-poly1305"],"version":"3"},"address":"5CuByUQBWZci5AtXonuHHhcbRL3yxM5xDdJsTNaYN3vPDY6f","meta":{"name":"test"}}'
const filePassword = 'Password123'

let folder: string
let dataDir: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-secrets-'))
  dataDir = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A secret as it is entered, and the bytes that it comes to: what signs, and what it is made from. */
async function needlesOf(kind: KeyKind, secret: string, secretPassword = '', path = ''): Promise<Needle[]> {
  const { material } = await readSecret(kind, { secret, secretPassword, path })
  const name = `${kind} ${secret.slice(0, 8)}`
  const pair = derivePair(kind, material)
  return [
    ...shapesOfText(name, secret),
    ...(secretPassword === '' ? [] : shapesOfText(`${name}'s password`, secretPassword)),
    ...shapesOfBytes(`${name}'s material`, material.secret),
    ...shapesOfBytes(`${name}'s key`, pair.secretKey.subarray(0, 32)),
    ...(kind === 'sr25519' ? shapesOfBytes(`${name}'s nonce`, pair.secretKey.subarray(32)) : []),
  ]
}

async function allNeedles(): Promise<Needle[]> {
  return [
    ...shapesOfText('the passphrase', passphrase),
    ...shapesOfText('a wrong passphrase', wrongPassphrase),
    ...(await needlesOf('stellar', stellarSeed)),
    ...(await needlesOf('stellar', words, wordsPassword, '3')),
    ...(await needlesOf('sr25519', chainSeed, '', '//stash')),
    ...(await needlesOf('sr25519', file, filePassword)),
  ]
}

test('the search finds what is there, in each shape', async () => {
  const needles = await needlesOf('stellar', stellarSeed)
  const seed = Buffer.from('00ff10', 'hex')
  for (const shape of [seed, seed.toString('hex'), Buffer.concat([Buffer.of(1), seed, Buffer.of(2)]).toString('base64')])
    expect(findSecrets([{ name: 'here', bytes: Buffer.from(shape) }], shapesOfBytes('x', seed))).not.toEqual([])
  expect(
    findSecrets([{ name: 'here', bytes: Buffer.from(`a ${words.split(' ').slice(5, 10).join(' ')} b`) }], shapesOfText('words', words)),
  ).toEqual(['here: words: some of its words'])
  expect(findSecrets([{ name: 'here', bytes: Buffer.from(JSON.stringify({ a: stellarSeed })) }], needles)).toHaveLength(1)
})

test('over the wire: no file, log, error or answer holds a secret, but for the words of the key that was made and what was exported', async () => {
  const core = await openCore({ ...weakly, dataDir, host: 'loopback', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  const printed: string[] = []
  const answers: string[] = []
  const restore = listen(text => printed.push(text))
  let wire: TestPort | undefined
  const connection = connect({
    open: async () => {
      const [page, server] = portPair()
      wire = server
      serveConnection(core, { id: 'browser:anna' }, server, { onInternalError: error => printed.push(inspect(error, { depth: 9 })) })
      return page
    },
    onStatus: () => {},
  })
  const command = <N extends CommandName>(name: N, input: CommandInput<N>, key?: string): Promise<CommandOutput<N>> =>
    connection.command(name, input, key === undefined ? {} : { idempotencyKey: key })
  const query = <N extends QueryName>(name: N, input: QueryInput<N>): Promise<QueryOutput<N>> => connection.query(name, input)
  const refused: unknown[] = []
  async function refusedOf(...codes: string[]): Promise<void> {
    expect(refused.map(error => (error as { code: string }).code)).toEqual(codes)
    for (const error of refused.splice(0)) printed.push(inspect(error, { depth: 9, showHidden: true }))
  }
  const failing = (work: Promise<unknown>) =>
    work.then(
      () => refused.push({ code: 'nothing failed' }),
      (error: unknown) => refused.push(error),
    )

  const needles = await allNeedles()
  const made = await command('keys.create', { name: 'made', kind: 'ed25519', passphrase }, 'make-once')
  needles.push(...(await needlesOf('ed25519', made.words)))
  await failing(command('keys.create', { name: 'made', kind: 'ed25519', passphrase }, 'make-once'))
  await refusedOf('keys.once')
  const giveBack = made.ask.map(place => made.words.split(' ')[place - 1]!)
  await failing(command('keys.confirmWords', { keyId: made.keyId, words: [...giveBack].reverse() }))
  const { ask } = (await query('keys.list', {})).keys[0]!
  await command('keys.confirmWords', { keyId: made.keyId, words: ask!.map(place => made.words.split(' ')[place - 1]!) })
  await refusedOf('keys.secret')

  const seed = await command('keys.import', { name: 'seed', kind: 'stellar', secret: stellarSeed, passphrase })
  await command('keys.import', { name: 'words', kind: 'stellar', secret: words, secretPassword: wordsPassword, path: '3', passphrase })
  await command('keys.import', { name: 'chain', kind: 'sr25519', secret: `${chainSeed}//stash`, passphrase })
  await command('keys.import', { name: 'file', kind: 'sr25519', secret: file, secretPassword: filePassword, passphrase })
  await failing(command('keys.import', { name: 'again', kind: 'stellar', secret: stellarSeed, passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'sr25519', secret: stellarSeed, passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'sr25519', secret: `${chainSeed}//stash//`, path: '//x', passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'stellar', secret: `${words} tube`, passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'ed25519', secret: file, secretPassword: filePassword, passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'sr25519', secret: file, secretPassword: wrongPassphrase, passphrase }))
  await failing(command('keys.import', { name: 'bad', kind: 'sr25519', secret: `{${words}`, passphrase }))
  await failing(command('keys.watch', { name: 'bad', kind: 'stellar', address: stellarSeed }))
  await refusedOf('store.conflict', 'keys.secret', 'keys.secret', 'keys.secret', 'keys.secret', 'keys.secret', 'keys.secret', 'usage')
  // what breaks the contract is refused before the core sees it
  await failing(command('keys.import', { name: '', kind: 'stellar', secret: stellarSeed, passphrase }))
  await failing(command('keys.unlock', { passphrase: 7 as never, secret: stellarSeed } as never))
  await failing(command('keys.import', { name: 'x', kind: stellarSeed as never, secret: words, passphrase }))
  await refusedOf('contract.invalid', 'contract.invalid', 'contract.invalid')

  await failing(command('keys.unlock', { passphrase: wrongPassphrase }))
  await failing(command('keys.export', { keyId: seed.keyId, passphrase: wrongPassphrase }))
  await refusedOf('keys.passphrase', 'keys.passphrase')
  await command('keys.unlock', { passphrase })
  const shown = await command('keys.export', { keyId: seed.keyId, passphrase }, 'export-once')
  expect(shown.secret).toBe(stellarSeed)
  await failing(command('keys.export', { keyId: seed.keyId, passphrase }, 'export-once'))
  await refusedOf('keys.once')
  await command('keys.rename', { keyId: seed.keyId, name: 'another' })
  await command('keys.lock', {})
  printed.push(
    JSON.stringify(await query('audit.list', { limit: 1000 })),
    JSON.stringify(await query('keys.list', {})),
    JSON.stringify(await query('status.get', {})),
  )
  printed.push(JSON.stringify(await query('jobs.list', {})))

  // the folder as it is while it is open, its log included, and as it is left
  const open = filesAsPlaces(dataDir)
  answers.push(...wire!.sent)
  connection.close()
  await core.close()
  restore()

  const places = [
    ...open.map(place => ({ ...place, name: `open ${place.name}` })),
    ...filesAsPlaces(dataDir),
    ...printed.map((text, at) => ({ name: `printed ${at}`, bytes: Buffer.from(text) })),
    ...answers
      .filter(text => !text.includes(made.words) && !text.includes(`"secret":"${stellarSeed}"`))
      .map(text => ({ name: text.slice(0, 80), bytes: Buffer.from(text) })),
  ]
  expect(open.map(({ name }) => name)).toContain('books.db')
  expect(answers.length).toBeGreaterThan(25)
  expect(findSecrets(places, needles)).toEqual([])
  // the two messages that may: each once
  const holding = answers.filter(text => findSecrets([{ name: 'x', bytes: Buffer.from(text) }], needles).length > 0)
  expect(holding.map(text => Object.keys(JSON.parse(text).value).sort())).toEqual([
    ['address', 'ask', 'keyId', 'path', 'words'],
    ['form', 'path', 'secret', 'secretPassword'],
  ])
}, 400_000)

describe('on the command line', () => {
  const main = join(import.meta.dirname, '../../src-main/hosts/cli/granary.mjs')
  const argumentsOf: string[][] = []

  /** The real program in a process of its own. `stdin`: its standard input; `three`: what it finds at file descriptor 3. */
  async function granary(args: string[], stdin = '', three?: string): Promise<{ code: number; stdout: string; stderr: string }> {
    argumentsOf.push(args)
    const child = spawn(process.execPath, [main, ...args, '--data', dataDir], {
      stdio: ['pipe', 'pipe', 'pipe', three === undefined ? 'ignore' : 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout!.on('data', part => {
      stdout += part
    })
    child.stderr!.on('data', part => {
      stderr += part
    })
    child.stdin!.on('error', () => {})
    child.stdin!.end(stdin)
    if (three !== undefined) (child.stdio[3] as NodeJS.WritableStream).end(three)
    const [code] = await once(child, 'close')
    return { code, stdout, stderr }
  }

  test('secrets go in by standard input or a file descriptor, and come out at create and export only', async () => {
    const needles = await allNeedles()
    const said: { name: string; bytes: Uint8Array }[] = []
    const keep = ({ code, stdout, stderr }: Awaited<ReturnType<typeof granary>>, expected = 0, secret = ''): string => {
      expect({ code, stderr: code === expected ? '' : stderr }).toEqual({ code: expected, stderr: '' })
      said.push({ name: `printed ${said.length}`, bytes: Buffer.from(`${secret === '' ? stdout : stdout.replace(secret, '')}\n${stderr}`) })
      return stdout
    }
    const created = await granary(['keys', 'create', '--name', 'made', '--kind', 'sr25519', '--json'], `${passphrase}\n`)
    const made = JSON.parse(created.stdout) as { words: string; ask: number[]; keyId: string }
    keep(created, 0, made.words)
    needles.push(...(await needlesOf('sr25519', made.words)))
    const giveBack = (places: number[]) => places.map(place => made.words.split(' ')[place - 1]).join('\n')
    keep(await granary(['keys', 'confirm', 'made'], `${passphrase}\n${giveBack([...made.ask].reverse())}\n`), 1)
    const listed = JSON.parse(keep(await granary(['keys', 'list', '--json']))) as { keys: { ask: number[] }[] }
    keep(await granary(['keys', 'confirm', made.keyId], `${passphrase}\n${giveBack(listed.keys[0]!.ask)}\n`))

    keep(await granary(['keys', 'import', '--name', 'seed', '--kind', 'stellar'], `${stellarSeed}\n${passphrase}\n`))
    keep(
      await granary(
        ['keys', 'import', '--name', 'words', '--kind', 'stellar', '--path', '3', '--with-password', '--secret-fd', '3'],
        `${wordsPassword}\n${passphrase}\n`,
        `${words}\n`,
      ),
    )
    keep(await granary(['keys', 'import', '--name', 'file', '--kind', 'sr25519'], `${file}\n${filePassword}\n${passphrase}\n`))
    keep(await granary(['keys', 'import', '--name', 'bad', '--kind', 'sr25519', '--debug'], `${stellarSeed}\n${passphrase}\n`), 1)
    keep(
      await granary(
        ['keys', 'import', '--name', 'bad', '--kind', 'stellar', '--debug'],
        `${words.replace('tube', 'tub')}\n${passphrase}\n`,
      ),
      1,
    )
    keep(await granary(['keys', 'import', '--name', 'bad', '--kind', 'stellar', '--debug'], `${stellarSeed}\n`), 2)
    keep(await granary(['keys', 'export', 'seed', '--debug'], `${wrongPassphrase}\n`), 1)
    const exported = await granary(['keys', 'export', 'SEED', '--passphrase-fd', '3'], '', passphrase)
    expect(exported.stdout).toBe(`${stellarSeed}\n`)
    keep(exported, 0, stellarSeed)
    expect(keep(await granary(['keys', 'list']))).toMatch(/made +sr25519 +can sign[\s\S]*seed +stellar +can sign/)
    keep(await granary(['keys', 'remove', 'seed']), 2)
    keep(await granary(['keys', 'remove', 'seed', '--confirm', 'seed']))
    keep(await granary(['keys', 'export', 'seed'], `${passphrase}\n`), 1)

    const places = [...said, ...filesAsPlaces(dataDir), { name: 'arguments', bytes: Buffer.from(JSON.stringify(argumentsOf)) }]
    expect(findSecrets(places, needles)).toEqual([])
  }, 400_000)

  /** The program at a terminal of its own, as somebody sees it and types. */
  function atTerminal(...args: string[]) {
    const line = [process.execPath, main, ...args, '--data', dataDir].map(part => `'${part}'`).join(' ')
    const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] })
    const closed = once(child, 'close')
    let seen = ''
    child.stdout!.on('data', part => {
      seen += part
    })
    let read = 0
    return {
      screen: () => seen,
      /** waits for something new on the screen, then types */
      async type(after: RegExp, text: string | ((match: RegExpExecArray) => string)): Promise<void> {
        const endMs = Date.now() + 60_000
        for (;;) {
          const match = after.exec(seen.slice(read))
          if (match) {
            read += match.index + match[0].length
            child.stdin!.write(typeof text === 'string' ? text : text(match))
            return
          }
          if (Date.now() > endMs) throw new Error(`no ${after} on: ${seen}`)
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      },
      code: async () => (await closed)[0] as number,
    }
  }

  describe.skipIf(process.platform === 'win32' || !hasScript())('at a terminal', () => {
    test('nothing that is typed is shown', async () => {
      const terminal = atTerminal('keys', 'import', '--name', 'typed', '--kind', 'stellar')
      // pasted with the marks around it, and a slip of the finger taken back
      await terminal.type(/Words, or seed.*: /, `\u001b[200~${stellarSeed}\u001b[201~x\u007f\r`)
      await terminal.type(/Choose a passphrase.*: /, `${passphrase}\r`)
      await terminal.type(/once more: /, `${passphrase}\r`)
      expect({ code: await terminal.code(), screen: terminal.screen() }).toMatchObject({
        code: 0,
        screen: expect.stringContaining('GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6'),
      })
      const typed = [...shapesOfText('seed', stellarSeed), ...shapesOfText('passphrase', passphrase)]
      expect(findSecrets([{ name: 'screen', bytes: Buffer.from(terminal.screen()) }], typed)).toEqual([])
    }, 400_000)

    test("a new key's words stand on a screen of their own, which is gone before three are asked back; wrong ones bring others", async () => {
      const terminal = atTerminal('keys', 'create', '--name', 'made', '--kind', 'ed25519')
      await terminal.type(/Choose a passphrase.*: /, `${passphrase}\r`)
      await terminal.type(/once more: /, `${passphrase}\r`)
      await terminal.type(/Press Enter.*: /, '\r')
      const [before, shown] = terminal.screen().split('\u001b[?1049h')
      const made = [...shown!.matchAll(/^ {1,2}\d+ {2}([a-z]+)\r$/gm)].map(match => match[1]!)
      expect(made).toHaveLength(24)
      // the words beside the right ones, then the right ones
      for (let i = 0; i < 3; i++) await terminal.type(/Word (\d+): /, match => `${made[Number(match[1]) % 24]}\r`)
      await terminal.type(/These are not words/, '')
      for (let i = 0; i < 3; i++) await terminal.type(/Word (\d+): /, match => `${made[Number(match[1]) - 1]}\r`)
      expect(await terminal.code()).toBe(0)
      const after = terminal.screen().split('\u001b[?1049l')[1]!
      expect(after).toContain('Key "made" is made: 5')
      // nothing of the list is left there, and nothing that was typed stands behind a question
      expect(`${before}${after}`).not.toMatch(/^ {1,2}\d+ {2}[a-z]+\r$/m)
      expect(findSecrets([{ name: 'screen', bytes: Buffer.from(`${before}${after}`) }], shapesOfText('words', made.join(' ')))).toEqual([])
      expect(after.match(/Word \d+: \r?\n/g)).toHaveLength(6)
    }, 400_000)
  })
})

function hasScript(): boolean {
  try {
    createRequire(import.meta.url)('node:child_process').execFileSync('script', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What anything in this process prints meanwhile. */
function listen(onText: (text: string) => void): () => void {
  const kept = [process.stdout, process.stderr].map(stream => ({ stream, write: stream.write }))
  for (const { stream, write } of kept)
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
      onText(Buffer.from(chunk as string).toString())
      return write.call(stream, chunk, ...rest)
    }) as typeof stream.write
  return () => {
    for (const { stream, write } of kept) stream.write = write
  }
}
