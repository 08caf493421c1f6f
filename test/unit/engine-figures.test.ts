import { blake2b } from '@noble/hashes/blake2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cloudUnits } from '../../src-main/engines/minting/cloud-units.ts'
import { overviewFloat, receiptFloat, twoDecimals } from '../../src-main/engines/minting/floats.ts'
import { basePayout, isScaled, type PayoutInputs, payoutAt, slaPermille } from '../../src-main/engines/minting/payout.ts'
import { receiptHash, receiptString, utilization } from '../../src-main/engines/minting/receipt.ts'
import { isAccountId } from '../../src-main/engines/minting/strkey.ts'
import type { FarmingPolicy } from '../../src-shared/grid.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { runs } from '../helpers/runs.ts'

const GIB = 2 ** 30

describe('cloud units', () => {
  const node = { cru: 8, mru: 32 * GIB, hru: 2048 * GIB, sru: 512 * GIB }
  test('the least of cores, memory and disk', () => {
    expect(cloudUnits(node, 0n)).toEqual({ cu: 7_750_000n, su: 3_754_666n, nu: 0n })
    expect(cloudUnits({ ...node, cru: 1 }, 0n).cu).toBe(2_000_000n)
    expect(cloudUnits({ ...node, sru: 50 * GIB }, 0n).cu).toBe(1_000_000n)
  })
  test('memory below 1 GiB earns no CU, 1 GiB neither', () => {
    expect(cloudUnits({ ...node, mru: GIB - 1 }, 0n).cu).toBe(0n)
    expect(cloudUnits({ ...node, mru: 0 }, 0n).cu).toBe(0n)
    expect(cloudUnits({ ...node, mru: GIB }, 0n).cu).toBe(0n)
    expect(cloudUnits({ ...node, mru: 2 * GIB }, 0n).cu).toBe(250_000n)
  })
  test('figures beyond 2^53 stay exact', () => {
    const huge = { cru: 2 ** 40, mru: 2n ** 63n, hru: 10_000_000_000_000_000_000n, sru: 2n ** 63n }
    const sru = 2n ** 63n
    expect(cloudUnits(huge, 2n ** 63n)).toEqual({
      cu: (sru * 1_000_000n) / 50n / 2n ** 30n,
      su: ((10_000_000_000_000_000_000n * 1_000_000n) / 1200n + (sru * 1_000_000n) / 250n) / 2n ** 30n,
      nu: 2n ** 33n * 1_000_000n,
    })
  })
})

/** x as a fraction of two integers, exactly. */
function fraction(x: number): [bigint, bigint] {
  let denominator = 1n
  let scaled = x
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    denominator *= 2n
  }
  return [BigInt(scaled), denominator]
}

/** A plain decimal or one with an exponent as digits and power of ten. */
function digitsOf(text: string): { n: bigint; power: number; count: number } {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', part = ''] = mantissa.split('.')
  const all = (whole + part).replace(/^0+/, '')
  const trimmed = all.replace(/0+$/, '')
  return { n: BigInt(trimmed || '0'), power: Number(exponent) - part.length + all.length - trimmed.length, count: trimmed.length }
}

/** 2 * |n * 10^power - x| / 10^power compared with 1: how far the decimal is, in units of its last digit, twice. */
function distanceTwice(n: bigint, power: number, x: number): { over: bigint; of: bigint } {
  const [a, b] = fraction(x)
  const scale = 10n ** BigInt(Math.abs(power))
  const [left, right, of] = power >= 0 ? [n * scale * b, a, scale * b] : [n * b, a * scale, b]
  const gap = left > right ? left - right : right - left
  return { over: 2n * gap, of }
}

const positive = fc.oneof(
  fc.double({ min: 1e-12, max: 1e20, noNaN: true, noDefaultInfinity: true }),
  // dyadic figures are where exact ties live: bytes as GiB, per cents of them
  fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 53n }), fc.integer({ min: 0, max: 60 })).map(([m, e]) => Number(m) / 2 ** e),
)

