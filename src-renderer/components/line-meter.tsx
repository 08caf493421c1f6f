import type { ReactNode } from 'react'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import classes from './line-meter.module.css'
import { StateMark } from './state-mark.tsx'

/** The whole, in hundredths of a percent. */
export const WHOLE = 10_000

/**
 * A share drawn against the line that it has to reach. The words beside the picture say the same: `sentence` all of it for whoever does not see
 * the picture. Shares are in hundredths of a percent.
 */
export function LineMeter(props: {
  name: string
  sentence: string
  valueBps: number
  lineBps: number
  /** where the picture ends; a share that is small is drawn on a shorter scale */
  topBps?: number
  isReached: boolean
  /** what speaks against it, drawn behind the value in stripes */
  againstBps?: number
  state: NodeState
  word: string
  /** beneath the picture: what the shares are of */
  note: ReactNode
}) {
  const { name, sentence, valueBps, lineBps, topBps = WHOLE, isReached, againstBps = 0, state, word, note } = props
  const at = (bps: number) => `${Math.min((bps / topBps) * 100, 100)}%`
  const lineAt = lineBps / topBps
  return (
    <div className={classes.meter}>
      <div className={classes.head}>
        <strong>{name}</strong>
        <StateMark state={state} word={word} />
      </div>
      <div className={classes.picture} role="img" aria-label={sentence}>
        <div className={classes.track}>
          <div className={classes.value} data-reached={isReached || undefined} style={{ width: at(valueBps) }} />
          {againstBps > 0 ? <div className={classes.against} style={{ left: at(valueBps), width: at(againstBps) }} /> : null}
        </div>
        <div className={classes.line} style={{ left: at(lineBps) }} />
      </div>
      <div className={classes.scale} aria-hidden="true">
        <span>{lineAt < 0.2 ? '' : '0 %'}</span>
        <span className={classes.needed} style={{ left: at(lineBps), transform: `translateX(${lineAt > 0.85 ? '-100%' : '-50%'})` }}>
          {percent(lineBps)}
        </span>
        <span>{lineAt > 0.8 ? '' : percent(topBps)}</span>
      </div>
      <div className={classes.note}>{note}</div>
    </div>
  )
}

/** `10 %`, `33.5 %`: a scale needs no zeros. */
function percent(bps: number): string {
  return `${bps / 100} %`
}

/** Where the scale of a share ends that is small: twice its line, beyond the value where that is more, never past the whole. */
export function shortScale(valueBps: number, lineBps: number): number {
  const beyondValue = Math.ceil((valueBps * 1.25) / 500) * 500
  return Math.min(WHOLE, Math.max(2 * lineBps, beyondValue))
}
