import { TypeRegistry } from '@polkadot/types'
import { blake2AsHex } from '@polkadot/util-crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { headerHash, isHeader } from '../../src-main/clients/tfchain/header.ts'
import { runs } from '../helpers/runs.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => `0x${Buffer.from(bytes).toString('hex')}`)

test('the hash of real headers', () => {
  // blocks 1 and 1000 of a chain made by the grid's own runtime
  expect(
    headerHash({
      parentHash: '0x8183ba07b748f2b2f595836e4fc74aed54216e2b37fcdc73bd1fba095b739e72',
      number: '0x1',
      stateRoot: '0x0859bfce1a66bbe4957a79502cf103eb1cd38dae4bde771cd4a2f0ffe7b0ad49',
      extrinsicsRoot: '0x55eb9f00d447e338264bf12a3965249d17042911730551fa9748f72d1359678e',
      digest: { logs: ['0x066175726120c1aaed1000000000'] },
    }),
  ).toBe('0x5984c144df516a5f3e54c84c2c02f74e190e0b3d6a5a516f4a4a29471e1c5cf5')
  expect(
    headerHash({
      parentHash: '0x18f4038baf19ed7a7f834c6860a67a864bfa70efbdfe30d1ad10529152f1421f',
      number: '0x3e8',
      stateRoot: '0x0859bfce1a66bbe4957a79502cf103eb1cd38dae4bde771cd4a2f0ffe7b0ad49',
      extrinsicsRoot: '0x0087e272c811fc5b3c4cbd7e4bfd395e5151c74e0302c4ba0c8e287738335617',
      digest: { logs: ['0x06617572612056baf31000000000'] },
    }),
  ).toBe('0x2bf17bc664a03be86c236b15dae9ec06bb3241f00fc7e9a6ee8fcac39feca9eb')
})

test('the hash of any header is that of @polkadot/types', () => {
  const registry = new TypeRegistry()
  // every length of a compact number, its bounds too
  const number = fc.oneof(
    fc.constantFrom(0, 63, 64, 16_383, 16_384, 2 ** 30 - 1, 2 ** 30, 2 ** 32 - 1),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  )
  const log = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => `0x0466726f6e80${Buffer.from(bytes).toString('hex')}`)
  fc.assert(
    fc.property(hash, number, hash, hash, fc.array(log, { maxLength: 70 }), (parentHash, n, stateRoot, extrinsicsRoot, logs) => {
      const header = { parentHash, number: `0x${n.toString(16)}`, stateRoot, extrinsicsRoot, digest: { logs } }
      const theirs = registry.createType('Header', header)
      expect(headerHash(header)).toBe(blake2AsHex(theirs.toU8a(), 256))
      expect(isHeader(header)).toBe(true)
    }),
    runs(50, 5000),
  )
})

test('what is no header is none', () => {
  const header = {
    parentHash: `0x${'0'.repeat(64)}`,
    number: '0x1',
    stateRoot: `0x${'0'.repeat(64)}`,
    extrinsicsRoot: `0x${'0'.repeat(64)}`,
  }
  expect(isHeader({ ...header, digest: { logs: [] } })).toBe(true)
  for (const bad of [
    null,
    7,
    {},
    header,
    { ...header, digest: { logs: [7] } },
    { ...header, digest: { logs: ['0x0'] } },
    { ...header, number: 1, digest: { logs: [] } },
    { ...header, number: '0xffffffffffffffff', digest: { logs: [] } },
    { ...header, parentHash: '0x00', digest: { logs: [] } },
  ])
    expect(isHeader(bad)).toBe(false)
})
