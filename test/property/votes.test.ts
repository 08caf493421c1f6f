import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { basisHash, basisLine, readBasisLine } from '../../src-main/signing/votes/basis.ts'
import { decodeStatement, encodeStatement, refused } from '../../src-main/signing/votes/statement.ts'
import { isLater } from '../../src-main/signing/votes/tally.ts'
import { readVotesText, voteText } from '../../src-main/signing/votes/text.ts'
import { readVote, verifyVote } from '../../src-main/signing/votes/verify.ts'
import { openStore } from '../../src-main/store/index.ts'
import { loadBasis, saveSignerSet } from '../../src-main/store/votes.ts'
import { AppError } from '../../src-shared/errors.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import type { Basis } from '../../src-shared/verify.ts'
import { STATEMENT_BYTES, VOTE_BYTES, type VoteImport, type VoteStatement, voteStatementSchema } from '../../src-shared/votes-contract.ts'
import { runs } from '../helpers/runs.ts'
import { withFolder } from '../helpers/store.ts'
import { ann, bob, cast, cleo, doVote, eve, labSet, roomOn, voteBytes } from '../helpers/votes.ts'

/* Whatever comes as a vote: what is taken is exactly what a signer signed, and the order in which it came leaves no trace. */

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const node = fc.record({
  subject: fc.record({
    rules: fc.constant('node-period' as const),
    nodeId: u32,
    start: fc.maxSafeNat(),
    attempt: fc.integer({ min: 1, max: 0xffff }),
  }),
  options: fc.record({
    rules: fc.constant('node-period' as const),
    carbon: fc.boolean(),
    firstNodePeriod: fc.option(fc.integer({ min: 1, max: 0xffff_fffe })),
  }),
})
const fixed = fc.record({
  subject: fc.record({ rules: fc.constant('v3' as const), period: fc.integer({ min: 0, max: 1_000_000 }) }),
  options: fc.record({ rules: fc.constant('v3' as const), resources: fc.constantFrom('latest' as const, 'minimum' as const) }),
})
const statement: fc.Arbitrary<VoteStatement> = fc
  .tuple(
    fc.record({
      genesis: hash,
      signersHash: hash,
      planHash: hash,
      amountUnits: fc.bigInt({ min: 1n, max: MAX_UNITS }),
      basisHash: fc.option(hash.filter(text => !/^0+$/.test(text))),
      castTs: fc.maxSafeNat(),
      signer: fc.record({ kind: fc.constantFrom('sr25519' as const, 'ed25519' as const), publicKey: hash }),
    }),
    fc.oneof(node, fixed),
  )
  .map(([members, about]) => ({ ...members, ...about }))

const endpoints = fc.array(fc.constantFrom('wss://a.example', 'wss://b.example', 'ws://127.0.0.1:9944'), { maxLength: 3 })
const basis: fc.Arbitrary<Basis> = fc.record({
  network: fc.constant('lab'),
  genesis: fc.option(hash),
  period: fc.nat(1000),
  digest: hash,
  blocks: fc.record({ first: fc.nat(), last: fc.nat() }),
  complete: fc.boolean(),
  wholeGrid: fc.boolean(),
  source: fc.oneof(
    fc.record({ kind: fc.constant('archive' as const), name: fc.string(), importedTs: fc.nat() }),
    fc.record(
      {
        kind: fc.constant('chain' as const),
        endpoints,
        readBlocks: fc.nat(),
        comparedBlocks: fc.nat(),
        snapshots: fc.record({ start: endpoints, end: endpoints }),
      },
      { requiredKeys: ['kind', 'endpoints', 'readBlocks', 'comparedBlocks'] },
    ),
  ),
  storageProofs: fc.constant(false as const),
})

