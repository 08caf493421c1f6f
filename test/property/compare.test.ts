import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { formProblem, kindOf } from '../../src-main/engines/compare/form.ts'
import { leavesOf, membersOf } from '../../src-main/engines/compare/json.ts'
import { receiptHash } from '../../src-main/engines/minting/receipt.ts'
import { readProposal } from '../../src-main/jobs/compare/read-proposal.ts'
import { AppError } from '../../src-shared/errors.ts'
import { caseNames, expected } from '../helpers/cases.ts'
import { compareCase } from '../helpers/compare.ts'
import { runs } from '../helpers/runs.ts'

/* A proposal that was changed anywhere is found out, and what was changed is named. */

const CASE = 'retry_source'
const receipts = expected(CASE, 'receipts.ndjson')!
const payouts = expected(CASE, 'payouts.csv')!
const lines = receipts.trimEnd().split('\n')
const MEMBER = ',"receipt":'

const folder = mkdtempSync(join(tmpdir(), 'granary-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Line {
  head: string
  receipt: string
}
const split = (line: string): Line => {
  const at = line.indexOf(MEMBER)
  return { head: line.slice(0, at), receipt: line.slice(at + MEMBER.length, -1) }
}
const join_ = ({ head, receipt }: Line, rehash: boolean): string =>
  `${rehash ? head.replace(/[0-9a-f]{64}/, receiptHash(receipt)) : head}${MEMBER}${receipt}}`

/** Where each leaf stands in the receipt's bytes, by its path. */
function places(receipt: string): { path: string; from: number; to: number }[] {
  const found: { path: string; from: number; to: number }[] = []
  let at = 0
  for (const [path, source] of leavesOf(receipt)!) {
    const name = `"${path.split('.').at(-1)}":`
    const from = receipt.indexOf(name + source, at) + name.length
    found.push({ path, from, to: from + source.length })
    at = from
  }
  return found
}

/** Another value of the same kind. */
function otherThan(source: string, n: number): string {
  if (source === 'null') return '1'
  if (source.startsWith('"')) return source === '"DIY"' ? '"CERTIFIED"' : `${source.slice(0, -1)}${n}"`
  return source.includes('.') ? `${Number(source.split('.')[0]) + n}.5` : String(BigInt(source) + BigInt(n))
}

const someLine = fc.integer({ min: 0, max: lines.length - 1 })

test('every member of every receipt, changed to another value, is found and named, whether the hash was made anew or not', () => {
  fc.assert(
    fc.property(someLine, fc.nat(), fc.integer({ min: 1, max: 10_000 }), fc.boolean(), (index, pick, n, rehash) => {
      const line = split(lines[index]!)
      const all = places(line.receipt)
      const { path, from, to } = all[pick % all.length]!
      const receipt = line.receipt.slice(0, from) + otherThan(line.receipt.slice(from, to), n) + line.receipt.slice(to)
      const changed = lines.with(index, join_({ ...line, receipt }, rehash)).join('\n')
      const { rows } = compareCase(CASE, { receipts: changed })
      const named = rows.filter(row => row.state !== 'equal')
      if (path === 'node_id') {
        // it is another node's receipt now: one's own is missing, or stands there twice
        expect(named.length).toBeGreaterThan(0)
        expect(named.some(({ state }) => state === 'missing' || state === 'extra')).toBe(true)
        return
      }
      expect(named).toHaveLength(1)
      const [row] = named
      expect(row!.state).toBe('differs')
      expect(row!.where).toBe(`receipts.ndjson, line ${index + 1}`)
      expect(row!.differences.map(({ member }) => member)).toContain(path)
      expect(row!.differences.some(({ member }) => member === 'hash')).toBe(!rehash)
      expect(row!.reasons.length).toBeGreaterThan(0)
    }),
    runs(150, 2_000),
  )
})

test('bytes that read alike and are not the same are found: spaces, order, another way to write a figure or a text', () => {
  const variants: ((receipt: string) => string)[] = [
    receipt => receipt.replace('"node_id":', '"node_id": '),
    receipt => receipt.replace(/("twin_id":\d+),("farm_id":\d+)/, '$2,$1'),
    receipt => receipt.replace(/"cru":(\d+)\.0/, '"cru":$1.00'),
    receipt => receipt.replace(/"cru":(\d+)\.0/, '"cru":$1'),
    receipt => receipt.replace(/"farm_name":"(.)/, (_all, letter: string) => `"farm_name":"\\u00${letter.charCodeAt(0).toString(16)}`),
    receipt => receipt.replace('"carbon_offset":null,', '"carbon_offset":null,"carbon_offset":null,'),
    receipt => `${receipt.slice(0, -1)} }`,
  ]
  for (const [i, change] of variants.entries()) {
    const line = split(lines[0]!)
    const receipt = change(line.receipt)
    expect(receipt, String(i)).not.toBe(line.receipt)
    expect(formProblem(receipt, 'receipt'), String(i)).not.toBeNull()
    const { rows, head } = compareCase(CASE, { receipts: lines.with(0, join_({ ...line, receipt }, true)).join('\n') })
    expect(head.counts, String(i)).toMatchObject({ differs: 1, equal: lines.length - 1 })
    expect(rows[0]!.differences).toEqual([expect.objectContaining({ member: 'form' })])
    expect(rows[0]!.reasons.join()).toContain('not in the one form')
  }
})

test('lines taken out, doubled, exchanged, and lines of payouts.csv with another amount, address or hash are found and named', () => {
  const rows = payouts.trimEnd().split('\n')
  const somePayout = fc.integer({ min: 0, max: rows.length - 1 })
  const kinds = ['drop', 'double', 'amount', 'address', 'hash', 'swap', 'violation'] as const
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      somePayout,
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.boolean(),
      (kind, at, n, withReceipts) => {
        const [address = '', amount = '', hash = ''] = rows[at]!.split(',')
        const files = (changed: string[]) => ({ payouts: changed.join('\n'), ...(withReceipts && { receipts }) })
        const other = (at + 1) % rows.length
        const more = `${BigInt(amount.split('.')[0]!) + BigInt(n)}.${amount.split('.')[1]}`
        const changedRows = {
          drop: rows.toSpliced(at, 1),
          double: [...rows, rows[at]!],
          amount: rows.with(at, `${address},${more},${hash}`),
          address: rows.with(at, `${address}X,${amount},${hash}`),
          hash: rows.with(at, `${address},${amount},${n.toString(16).padStart(64, '0')}`),
          swap: rows.with(at, rows[other]!).with(other, rows[at]!),
          violation: rows,
        }[kind]
        if (kind === 'violation') {
          const changed = lines.with(0, lines[0]!.replace('"violation":null', '"violation":"ClockSkew"')).join('\n')
          const found = compareCase(CASE, { receipts: changed })
          expect(found.rows[0]).toMatchObject({ state: 'differs', differences: [{ member: 'violation', own: null, theirs: 'ClockSkew' }] })
          return
        }
        const { rows: found, head } = compareCase(CASE, files(changedRows))
        const wrong = found.filter(({ state }) => state !== 'equal')
        if (kind === 'swap') {
          expect(wrong).toEqual([])
          expect(head.order === null).toBe(rows.length === 1)
          return
        }
        expect(wrong).toHaveLength(1)
        const [row] = wrong
        const members = row!.differences.map(({ member }) => member)
        if (kind === 'drop') expect([row!.state, ...members]).toEqual(withReceipts ? ['differs', 'payout.line'] : ['missing'])
        else if (kind === 'double') expect([row!.state, row!.reasons.join()]).toEqual(['extra', expect.stringContaining('paid twice')])
        else expect([row!.state, ...members]).toEqual(['differs', `payout.${kind}`])
        expect(row!.reasons.length).toBeGreaterThan(0)
      },
    ),
    runs(120, 2_000),
  )
})

/** Reads bytes as a proposal's file; whatever is wrong with them is an AppError. */
function readBytes(name: string, bytes: Uint8Array): void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, bytes)
  try {
    readProposal([{ path }])
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect((error as AppError).code).toBe('archive.format')
    expect((error as AppError).message).toMatch(/, line \d+: /)
  }
}

test('whatever a file holds, reading it ends with a proposal or with an error that names file and line', () => {
  const whole = Buffer.from(receipts)
  const rows = Buffer.from(payouts)
  const name = fc.constantFrom('receipts.ndjson', 'payouts.csv', 'mints.ndjson', `${'a'.repeat(64)}.json`)
  const damaged = fc.tuple(fc.boolean(), fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 12 })).map(([first, from, length, put]) => {
    const base = first ? whole : rows
    const at = from % base.length
    return Buffer.concat([base.subarray(0, at), put, base.subarray(at + (length % 40))])
  })
  const odd = fc.oneof(
    damaged,
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map(text => Buffer.from(text)),
    fc.json().map(text => Buffer.from(`{"node_id":1,"hash":"${'0'.repeat(64)}","violation":null,"receipt":${text}}`)),
    fc.constantFrom('[', '{"a":').map(text => Buffer.from(`{"receipt":${text.repeat(20_000)}`)),
    fc.constant(Buffer.from(`{"receipt":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`)),
    fc.constant(Buffer.from('x'.repeat(70_000))),
  )
  fc.assert(
    fc.property(name, odd, (file, bytes) => readBytes(file, bytes)),
    runs(300, 20_000),
  )
})

test('form changes nothing: CRLF, empty lines, a byte order mark, no line feed at the end, spaces around the members of a line', () => {
  const variants: ((text: string) => string)[] = [
    text => text.replaceAll('\n', '\r\n'),
    text => `\n\n${text.replaceAll('\n', '\n\n')}`,
    text => `\uFEFF${text}`,
    text => text.trimEnd(),
    text => text.replaceAll('"hash":', ' "hash" :  ').replaceAll(MEMBER, ' , "receipt" : '),
  ]
  for (const change of variants) {
    const { head, rows } = compareCase(CASE, {
      receipts: change(receipts).replace('\uFEFF', ''),
      payouts: change(payouts).replace('\uFEFF', ''),
    })
    expect(head.counts.equal).toBe(rows.length)
    const dir = mkdtempSync(join(folder, 'dir-'))
    writeFileSync(join(dir, 'receipts.ndjson'), change(receipts))
    writeFileSync(join(dir, 'payouts.csv'), change(payouts))
    writeFileSync(join(dir, 'overview.csv'), 'not looked at')
    const read = readProposal([{ path: dir }])
    expect([read.receipts?.length, read.payouts?.length]).toEqual([lines.length, payouts.trimEnd().split('\n').length])
  }
})

test('receipts in files of their own, named by their hash, alone or in a folder', () => {
  const dir = mkdtempSync(join(folder, 'single-'))
  for (const line of lines) {
    const { receipt } = split(line)
    writeFileSync(join(dir, `${receiptHash(receipt)}.json`), receipt)
  }
  const { receipts: read } = readProposal([{ path: dir }])
  expect(read).toHaveLength(lines.length)
  expect(read!.every(({ saidHash, trueHash, formProblem: problem }) => saidHash === trueHash && problem === null)).toBe(true)
  const wrong = join(dir, `${'0'.repeat(64)}.json`)
  writeFileSync(wrong, split(lines[0]!).receipt)
  expect(readProposal([{ path: wrong }]).receipts![0]!.saidHash).not.toBe(readProposal([{ path: wrong }]).receipts![0]!.trueHash)
  expect(() => readProposal([{ path: mkdtempSync(join(folder, 'empty-')) }])).toThrow(expect.objectContaining({ code: 'usage' }))
})

test('every receipt of every case is in the one form; its members stand where they are said to', () => {
  for (const name of caseNames())
    for (const line of (expected(name, 'receipts.ndjson') ?? '').split('\n').filter(text => text !== '')) {
      const { receipt } = split(line)
      expect(kindOf(leavesOf(receipt)!)).toBe('receipt')
      expect(formProblem(receipt, 'receipt')).toBeNull()
      expect(membersOf(line)!.get('receipt')).toBe(receipt)
    }
})