describe('floats', () => {
  test('ties and exponents as the files have them', () => {
    expect(receiptFloat(31.285842895507812)).toBe('31.285842895507812')
    expect(overviewFloat(31.285842895507812)).toBe('31.285842895507813')
    const samples: [number, string, string][] = [
      [0, '0.0', '0'],
      [4, '4.0', '4'],
      [0.1, '0.1', '0.1'],
      [1e-5, '0.00001', '0.00001'],
      [9.9e-6, '9.9e-6', '0.0000099'],
      [9.3e-10, '9.3e-10', '0.00000000093'],
      [1e15, '1000000000000000.0', '1000000000000000'],
      [1e16, '1e16', '10000000000000000'],
      [1.5e16, '1.5e16', '15000000000000000'],
      [2 ** 73, '9.44473296573929e21', '9444732965739290000000'],
      [5e-324, '5e-324', `0.${'0'.repeat(323)}5`],
      [1.7976931348623157e308, '1.7976931348623157e308', `17976931348623157${'0'.repeat(292)}`],
    ]
    for (const [x, receipt, overview] of samples) expect([receiptFloat(x), overviewFloat(x)]).toEqual([receipt, overview])
  })

  test.each([
    ['receipt', receiptFloat],
    ['overview', overviewFloat],
  ] as const)('%s: reads back, shortest, nearest, ties as agreed', (kind, format) => {
    fc.assert(
      fc.property(positive, x => {
        const text = format(x)
        expect(Number(text)).toBe(x)
        if (kind === 'overview') expect(text).not.toMatch(/e/)
        else expect(text).toMatch(/[.e]/)
        const { n, power, count } = digitsOf(text)
        // no decimal with one digit fewer reads back as x
        if (count > 1) for (const step of [0n, 1n]) expect(Number(`${n / 10n + step}e${power + 1}`)).not.toBe(x)
        const { over, of } = distanceTwice(n, power, x)
        for (const other of [n - 1n, n + 1n]) {
          if (other <= 0n || Number(`${other}e${power}`) !== x) continue
          const rival = distanceTwice(other, power, x)
          expect(rival.over >= over).toBe(true)
          if (rival.over !== over || over !== of) continue
          if (kind === 'overview') expect(n > other).toBe(true)
          else expect(n % 2n).toBe(0n)
        }
      }),
      runs(3000),
    )
  })

  test('ties at the 16th and 17th digit, all of them in one binade', () => {
    let ties = 0
    // 17 significant digits, the exact value ending in 5 one digit later: x = k / 2^j with j decimals
    for (let k = 0; k < 4000; k++) {
      const x = 31 + (2 * k + 1) / 2 ** 16
      const even = receiptFloat(x)
      const upper = overviewFloat(x)
      expect(Number(even)).toBe(x)
      expect(Number(upper)).toBe(x)
      if (even !== upper) {
        ties++
        expect(upper > even).toBe(true)
        expect(Number(even.at(-1)) % 2).toBe(0)
      }
    }
    expect(ties).toBeGreaterThan(100)
  })

  test('two decimals round by the exact value, ties to even', () => {
    expect(twoDecimals(0)).toBe('0.00')
    expect(twoDecimals(12.5)).toBe('12.50')
    expect(twoDecimals(0.125)).toBe('0.12')
    expect(twoDecimals(0.375)).toBe('0.38')
    expect(twoDecimals(9.375)).toBe('9.38')
    expect(twoDecimals(1.005)).toBe('1.00') // lies below the tie
    expect(twoDecimals(1e22)).toBe('10000000000000000000000.00')
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e18, noNaN: true }), x => {
        const [a, b] = fraction(x)
        const doubled = (200n * a) / b
        const exact = doubled * b === 200n * a
        const floor = (100n * a) / b
        const tie = exact && doubled % 2n === 1n
        const rounded = tie ? floor + (floor % 2n) : (doubled + 1n) / 2n
        expect(
          twoDecimals(x)
            .replace('.', '')
            .replace(/^0+(?=\d)/, ''),
        ).toBe(rounded.toString())
      }),
      runs(1000),
    )
  })
})

const policy = (changes: Partial<FarmingPolicy> = {}): FarmingPolicy => ({
  id: 1,
  name: 'policy',
  cu: 2400,
  su: 1000,
  nu: 30,
  ipv4: 5,
  minimal_uptime: 95,
  policy_end: 0,
  immutable: true,
  default: true,
  node_certification: 'Diy',
  farm_certification: 'NotCertified',
  ...changes,
})
const inputs = (changes: Partial<PayoutInputs> = {}): PayoutInputs => ({
  cloudUnits: { cu: 7_750_000n, su: 3_754_666n, nu: 0n },
  ipSec: 0n,
  policy: policy(),
  certified: false,
  virtualized: false,
  violating: false,
  connectionPriceMusd: 80,
  ...changes,
})
/** The least uptime with that permille. */
const secondsOf = (permille: number): number => Math.ceil((permille * PERIOD_SEC) / 1000)