describe('the canonical form', () => {
  test('a statement comes back from its bytes, and has no other bytes', () => {
    fc.assert(
      fc.property(statement, one => {
        const bytes = encodeStatement(one)
        expect(bytes.length).toBe(STATEMENT_BYTES)
        expect(decodeStatement(bytes)).toEqual(one)
      }),
      runs(300),
    )
  })

  test('any bytes are refused with AppError, or are exactly the form of what they say', () => {
    const nearly = fc
      .tuple(statement, fc.array(fc.tuple(fc.nat(STATEMENT_BYTES - 1), fc.nat(255)), { maxLength: 4 }))
      .map(([one, changes]) => {
        const bytes = encodeStatement(one)
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 300 })), bytes => {
        const read = attempt(() => decodeStatement(bytes))
        if (read === null) return
        expect(voteStatementSchema.safeParse(JSON.parse(JSON.stringify(read, text))).success).toBe(true)
        expect(Buffer.compare(encodeStatement(read), Buffer.from(bytes))).toBe(0)
      }),
      runs(500),
    )
  })

  test('what a vote rests on comes back from its line, under the same hash', () => {
    fc.assert(
      fc.property(basis, basis, (one, other) => {
        const back = readBasisLine(basisLine(one))
        expect(back).toEqual(one)
        expect(basisHash(back!)).toBe(basisHash(one))
        expect(basisHash(one) === basisHash(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      runs(200),
    )
  })
})

describe('fuzz', () => {
  test('any text is read without an exception, line by line', () => {
    const good = [cast(ann), cast(bob)]
    const line = fc.oneof(
      fc.constantFrom(...good),
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom('grv1:', 'grs1:', 'grv9:AAAA', '{"basis":', '{"basis":{}}', '{"basis":{"network":"lab","source":{}}}', '#', ''),
      fc
        .tuple(fc.constantFrom(...good), fc.nat(400), fc.string({ maxLength: 3 }))
        .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const { items, problems } = readVotesText(lines.join(end))
        for (const { reason, message } of problems) expect([reason, message.length > 10]).toEqual([reason, true])
        for (const { kind, bytes } of items) if (kind === 'vote') expect(bytes.length).toBe(VOTE_BYTES)
        const whole = lines.filter(one => good.includes(one)).length
        expect(items.length).toBeGreaterThanOrEqual(whole)
      }),
      runs(300),
    )
  })

  test('one changed bit of a vote is refused, as text and as bytes', async () => {
    const bytes = voteBytes(bob)
    const written = cast(bob)
    await fc.assert(
      fc.asyncProperty(fc.nat(VOTE_BYTES * 8 - 1), async bit => {
        const other = Uint8Array.from(bytes)
        other[bit >> 3]! ^= 1 << (bit & 7)
        await expect(verifyVote(other, labSet)).rejects.toMatchObject({ code: 'vote.refused' })
        // the checksum tells a slip of the hand from a forgery
        const slip = written.slice(0, 8) + voteText(other).slice(8, -6) + written.slice(-6)
        expect(readVotesText(slip).problems.map(({ reason }) => reason)).toEqual(slip === written ? [] : ['damaged'])
      }),
      runs(60),
    )
  })
})

describe('merging', () => {
  const pool = [
    cast(ann, { castTs: 10 }),
    cast(ann, { castTs: 20, amountUnits: 7n }),
    cast(ann, { castTs: 20, amountUnits: 8n }),
    cast(ann, { castTs: 20, amountUnits: 8n }), // sr25519: the same statement, another signature
    cast(ann, { castTs: 5, subject: { rules: 'v3', period: 81 } }),
    cast(bob, { castTs: 20 }),
    cast(bob, { castTs: 21, planHash: '33'.repeat(32) }),
    cast(cleo, { castTs: 1 }),
    cast(eve, { castTs: 99 }),
    cast(ann, { castTs: 99, genesis: '99'.repeat(32) }),
    cast(cleo, { castTs: 99 }, { ...labSet, serial: 7 }),
  ]
  const taken = pool.slice(0, 8)

  /** What the books say after files were imported one after the other. */
  function stateAfter(files: string[][]): Promise<unknown> {
    return withFolder(async folder => {
      const store = openStore(folder, { mode: 'write' })
      try {
        saveSignerSet(store, 'lab', labSet)
        const room = roomOn(store)
        for (const file of files) {
          const done = (await doVote(room, 'votes.import', { network: 'lab', text: file.join('\n') })) as VoteImport
          expect(done.refused.length).toBe(file.filter(vote => !taken.includes(vote)).length)
        }
        return [...room.votes()].map(([subject, { votes }]) => [subject, votes.map(({ bytes }) => voteText(bytes))])
      } finally {
        store.close()
      }
    })
  }

  test('any order, grouping and repetition of the same votes gives the same state', async () => {
    const expected = await stateAfter([taken])
    expect(JSON.stringify(expected).match(/grv1:/g)).toHaveLength(4)
    const order = fc.shuffledSubarray([...pool, ...pool], { minLength: pool.length * 2 })
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), async (votes, sizes) => {
        const files: string[][] = []
        for (let at = 0, i = 0; at < votes.length; i++) {
          const size = sizes[i % sizes.length]!
          files.push(votes.slice(at, at + size))
          at += size
        }
        expect(await stateAfter(files)).toEqual(expected)
      }),
      runs(6, 200),
    )
  }, 600_000)

  test('of two different votes exactly one is later', () => {
    const votes = taken.map(text => readVote(readVotesText(text).items[0]!.bytes))
    for (const a of votes) for (const b of votes) expect(isLater(a, b)).toBe(a !== b && !isLater(b, a))
  })

  test('what a vote rests on is kept with it, also when it comes later', async () => {
    const [one] = fc.sample(basis, { numRuns: 1, seed: 3 })
    const vote = cast(ann, { basisHash: basisHash(one!) })
    for (const files of [
      [[vote], [vote, basisLine(one!)]],
      [[vote, basisLine(one!)], [vote]],
    ])
      await withFolder(async folder => {
        const store = openStore(folder, { mode: 'write' })
        saveSignerSet(store, 'lab', labSet)
        const room = roomOn(store)
        for (const file of files) await doVote(room, 'votes.import', { network: 'lab', text: file.join('\n') })
        expect(loadBasis(store, basisHash(one!))).toEqual(one)
        store.close()
      })
  })
})

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    expect((error as AppError).code).toBe(refused('damaged', '').code)
    return null
  }
}

const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
