import { Button } from '@mantine/core'
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { formatDay } from '../format.ts'
import { stateWords, texts } from '../texts.ts'
import { StateShape } from './state-mark.tsx'
import classes from './timeline.module.css'
import { drawGlyph, drawTimeline, type Palette, readPalette, TIMELINE_HEIGHT } from './timeline-draw.ts'
import {
  between,
  type MarkKind,
  nearestMark,
  pan,
  reveal,
  segmentAt,
  stepMarkIndex,
  type TimelineModel,
  type View,
  zoom,
} from './timeline-model.ts'
import { markText, momentText, segmentText, timelineText } from './timeline-text.ts'

const words = texts.explain.timeline

const offsetSec = (ts: number) => -new Date(ts * 1000).getTimezoneOffset() * 60
const hourFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

function tickLabel(ts: number, days: boolean): string {
  const time = hourFormat.format(ts * 1000)
  return days || time === '00:00' ? formatDay(ts) : time
}

/**
 * A period of one node: states, every report and event. Drag or keys zoom, hovering or arrow keys read. What is read stands
 * below, local and UTC; for screen readers the canvas is a slider over the events whose value is the same sentence.
 */
export function Timeline({ model, name }: { model: TimelineModel; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [width, setWidth] = useState(0)
  const [palette, setPalette] = useState<Palette | null>(null)
  const [view, setView] = useState<View>(model.period)
  const [current, setCurrent] = useState(-1)
  const [pointerTs, setPointerTs] = useState<number | null>(null)
  const [drag, setDrag] = useState<{ fromTs: number; toTs: number } | null>(null)
  const helpId = useId()
  const { period, marks } = model

  // another period or node: the whole of it again. New facts of the same period leave the view as it is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the two ends stand for the period
  useEffect(() => {
    setView(period)
    setCurrent(-1)
  }, [period.fromTs, period.toTs, name])

  useLayoutEffect(() => {
    const element = canvas.current!
    const measure = () => setWidth(element.clientWidth)
    measure()
    const resizes = new ResizeObserver(measure)
    resizes.observe(element)
    const recolour = () => setPalette(readPalette(element))
    recolour()
    const themes = new MutationObserver(recolour)
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-mantine-color-scheme'] })
    return () => {
      resizes.disconnect()
      themes.disconnect()
    }
  }, [])

  useEffect(() => {
    if (!palette || width === 0) return
    const frame = requestAnimationFrame(() => {
      const element = canvas.current!
      const ratio = window.devicePixelRatio || 1
      element.width = Math.round(width * ratio)
      element.height = TIMELINE_HEIGHT * ratio
      const context = element.getContext('2d')!
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      drawTimeline(context, { model, view, width, current, pointerTs, drag, offsetSec, label: tickLabel }, palette)
    })
    return () => cancelAnimationFrame(frame)
  }, [model, view, width, palette, current, pointerTs, drag])

  // React's wheel listeners are passive, and without preventDefault Ctrl and the wheel would zoom the whole window
  useEffect(() => {
    const element = canvas.current!
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      const share = (event.clientX - element.getBoundingClientRect().left) / element.clientWidth
      setView(old => zoom(old, period, event.deltaY < 0 ? 0.7 : 1 / 0.7, old.fromTs + share * (old.toTs - old.fromTs)))
    }
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
  }, [period])

  const whole = view.toTs - view.fromTs >= period.toTs - period.fromTs
  const tsAt = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect()
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1)
    return view.fromTs + share * (view.toTs - view.fromTs)
  }
  const reach = width === 0 ? 0 : ((view.toTs - view.fromTs) / width) * 6
  const zoomBy = (factor: number) => setView(zoom(view, period, factor, marks[current]?.ts ?? (view.fromTs + view.toTs) / 2))
  const readMarkAt = (index: number) => {
    if (index < 0 || index >= marks.length) return
    setCurrent(index)
    setPointerTs(null)
    setView(reveal(view, period, marks[index]!.ts))
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = (direction: 1 | -1) => {
      if (current >= 0) return stepMarkIndex(marks, current, direction, event.shiftKey)
      // nothing read yet: begin at the edge of what is visible
      const edge = marks.findIndex(mark => mark.ts >= view.fromTs)
      return event.shiftKey ? stepMarkIndex(marks, edge - 1, 1, true) : edge
    }
    const actions: Record<string, () => void> = {
      ArrowRight: () => readMarkAt(step(1)),
      ArrowLeft: () => readMarkAt(step(-1)),
      ArrowUp: () => zoomBy(0.5),
      ArrowDown: () => zoomBy(2),
      '+': () => zoomBy(0.5),
      '=': () => zoomBy(0.5),
      '-': () => zoomBy(2),
      '0': () => setView(period),
      PageUp: () => setView(pan(view, period, -0.8)),
      PageDown: () => setView(pan(view, period, 0.8)),
      Home: () => readMarkAt(0),
      End: () => readMarkAt(marks.length - 1),
    }
    const action = actions[event.key]
    if (!action) return
    event.preventDefault()
    action()
  }

  const onPointerMove = (event: PointerEvent) => {
    const ts = tsAt(event)
    setPointerTs(ts)
    setCurrent(nearestMark(marks, ts, reach))
    if (drag) setDrag({ ...drag, toTs: ts })
  }
  const onPointerUp = (event: PointerEvent) => {
    if (!drag) return
    setDrag(null)
    const ts = tsAt(event)
    // a click is a drag of less than 4 pixels
    if (Math.abs(ts - drag.fromTs) > reach) setView(between(drag.fromTs, ts, period))
  }

  const reading = useMemo(() => {
    const mark = marks[current]
    if (mark) return { when: momentText(mark.eventTs), what: markText(mark) }
    if (pointerTs === null) return null
    const segment = segmentAt(model, pointerTs)
    return segment ? { when: momentText(Math.floor(pointerTs)), what: `${segmentText(segment)}.` } : null
  }, [model, marks, current, pointerTs])

  return (
    <div className={classes.timeline}>
      <div className={classes.bar}>
        <Legend palette={palette} kinds={new Set(marks.map(mark => mark.kind))} />
        <div className={classes.tools}>
          <Button variant="default" h={32} onClick={() => zoomBy(0.5)}>
            {words.zoomIn}
          </Button>
          <Button variant="default" h={32} onClick={() => zoomBy(2)} disabled={whole}>
            {words.zoomOut}
          </Button>
          <Button variant="default" h={32} onClick={() => setView(period)} disabled={whole}>
            {words.whole}
          </Button>
        </div>
      </div>
      <canvas
        ref={canvas}
        className={classes.canvas}
        tabIndex={0}
        role="slider"
        aria-label={words.events(name)}
        aria-valuemin={0}
        aria-valuemax={Math.max(marks.length, 1)}
        aria-valuenow={current + 1}
        aria-valuetext={reading ? `${reading.when}: ${reading.what}` : timelineText(model)}
        aria-describedby={helpId}
        onKeyDown={onKeyDown}
        onPointerDown={event => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          const ts = tsAt(event)
          setDrag({ fromTs: ts, toTs: ts })
        }}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => setDrag(null)}
        onPointerLeave={() => {
          setPointerTs(null)
          setCurrent(-1)
        }}
        onDoubleClick={() => setView(period)}
      />
      <p className={classes.reading} data-testid="timeline-reading">
        {reading ? (
          <>
            <strong>{reading.when}</strong> {reading.what}
          </>
        ) : (
          timelineText(model)
        )}
      </p>
      <p className={classes.help} id={helpId}>
        {words.help}
      </p>
    </div>
  )
}

const stateKeys: NodeState[] = ['up', 'asleep', 'down', 'unknown']
const kindWords = Object.entries(words.kinds) as [MarkKind, string][]

function Legend({ palette, kinds }: { palette: Palette | null; kinds: Set<MarkKind> }) {
  return (
    <ul className={classes.legend} aria-label={words.legend}>
      {stateKeys.map(state => (
        <li key={state}>
          <StateShape state={state} /> {stateWords[state].toLowerCase()}
        </li>
      ))}
      {kindWords
        .filter(([kind]) => kinds.has(kind))
        .map(([kind, word]) => (
          <li key={kind}>
            <Glyph kind={kind} palette={palette} /> {word}
          </li>
        ))}
    </ul>
  )
}

function Glyph({ kind, palette }: { kind: MarkKind; palette: Palette | null }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || !palette) return
    context.setTransform(2, 0, 0, 2, 0, 0)
    context.clearRect(0, 0, 14, 14)
    drawGlyph(context, kind, 7, 7, palette)
  }, [kind, palette])
  return (
    <span aria-hidden="true">
      <canvas ref={canvas} className={classes.glyph} width={28} height={28} />
    </span>
  )
}
