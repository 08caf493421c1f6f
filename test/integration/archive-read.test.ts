import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { constants, crc32, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Position, type ReadOptions, type ReadProgress, readArchive, readArchiveBytes } from '../../src-main/archive/read.ts'
import { AppError } from '../../src-shared/errors.ts'
import {
  blockLine,
  consumptionText,
  createRecorder,
  endLine,
  firstLines,
  headerLine,
  nodeText,
  startLine,
  uptimeText,
} from '../helpers/archive-samples.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-archive-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function fileOf(content: string | Uint8Array, name = 'archive.ndjson'): string {
  files += 1
  const path = join(folder, `${files}-${name}`)
  writeFileSync(path, content)
  return path
}

async function read(content: string | Uint8Array, options?: ReadOptions) {
  const recorder = createRecorder()
  const result = await readArchive(fileOf(content), recorder, options)
  return { calls: recorder.calls, result }
}

async function refusal(content: string | Uint8Array): Promise<AppError> {
  const error = await read(content).then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

const withLines = (...lines: string[]) => `${[...firstLines, ...lines].join('\n')}\n`
const withEvent = (event: string) => withLines(blockLine(1001, event))
const good = withLines(blockLine(1001, [uptimeText(1, 10, 20), consumptionText(7, 1, 2, 3)].join(',')), blockLine(1005, ''))
const goodTail = [
  ['block', 1001, 1732972401],
  ['uptime', 1, 10, 20],
  ['consumption', 7, 1, 2, 3],
  ['block', 1005, 1732972405],
]

describe('what is accepted', () => {
  const spellings: [string, string | Uint8Array][] = [
    ['plain', good],
    ['no line feed at the end', good.trimEnd()],
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['blank lines', good.replaceAll('\n', '\n\n \n')],
    ['gzip', gzipSync(good)],
    ['two gzip members', Buffer.concat([gzipSync(good.slice(0, 300)), gzipSync(good.slice(300))])],
    ['zstd', zstdCompressSync(good)],
    ['two zstd frames', Buffer.concat([zstdCompressSync(good.slice(0, 300)), zstdCompressSync(good.slice(300))])],
    [
      'other member order',
      withLines(
        `{"events":[["TfgridModule.NodeUptimeReported",{"uptime":20,"now":10,"node_id":1}],${consumptionText(7, 1, 2, 3)}],"ts":1732972401,"n":1001,"kind":"block"}`,
        blockLine(1005, ''),
      ),
    ],
    [
      'spaces and unknown members',
      withLines(
        `{ "x" : {"a":[1,-2.5e3,null,true,false,"\\u00e9"]}, "kind":"block","n":1001 ,"ts":1732972401, "events" : [ [ "TfgridModule.NodeUptimeReported" , { "node_id":1, "more":"ü", "now":10, "uptime":20 } ] , ${consumptionText(7, 1, 2, 3)} ], "farms":7 }`,
        blockLine(1005, ''),
      ),
    ],
    [
      'escaped names',
      withLines(
        blockLine(
          1001,
          [uptimeText(1, 10, 20).replace('node_id', 'node\\u005fid').replace('Tfgrid', '\\u0054fgrid'), consumptionText(7, 1, 2, 3)].join(
            ',',
          ),
        ),
        blockLine(1005, ''),
      ),
    ],
    [
      'unknown members after canonical events',
      withLines(
        blockLine(1001, [uptimeText(1, 10, 20), consumptionText(7, 1, 2, 3)].join(',')).replace(/}$/, ',"more":[]}'),
        blockLine(1005, ''),
      ),
    ],
  ]
  test.each(spellings)('%s', async (_name, content) => {
    const { calls, result } = await read(content)
    expect(calls.slice(0, 3).map(call => call[0])).toEqual(['header', 'start', 'end'])
    expect(calls.slice(3)).toEqual(goodTail)
    expect(result.events).toBe(2)
  })

  test('figures above 2^53 stay exact', async () => {
    const { calls } = await read(withEvent(uptimeText(1, '9007199254740991', '18446744073709551615')))
    expect(calls.at(-1)).toEqual(['uptime', 1, 9007199254740991, 18446744073709551615n])
    expect(JSON.stringify((calls[1] as [string, { nodes: { resources: { mru: bigint } }[] }])[1].nodes[0]!.resources.mru.toString())).toBe(
      '"18446744073709551615"',
    )
  })

  test('one byte changed, anywhere in a line as our writer spells it: the shortcut reads or refuses what the strict reader does', () => {
    const line = Buffer.from(blockLine(1001, [uptimeText(12, 1732972401, 3600), consumptionText(7, 1732972401, 3600, 99)].join(',')))
    const outcome = (text: Buffer) => {
      const { calls, ...sink } = createRecorder()
      const archive = Buffer.concat([Buffer.from(`${firstLines.join('\n')}\n`), text, Buffer.from('\n')])
      try {
        readArchiveBytes('archive', archive, sink)
        return calls.slice(3)
      } catch (error) {
        return String(error)
      }
    }
    const strict = (text: Buffer) => outcome(Buffer.concat([Buffer.from(' '), text]))
    expect(outcome(line)).toEqual(strict(line))
    expect(outcome(line)).toHaveLength(3)
    const differ: string[] = []
    for (let at = 0; at < line.length; at++)
      for (const byte of [line[at]! ^ 1, line[at]! ^ 0x80, 0, 0x20, 0x39, 0xff]) {
        const changed = Buffer.from(line)
        changed[at] = byte
        if (!isDeepStrictEqual(outcome(changed), strict(changed))) differ.push(`byte ${at}: ${changed.toString('latin1')}`)
      }
    expect(differ).toEqual([])
  })

  test('bytes are those of the uncompressed text', async () => {
    for (const content of [good, gzipSync(good), zstdCompressSync(good)]) {
      const { result } = await read(content)
      expect(result).toEqual({ lines: 5, events: 2, bytes: good.length })
    }
  })

  test('node states are carried along as they are, whole numbers exactly', async () => {
    const states = '[{"node":1,"__proto__":{"a":1},"big":18446744073709551615,"part":0.25,"list":[null,true,"ü\\n"]}]'
    const { calls } = await read(
      `${[headerLine, startLine.replace(/}$/, `,"connectionPrice":80,"farms":[],"farmingPolicies":[],"nodeStates":${states}}`), endLine].join('\n')}\n`,
    )
    const start = calls[1]![1] as { nodeStates: Record<string, unknown>[]; connectionPrice: number }
    expect(start.connectionPrice).toBe(80)
    expect(Object.keys(start.nodeStates[0]!)).toEqual(['node', '__proto__', 'big', 'part', 'list'])
    expect(start.nodeStates[0]!.big).toBe(18446744073709551615n)
    expect(start.nodeStates[0]!.list).toEqual([null, true, 'ü\n'])
  })
})

