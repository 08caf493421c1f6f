import { useEffect, useState } from 'react'
import { tftExact, tftShort, usdExact, usdShort } from '../../src-shared/money.ts'
import { formatDuration, formatUtc, hasDate } from '../../src-shared/time.ts'
import { formatAge, formatDateTime, formatDay, formatDayTime } from '../format.ts'
import classes from './values.module.css'

/**
 * TFT, or another token of 7 decimals, with 2 of them, cut; all 7 on hover and in the clipboard. `unit` writes the token behind it, for places
 * without a header.
 */
export function Amount({ units, unit = false, token = 'TFT' }: { units: bigint; unit?: boolean; token?: string }) {
  const exact = tftExact(units)
  return (
    <span
      className={classes.number}
      title={`${exact} ${token}`}
      data-exact={exact}
      onCopy={event => {
        event.preventDefault()
        event.clipboardData.setData('text/plain', exact)
      }}
    >
      {tftShort(units)}
      {unit ? <span className={classes.unit}> {token}</span> : null}
    </span>
  )
}

/** USD with 2 decimals, cut; all 3 on hover. */
export function Usd({ musd, unit = false }: { musd: bigint; unit?: boolean }) {
  return (
    <span className={classes.number} title={`${usdExact(musd)} USD`}>
      {usdShort(musd)}
      {unit ? <span className={classes.unit}> USD</span> : null}
    </span>
  )
}

/** Seconds in words that people use; the exact seconds on hover. */
export function Duration({ sec }: { sec: number }) {
  return (
    <span className={classes.number} title={`${Math.floor(sec).toLocaleString('en-US')} s`}>
      {formatDuration(sec)}
    </span>
  )
}

/**
 * A moment, local, with UTC on hover. `form`: `full` (12 Nov 2024, 14:05), `short` (12 Nov, 14:05), `seconds`, `day` (12 Nov), `age` (3 h ago), `both` (full and age).
 */
export function DateTime({ ts, form = 'full' }: { ts: number; form?: 'full' | 'short' | 'seconds' | 'day' | 'age' | 'both' }) {
  if (!hasDate(ts)) return <span className={classes.number}>{formatUtc(ts)}</span>
  return (
    <time className={form === 'both' ? undefined : classes.number} dateTime={new Date(ts * 1000).toISOString()} title={formatUtc(ts)}>
      {form === 'age' ? (
        <Age ts={ts} />
      ) : form === 'both' ? (
        <>
          <span className={classes.number}>{formatDateTime(ts)}</span>{' '}
          <span className={classes.number}>
            (<Age ts={ts} />)
          </span>
        </>
      ) : form === 'day' ? (
        formatDay(ts)
      ) : form === 'short' ? (
        formatDayTime(ts)
      ) : (
        formatDateTime(ts, form === 'seconds')
      )}
    </time>
  )
}

function Age({ ts }: { ts: number }) {
  return formatAge(ts, useNowTs())
}

const minuteListeners = new Set<() => void>()
let minuteTimer: ReturnType<typeof setInterval> | undefined

/** The time in seconds, renewed every half minute, by one timer for all who show an age. */
export function useNowTs(): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000))
  useEffect(() => {
    const tick = () => setNow(Math.floor(Date.now() / 1000))
    minuteListeners.add(tick)
    minuteTimer ??= setInterval(() => {
      for (const listener of minuteListeners) listener()
    }, 30_000)
    return () => {
      minuteListeners.delete(tick)
      if (minuteListeners.size > 0) return
      clearInterval(minuteTimer)
      minuteTimer = undefined
    }
  }, [])
  return now
}
