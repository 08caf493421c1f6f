import type { Arrival } from '../../src-shared/pay-contract.ts'
import { useQuery } from '../api.ts'
import { texts } from '../texts.ts'
import { CopyButton } from './copy-button.tsx'
import { StateMark } from './state-mark.tsx'
import { DateTime } from './values.tsx'

const words = texts.pay.arrival

/** Whether the payments of these receipts or mints have arrived, by receipt. */
export function useArrivals(receipts: readonly string[]): ReadonlyMap<string, Arrival> {
  const { data } = useQuery('pay.payments', { receipts: receipts.slice(0, 1000) }, ['pay', 'mints'], { enabled: receipts.length > 0 })
  return new Map(data?.map(one => [one.receipt, one]))
}

const marks = { 'left-out': 'at-risk', 'under-way': 'unknown', 'not-planned': 'unknown', twice: 'down', wrong: 'down', paid: 'up' } as const

/** `Paid on 12 Nov 2024, 14:05, tx 1a2b3c4d…`, or that it has not arrived yet, and why. */
export function ArrivalText({ arrival, long = false }: { arrival: Arrival | undefined; long?: boolean }) {
  if (!arrival) return null
  const { state, tx, paidTs, why } = arrival
  if (state === 'paid' && tx !== null)
    return (
      <>
        <StateMark state="up" word={words.on} /> {paidTs === null ? null : <DateTime ts={paidTs} />}, {words.tx}{' '}
        <span title={tx}>{tx.slice(0, 8)}…</span> <CopyButton text={tx} label={words.copyTx} compact />
      </>
    )
  return (
    <>
      <StateMark state={marks[state]} word={words.states[state]} title={why} />
      {long ? `: ${why}` : ''}
    </>
  )
}
