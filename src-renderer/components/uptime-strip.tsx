import { type KeyboardEvent, memo, type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { texts } from '../texts.ts'
import { useColorScheme } from './color-scheme.ts'
import { type Days, dayState, dayWords, stripWords } from './uptime-days.ts'
import classes from './uptime-strip.module.css'

export interface UptimeStripProps {
  days: Days
  /** seconds; day 0 begins here */
  periodStart: number
  slaPermille: number
  /** the node, for the accessible name */
  name: string
  /** css pixels */
  height?: number
  cellWidth?: number
  /** in the tab order by itself; false inside a DataTable, which hands the focus in by F2 */
  tabbable?: boolean
}

const gap = 1
type Palette = Record<NodeState, string> & { line: string }
const palettes = new Map<string, Palette>()

function paletteOf(scheme: string): Palette {
  const known = palettes.get(scheme)
  if (known) return known
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const palette: Palette = {
    up: colour('--up-fill'),
    'at-risk': colour('--at-risk-fill'),
    down: colour('--down-fill'),
    asleep: colour('--asleep-fill'),
    unknown: colour('--unknown-fill'),
    line: colour('--text'),
  }
  palettes.set(scheme, palette)
  return palette
}

/**
 * Draws every day as a column: from the bottom what was up, then what was asleep, on top what was lost, in the colour of the
 * day's state. So a bad day shows by its shape too. A loss within the SLA stays invisible, one beyond it takes at least a fifth.
 * A tall strip also has the SLA as a line.
 */
function draw(
  canvas: HTMLCanvasElement,
  days: Days,
  slaPermille: number,
  width: number,
  height: number,
  cell: number,
  scheme: string,
): void {
  const ratio = window.devicePixelRatio || 1
  // kept in main memory (these are tiny), and resized only when the size is another: both are slow
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  const palette = paletteOf(scheme)
  for (let index = 0; index < days.up.length; index++) {
    const x = index * (cell + gap)
    const state = dayState(days, index, slaPermille)
    if (state === 'unknown') {
      context.fillStyle = palette.unknown
      context.fillRect(x, height - 3, cell, 3)
      continue
    }
    const up = days.up[index] ?? 0
    const asleep = days.asleep[index] ?? 0
    const down = days.down[index] ?? 0
    const known = up + asleep + down
    const bad = state === 'down' || state === 'at-risk'
    const lostPx = bad ? Math.max(Math.round((down / known) * height), Math.ceil(height / 5)) : 0
    const rest = height - lostPx
    const asleepPx = asleep > 0 ? Math.round((asleep / Math.max(up + asleep, 1)) * rest) : 0
    context.fillStyle = palette.up
    context.fillRect(x, lostPx + asleepPx, cell, rest - asleepPx)
    context.fillStyle = palette.asleep
    context.fillRect(x, lostPx, cell, asleepPx)
    if (bad) {
      context.fillStyle = palette[state]
      context.fillRect(x, 0, cell, lostPx)
    }
  }
  if (height >= 40) {
    context.fillStyle = palette.line
    context.fillRect(0, Math.round((1 - slaPermille / 1000) * height), width, 1)
  }
}

/**
 * One node's period, one cell per day. Hover reads a day; with the focus, arrow keys do, Home and End jump.
 * To screen readers it is a slider over the days, whose name sums the strip up.
 */
export const UptimeStrip = memo(function UptimeStrip({
  days,
  periodStart,
  slaPermille,
  name,
  height = 18,
  cellWidth = 4,
  tabbable = true,
}: UptimeStripProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [read, setRead] = useState<{ index: number; x: number; y: number } | null>(null)
  const scheme = useColorScheme()
  const count = days.up.length
  const width = Math.max(count * (cellWidth + gap) - gap, 0)

  useEffect(() => {
    if (canvas.current) draw(canvas.current, days, slaPermille, width, height, cellWidth, scheme)
  }, [days, slaPermille, width, height, cellWidth, scheme])

  // the row was given to another node, or scrolled away under the pointer
  // biome-ignore lint/correctness/useExhaustiveDependencies: other days are the signal
  useLayoutEffect(() => setRead(null), [days])

  const readDay = (index: number) => {
    const box = canvas.current?.getBoundingClientRect()
    if (!box || count === 0) return
    const day = Math.min(Math.max(index, 0), count - 1)
    setRead({ index: day, x: box.left + day * (cellWidth + gap) + cellWidth / 2, y: box.top })
  }
  const onPointerMove = (event: PointerEvent) => {
    const box = canvas.current?.getBoundingClientRect()
    if (box) readDay(Math.floor((event.clientX - box.left) / (cellWidth + gap)))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const at = read?.index ?? 0
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: count - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    readDay(to)
  }
  const index = read?.index ?? 0
  return (
    <div
      className={classes.strip}
      style={{ width, height: Math.max(height, 24) }}
      role="slider"
      tabIndex={tabbable ? 0 : -1}
      data-strip=""
      aria-label={texts.explain.strip.label(name, stripWords(days, periodStart, slaPermille))}
      aria-valuemin={1}
      aria-valuemax={Math.max(count, 1)}
      aria-valuenow={index + 1}
      aria-valuetext={count > 0 ? dayWords(days, index, periodStart) : texts.explain.strip.none}
      aria-readonly="true"
      onPointerMove={onPointerMove}
      onPointerLeave={() => setRead(null)}
      onFocus={event => {
        if (event.currentTarget.matches(':focus-visible')) readDay(0)
      }}
      onBlur={() => setRead(null)}
      onKeyDown={onKeyDown}
    >
      <canvas ref={canvas} className={classes.canvas} style={{ width, height }} />
      {read
        ? createPortal(
            <div className={classes.tip} style={{ left: read.x, top: read.y }} aria-hidden="true">
              {dayWords(days, read.index, periodStart)}
            </div>,
            document.body,
          )
        : null}
    </div>
  )
})