describe('what is refused', () => {
  type Case = [name: string, content: string | Uint8Array, line: number | null, member: string | null, text: RegExp]
  const bad = (event: string, member: string, text: RegExp, name: string): Case => [name, withEvent(event), 4, member, text]
  const cases: Case[] = [
    ['an empty file', '', null, null, /is empty/],
    ['only blank lines', '\n \n\r\n', null, null, /is empty/],
    ['a BOM', `\ufeff${good}`, 1, null, /byte order mark/],
    ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), 1, null, /UTF-16/],
    ['no JSON', 'hello\n', 1, null, /must be an object/],
    ['no header', `${[startLine, endLine].join('\n')}\n`, 1, null, /begins with its header/],
    ['another format', good.replace('grid-archive', 'other'), 1, 'format', /must be one of grid-archive, but is "other"/],
    ['version 2', good.replace('"version":1', '"version":2'), 1, 'version', /newer/],
    ['version "1"', good.replace('"version":1', '"version":"1"'), 1, 'version', /whole number, but is "1"/],
    ['a period that is not one', good.replace('"index":80', '"index":81'), 1, 'period', /period 81 is 1732971400/],
    ['an unknown kind', good.replace('"kind":"header"', '"kind":"head"'), 1, 'kind', /"head"/],
    ['two headers', `${headerLine}\n${good}`, 2, null, /second header/],
    ['no start snapshot', `${[headerLine, endLine].join('\n')}\n`, 2, null, /start snapshot must come before/],
    ['no end snapshot', `${[headerLine, startLine, blockLine(1001, '')].join('\n')}\n`, 3, null, /end snapshot is missing/],
    ['nothing after the start snapshot', `${[headerLine, startLine].join('\n')}\n`, null, null, /ends without its end snapshot/],
    ['two start snapshots', `${[headerLine, startLine, startLine].join('\n')}\n`, 3, null, /second start snapshot/],
    ['a third snapshot', withLines(endLine), 4, null, /after the two/],
    ['an end before the start', good.replace('"at":"end","block":2000', '"at":"end","block":999'), 3, 'block', /before block 1000/],
    ['a node twice', good.replace(nodeText, `${nodeText},${nodeText}`), 2, 'nodes[1]', /node 1 \(id\) a second time/],
    ['a wrong certification', good.replace('"Diy"', '"Gold"'), 2, 'nodes[0].certification', /Diy, Certified/],
    ['a missing member', good.replace('"city":"Ghent",', ''), 2, 'nodes[0]', /lacks the member "city"/],
    [
      'a huge resource',
      good.replace('18446744073709551615', '18446744073709551616'),
      2,
      'nodes[0].resources.mru',
      /up to 18446744073709551615/,
    ],
    ['an id above 2^53', good.replace('"id":1,', '"id":9007199254740992,'), 2, 'nodes[0].id', /9007199254740991/],
    ['a block again', withLines(blockLine(1001, ''), blockLine(1001, '')), 5, null, /block 1001 a second time/],
    ['blocks out of order', withLines(blockLine(1002, ''), blockLine(1001, '')), 5, null, /block 1001 after block 1002/],
    ['time that falls', withLines(blockLine(1001, ''), blockLine(1002, '', 1)), 5, null, /time must not fall/],
    bad(uptimeText(1, -5, 2), 'events[0][1].now', /negative, but is -5/, 'a negative number'),
    bad(uptimeText(1, '1.5', 2), 'events[0][1].now', /without fraction or exponent, but is 1\.5/, 'fractional seconds'),
    bad(uptimeText(1, '1e3', 2), 'events[0][1].now', /exponent, but is 1e3/, 'an exponent'),
    bad(uptimeText(1, '9'.repeat(300), 2), 'events[0][1].now', /up to 18446744073709551615, but is 9+…/, 'a huge number'),
    bad(uptimeText(1, '01', 2), 'events[0][1].now', /leading zero/, 'a leading zero'),
    bad(uptimeText(1, '"1"', 2), 'events[0][1].now', /whole number, but is "1"/, 'a string for a number'),
    bad(uptimeText(1, 'null', 2), 'events[0][1].now', /but is null/, 'null for a number'),
    bad('["TfgridModule.NodeVanished",{}]', 'events[0][0]', /known event, but is "TfgridModule.NodeVanished"/, 'an unknown event'),
    bad('["TfgridModule.NodeUptimeReported",{"node_id":1,"now":1,"now":1,"uptime":2}]', 'events[0][1].now', /twice/, 'a member twice'),
    bad('["TfgridModule.NodeUptimeReported",{"x":1,"x":1}]', 'events[0][1].x', /twice/, 'an unknown member twice'),
    bad('["TfgridModule.NodeUptimeReported",{"x":{"y":{"z":1,"z":2}}}]', 'events[0][1].x.y.z', /twice/, 'an inner unknown member twice'),
    bad(
      '["TfgridModule.NodeUptimeReported",{"n\\u006fde_id":1,"node_id":1}]',
      'events[0][1].node_id',
      /twice/,
      'a member twice, once escaped',
    ),
    bad(
      '["TfgridModule.NodeUptimeReported",{"node_id":1,"now":1}]',
      'events[0][1]',
      /lacks the member "uptime"/,
      'a member that is missing',
    ),
    bad('["TfgridModule.NodeUptimeReported"]', 'events[0]', /lacks the data/, 'an event without data'),
    bad('["TfgridModule.NodeDeleted",{"node_id":1},1]', 'events[0][2]', /more than an event has/, 'an event with more'),
    bad(`${uptimeText(1, 2, 3)},`, 'events[1]', /must be a list, but is \]/, 'a trailing comma'),
    bad(`${uptimeText(1, 2, 3)}${uptimeText(1, 2, 3)}`, 'events[0]', /a comma or a closing bracket/, 'a missing comma'),
    bad(
      '["TfgridModule.PowerStateChanged",{"farm_id":1,"node_id":1,"power_state":"Down"}]',
      'events[0][1].power_state',
      /one of Up/,
      'a power state without block',
    ),
    bad(
      '["TfgridModule.PowerTargetChanged",{"farm_id":1,"node_id":1,"power_target":"Sideways"}]',
      'events[0][1].power_target',
      /Up, Down/,
      'a wrong power target',
    ),
    bad(
      '["SmartContractModule.ContractCreated",{"contract":{"contract_id":1,"twin_id":1,"contract_type":{}}}]',
      'events[0][1].contract.contract_type',
      /one of NodeContract/,
      'a contract of no kind',
    ),
    bad(
      '["SmartContractModule.ContractCreated",{"contract":{"contract_id":1,"twin_id":1,"contract_type":{"RentContract":{"node_id":1},"NameContract":{"name":"x"}}}}]',
      'events[0][1].contract.contract_type.NameContract',
      /second kind/,
      'a contract of two kinds',
    ),
    ['kind twice', withLines(blockLine(1001, '').replace(/}$/, ',"kind":"block"}')), 4, 'kind', /twice/],
    ['more after the object', withLines(`${blockLine(1001, '')} x`), 4, null, /after its end/],
    ['a control character', good.replace('"Ghent"', '"Gh\tent"'), 2, 'nodes[0].city', /control character 0x09/],
    ['a wrong escape', good.replace('"Ghent"', '"Gh\\xent"'), 2, 'nodes[0].city', /wrong escape/],
    ['half a surrogate', good.replace('"Ghent"', '"\\ud800"'), 2, 'nodes[0].city', /surrogate/],
    ['not UTF-8', Buffer.from(good.replace('Ghent', 'Gh\u00e9nt'), 'latin1'), 2, 'nodes[0].city', /not UTF-8/],
    [
      'not UTF-8 in what nobody asked for',
      Buffer.from(withLines(blockLine(1001, '').replace('{', '{"x":"\u00e9",')), 'latin1'),
      4,
      'x',
      /not UTF-8/,
    ],
    ['nested too deep', withLines(`{"x":${'['.repeat(100_000)}`), 4, null, /levels deep/],
    ['cut in the middle', good.slice(0, -20), 5, null, /last line, 5, is not complete/],
    ['cut in a string', good.slice(0, good.indexOf('Uptime')), 4, null, /last line, 4, is not complete/],
  ]
  test.each(cases)('%s', async (_name, content, line, member, text) => {
    const error = await refusal(content)
    expect(error.message).toMatch(text)
    expect(error.code).toBe('archive.format')
    expect(error.details.line).toBe(line)
    if (member !== null) expect(error.details.member).toBe(member)
    if (line !== null) expect(error.message).toMatch(new RegExp(`(line|last line,) ${line}`))
  })

  const packed: [string, Uint8Array, RegExp][] = [
    ['truncated gzip', gzipSync(good).subarray(0, -20), /cut off/],
    ['gzip cut in its header', gzipSync(good).subarray(0, 5), /cut off/],
    ['corrupt gzip', corrupted(gzipSync(good)), /damaged/],
    ['wrong gzip checksum', corrupted(gzipSync(good), -6), /damaged/],
    ['garbage after gzip', Buffer.concat([gzipSync(good), Buffer.from('garbage')]), /damaged|that are none/],
    ['zeros after gzip', Buffer.concat([gzipSync(good), Buffer.alloc(100)]), /that are none/],
    ['truncated zstd', zstdCompressSync(good).subarray(0, -20), /cut off/],
    ['corrupt zstd', corrupted(zstdChecked(good)), /damaged/],
    ['wrong zstd checksum', corrupted(zstdChecked(good), -2), /damaged/],
    ['garbage after zstd', Buffer.concat([zstdCompressSync(good), Buffer.from('garbage')]), /damaged|that are none/],
  ]
  test.each(packed)('%s', async (_name, content, text) => {
    const error = await refusal(content)
    expect(error.message).toMatch(text)
    expect(error.code).toBe('archive.compression')
  })

  test('a folder, a missing file, no permission', async () => {
    const sink = createRecorder()
    mkdirSync(join(folder, 'folder'))
    await expect(readArchive(join(folder, 'folder'), sink)).rejects.toMatchObject({
      code: 'io.failed',
      message: expect.stringMatching(/folder/),
    })
    await expect(readArchive(join(folder, 'nothing'), sink)).rejects.toMatchObject({ code: 'io.missing' })
    const locked = fileOf(good)
    chmodSync(locked, 0)
    // root may read everything
    if (process.getuid?.() !== 0) await expect(readArchive(locked, sink)).rejects.toMatchObject({ code: 'io.denied' })
  })

  test('a line of 1 GB, in constant memory', async () => {
    // 1 GB of spaces is 1 MB of gzip: members may follow each other.
    const piece = gzipSync(Buffer.alloc(1 << 26, ' '))
    const before = process.memoryUsage().rss
    const first = await refusal(Buffer.concat(Array.from({ length: 16 }, () => piece)))
    expect(first).toMatchObject({ code: 'archive.format', details: { line: 1 }, message: expect.stringMatching(/longer than 16 MiB/) })
    const second = await refusal(Buffer.concat([gzipSync(`${headerLine}\n{"kind":`), ...Array.from({ length: 16 }, () => piece)]))
    expect(second).toMatchObject({ code: 'archive.format', details: { line: 2 }, message: expect.stringMatching(/longer than 256 MiB/) })
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6)
  })
})