describe('payout', () => {
  test.each([
    [false, 1, 950],
    [true, 1, 980],
    [false, 2, 950],
    [true, 2, 980],
  ])('certified %s on policy %i: nothing one second below %i permille, scaled from there', (certified, id, sla) => {
    const node = inputs({ certified, policy: policy({ id }) })
    expect(payoutAt(node, secondsOf(sla) - 1)).toMatchObject({ musd: 0n, units: 0n, permille: sla - 1, slaMet: false })
    const base = basePayout(node)
    expect(payoutAt(node, secondsOf(sla))).toEqual({
      musd: (base.musd * BigInt(sla)) / 1000n,
      units: (base.units * BigInt(sla)) / 1000n,
      permille: sla,
      slaMet: true,
    })
    expect(payoutAt(node, PERIOD_SEC + 5000)).toMatchObject({ musd: base.musd, permille: 1000 })
  })
  test('other policies pay in full from what they ask, compared as permille', () => {
    const node = inputs({ policy: policy({ id: 4, minimal_uptime: 95 }) })
    expect(payoutAt(node, secondsOf(95) - 1).units).toBe(0n)
    expect(payoutAt(node, secondsOf(95)).units).toBe(basePayout(node).units)
  })
  test('policy 3 scales only where it is neither default nor immutable and asks 95', () => {
    const open = { id: 3, default: false, immutable: false, minimal_uptime: 95 }
    expect(isScaled(policy(open))).toBe(true)
    for (const change of [{ default: true }, { immutable: true }, { minimal_uptime: 96 }, { id: 5 }])
      expect(isScaled(policy({ ...open, ...change }))).toBe(false)
    expect(slaPermille(policy({ ...open, minimal_uptime: 990 }), true)).toBe(990)
  })
  test('certified on policy 1 gets a quarter more, on others not; the IP term floors on its own', () => {
    expect(basePayout(inputs({ certified: true })).musd).toBe((22_354n * 5n) / 4n)
    expect(basePayout(inputs({ certified: true, policy: policy({ id: 2 }) })).bonus).toBe(false)
    expect(basePayout(inputs({ ipSec: 719n })).ipMusd).toBe(0n)
    expect(basePayout(inputs({ ipSec: 720n })).ipMusd).toBe(1n)
  })
  test('virtualized and violating nodes get nothing, a price of 0 gives no tokens and no crash', () => {
    expect(payoutAt(inputs({ virtualized: true }), PERIOD_SEC)).toMatchObject({ musd: 0n, units: 0n, slaMet: true })
    expect(payoutAt(inputs({ violating: true }), PERIOD_SEC)).toMatchObject({ musd: 0n, units: 0n, slaMet: true })
    expect(payoutAt(inputs({ connectionPriceMusd: 0 }), PERIOD_SEC).units).toBe(0n)
  })
  test('more uptime never pays less', () => {
    const times = fc.integer({ min: 0, max: PERIOD_SEC + 5000 })
    fc.assert(
      fc.property(times, times, fc.boolean(), fc.integer({ min: 1, max: 5 }), (a, b, certified, id) => {
        const node = inputs({ certified, policy: policy({ id }) })
        expect(payoutAt(node, Math.max(a, b)).units >= payoutAt(node, Math.min(a, b)).units).toBe(true)
      }),
      runs(300),
    )
  })
})

describe('receipt', () => {
  test('strings escape quotes, backslashes and control characters only', () => {
    expect(receiptString('a"b\\c\n\t\b\f\r\u0001\u001f\u007f/é漢\u2028<')).toBe(
      '"a\\"b\\\\c\\n\\t\\b\\f\\r\\u0001\\u001f\u007f/é漢\u2028<"',
    )
  })
  test('any name gives text that reads back and hashes as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        const text = receiptString(name)
        expect(JSON.parse(text)).toBe(name.toWellFormed())
        expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text)
        expect(receiptHash(text)).toBe(bytesToHex(blake2b(Buffer.from(text, 'utf8'), { dkLen: 32 })))
      }),
      runs(500),
    )
    expect(receiptString('\ud800')).toBe('"\ufffd"')
  })
  test('blake2b-256', () => {
    expect(receiptHash('')).toBe('0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8')
    expect(receiptHash('abc')).toBe('bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319')
    // about the size of a receipt, and around whole blocks
    for (const length of [...Array(260).keys(), 850, 2048, 70_000]) {
      const text = 'x'.repeat(length)
      expect(receiptHash(text)).toBe(bytesToHex(blake2b(Buffer.from(text), { dkLen: 32 })))
    }
  })
  test('use is cut to an average integer before it becomes per cent; nothing to use is 0', () => {
    const used = { usedCru: BigInt(PERIOD_SEC) - 1n, usedMru: BigInt(PERIOD_SEC), usedHru: 5n, usedSru: 0n, ipSec: 3600n }
    expect(utilization(used, { cru: 8, mru: 8, hru: 0, sru: 1 })).toEqual({ cru: 0, mru: 12.5, hru: 0, sru: 0, ip: 1 })
  })
})

test('account ids: right length, letters, version and checksum', () => {
  const known = ['GBOVQKJYHXRR3DX6NOX2RRYFRCUMSADGDESTDNBDS6CDVLGVESRTAC47', 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU']
  for (const id of known) {
    expect(isAccountId(id)).toBe(true)
    for (let at = 0; at < id.length; at++) {
      const other = id[at] === 'A' ? 'B' : 'A'
      expect(isAccountId(id.slice(0, at) + other + id.slice(at + 1))).toBe(false)
    }
    expect(isAccountId(id.toLowerCase())).toBe(false)
    expect(isAccountId(`${id} `)).toBe(false)
  }
  expect(isAccountId('')).toBe(false)
  expect(isAccountId('GFARM1ADDRESS')).toBe(false)
})
