import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src-main/store/open.ts'
import { listMirrored, mirroredBalance, readMirror } from '../../src-main/store/tft-mirror.ts'
import { openLedger } from '../helpers/ledger.ts'

let store: Store
let close: () => void

beforeEach(() => {
  ;({ store, close } = openLedger())
})
afterEach(() => close())

/** A run with its rows, as the books hold them once Stellar was asked. */
function keepRun(
  runId: string,
  network: string,
  rows: { payee: string; amount: string; stage: string; tx: string | null; ts: number | null }[],
) {
  store.books.prepare("INSERT INTO payout_runs VALUES (?, ?, ?, '{}', 1, 1, 'stopped', 1, 1)").run(runId, network, `period ${runId}`)
  const insert = store.books.prepare(
    `INSERT INTO payout_rows (run_id, place, network, receipt, origin, node_id, farm_id, payee, amount_units, stage, tx, ledger, paid_ts, is_foreign)
     VALUES (?, ?, ?, ?, ?, 7, 1, ?, ?, ?, ?, 5, ?, ?)`,
  )
  for (const [place, { payee, amount, stage, tx, ts }] of rows.entries()) {
    const receipt = `${runId}-${place}`
    insert.run(runId, place, network, receipt, receipt, payee, amount, stage, tx, ts, tx?.startsWith('seen') ? 1 : 0)
  }
}

test('TFT is what was proven paid, each payment once, of one network', () => {
  expect(readMirror(store, 'main', { offset: 0, limit: 10 })).toEqual({ supplyUnits: 0n, payments: 0, holders: [], holdersTotal: 0 })
  keepRun('a', 'main', [
    { payee: 'GANN', amount: '9007199254740993', stage: 'paid', tx: 't1', ts: 100 },
    { payee: 'GBOB', amount: '5', stage: 'paid', tx: 't2', ts: 200 },
    { payee: 'GBOB', amount: '70', stage: 'open', tx: null, ts: null },
    { payee: 'GBOB', amount: '800', stage: 'paid', tx: 'seen3', ts: 300 },
  ])
  // another run's row that the same transaction paid
  keepRun('b', 'main', [{ payee: 'GBOB', amount: '800', stage: 'paid', tx: 'seen3', ts: 300 }])
  keepRun('c', 'test', [{ payee: 'GANN', amount: '1', stage: 'paid', tx: 't9', ts: 100 }])
  expect(readMirror(store, 'main', { offset: 0, limit: 10 })).toEqual({
    supplyUnits: 9_007_199_254_740_993n + 805n,
    payments: 3,
    holders: [
      { payee: 'GANN', paidUnits: 9_007_199_254_740_993n },
      { payee: 'GBOB', paidUnits: 805n },
    ],
    holdersTotal: 2,
  })
  expect(readMirror(store, 'main', { offset: 1, limit: 1 }).holders.map(({ payee }) => payee)).toEqual(['GBOB'])
  // as it was, the end inclusive
  expect(readMirror(store, 'main', { offset: 0, limit: 10 }, 200).supplyUnits).toBe(9_007_199_254_740_998n)
  expect([199, 200, null].map(ts => mirroredBalance(store, 'main', 'GBOB', ts))).toEqual([0n, 5n, 805n])
  expect(mirroredBalance(store, 'main', 'GNOBODY')).toBe(0n)
  const { rows, total } = listMirrored(store, 'main', null, { offset: 0, limit: 2 })
  expect([total, rows.map(({ tx, amountUnits, paidTs }) => [tx, amountUnits, paidTs])]).toEqual([
    3,
    [
      ['seen3', 800n, 300],
      ['t2', 5n, 200],
    ],
  ])
  expect(listMirrored(store, 'main', 'GANN', { offset: 0, limit: 9 }).rows.map(({ tx }) => tx)).toEqual(['t1'])
})