/** As the zstd program writes it. */
function zstdChecked(text: string): Buffer {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
}

function corrupted(bytes: Buffer, at = Math.floor(bytes.length / 2)): Buffer {
  const copy = Buffer.from(bytes)
  const index = at < 0 ? copy.length + at : at
  copy[index] = copy[index]! ^ 0xff
  return copy
}

describe('resume, progress, stop', () => {
  const many = withLines(
    ...Array.from({ length: 30_000 }, (_, i) => blockLine(1001 + i, [uptimeText(1, i, i), uptimeText(2, i, i)].join(','))),
  )

  test('goes on at every position, and only if the bytes before it are the same', async () => {
    const positions: Position[] = []
    const all = createRecorder()
    let position: () => Position = () => ({ offset: -1, line: 0, crc: 0 })
    const path = fileOf(gzipSync(many))
    await readArchive(
      path,
      {
        ...all,
        block(n, ts) {
          if (n % 5000 === 0) positions.push(position())
          all.block(n, ts)
        },
      },
      { onReader: reader => (position = () => reader.position()) },
    )
    expect(positions).toHaveLength(6)
    for (const resume of positions) {
      expect(crc32(many.slice(0, resume.offset))).toBe(resume.crc)
      expect(many.slice(0, resume.offset).split('\n')).toHaveLength(resume.line)
      const rest = createRecorder()
      const result = await readArchive(path, rest, { resume })
      const from = all.calls.findIndex(call => call[0] === 'block' && call[1] === resume.line - 4 + 1001)
      expect(rest.calls.slice(0, 3)).toEqual(all.calls.slice(0, 3))
      expect(rest.calls.slice(3)).toEqual(all.calls.slice(from))
      expect(result).toMatchObject({
        bytes: many.length,
        lines: 30_003,
        events: rest.calls.filter(c => c[0] === 'uptime').length,
      })
      const other = fileOf(many.replace('"now":3,', '"now":4,'))
      await expect(readArchive(other, createRecorder(), { resume })).rejects.toMatchObject({ code: 'archive.changed' })
      await expect(readArchive(path, createRecorder(), { resume: { ...resume, line: resume.line + 1 } })).rejects.toMatchObject({
        code: 'archive.changed',
      })
    }
    const beyond = { ...positions[0]!, offset: many.length + 10 }
    await expect(readArchive(path, createRecorder(), { resume: beyond })).rejects.toMatchObject({ code: 'archive.changed' })
    await readArchive(path, createRecorder(), { resume: { offset: 0, line: 1, crc: 0 } })
  })

  test('a block at the seam that does not rise is found after a resume too', async () => {
    const text = withLines(blockLine(1001, ''), blockLine(1005, ''), blockLine(1004, ''))
    const offset = text.lastIndexOf('{"kind":"block"')
    const resume = { offset, line: 6, crc: crc32(text.slice(0, offset)) }
    await expect(readArchive(fileOf(text), createRecorder(), { resume })).rejects.toMatchObject({
      code: 'archive.format',
      details: { line: 6 },
    })
  })

  test('reports progress and stops on request', async () => {
    const path = fileOf(many)
    const seen: ReadProgress[] = []
    await readArchive(path, createRecorder(), { onProgress: p => seen.push(p) })
    expect(seen.at(-1)).toEqual({ bytesRead: many.length, bytesTotal: many.length, lines: 30_003, events: 60_000 })
    const controller = new AbortController()
    const recorder = createRecorder()
    const stopping = readArchive(path, { ...recorder, block: n => n === 1002 && controller.abort() }, { signal: controller.signal })
    await expect(stopping).rejects.toMatchObject({ code: 'cancelled' })
  })

  test("the sink's own error comes through, with nothing more delivered", async () => {
    let blocks = 0
    const reading = readArchive(fileOf(many), {
      ...createRecorder(),
      block(n) {
        blocks += 1
        if (n === 1003) throw new AppError('mint.inconsistent', 'enough')
      },
    })
    await expect(reading).rejects.toMatchObject({ code: 'mint.inconsistent', message: 'enough' })
    expect(blocks).toBe(3)
  })
})

describe.runIf(process.platform !== 'win32')('standard input', () => {
  const script = `
    import { readArchive } from ${JSON.stringify(join(import.meta.dirname, '../../src-main/archive/read.ts'))}
    const controller = new AbortController()
    if (process.argv[1] === 'abort') setTimeout(() => controller.abort(), 100)
    const sink = { header() {}, start() {}, end() {}, block() {}, uptime() {}, consumption() {}, rare() {} }
    readArchive('-', sink, { signal: controller.signal }).then(r => console.log(JSON.stringify(r)), e => console.log(e.code))
  `
  async function run(input: Uint8Array | string | undefined, ...args: string[]): Promise<string> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    if (input !== undefined) {
      child.stdin.write(Buffer.from(input).subarray(0, 2))
      setTimeout(() => child.stdin.end(Buffer.from(input).subarray(2)), 50)
    }
    let output = ''
    child.stdout.on('data', data => {
      output += data
    })
    await once(child, 'close')
    return output.trim()
  }
  test('a pipe, plain and packed', async () => {
    const expected = { lines: 5, events: 2, bytes: good.length }
    for (const input of [good, gzipSync(good), zstdCompressSync(good)]) expect(JSON.parse(await run(input))).toEqual(expected)
  })
  test('a silent pipe is given up on request', async () => {
    expect(await run(undefined, 'abort')).toBe('cancelled')
  })
})
