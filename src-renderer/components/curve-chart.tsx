import 'uplot/dist/uPlot.min.css'
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { texts } from '../texts.ts'
import { useColorScheme } from './color-scheme.ts'
import classes from './curve-chart.module.css'
import { type CurveDrawing, type CurvePoint, chartColumns, priceNumber, tokens } from './curve-chart-model.ts'

const words = texts.curve
const HEIGHT = 260
const shortFormat = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 })

/**
 * Price over supply, with where it is now, what a purchase would do to it and the floor. It is a picture: `label` says what it shows in words,
 * and whoever reads figures has a table beside it.
 */
export function CurveChart({ label, drawing, units }: { label: string; drawing: CurveDrawing; units: { supply: string; price: string } }) {
  const plot = useRef<HTMLDivElement>(null)
  const scheme = useColorScheme()
  const [reading, setReading] = useState<Reading | null>(null)
  const { supply: supplyUnit, price: priceUnit } = units

  useLayoutEffect(() => {
    const element = plot.current!
    const columns = chartColumns(drawing)
    const axes = [`${words.chart.supply}, ${supplyUnit}`, `${words.chart.price}, ${priceUnit}`] as const
    const chart = new uPlot(options(element.clientWidth, drawing, axes, paletteOf(scheme), setReading), columns, element)
    const resizes = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }))
    resizes.observe(element)
    return () => {
      resizes.disconnect()
      chart.destroy()
    }
  }, [drawing, supplyUnit, priceUnit, scheme])

  return (
    <figure className={classes.figure}>
      <figcaption className={classes.legend}>
        <Key name={words.chart.price} picture={<path d="M0 9 24 1" fill="none" stroke="currentColor" strokeWidth="2" />} />
        <Key name={words.chart.now} picture={<circle cx="12" cy="5" r="4.5" fill="currentColor" />} />
        {drawing.bought ? (
          <Key name={words.chart.bought} picture={<path d="M12 0 17 5 12 10 7 5z" fill="none" stroke="currentColor" strokeWidth="1.6" />} />
        ) : null}
        {drawing.floor === null ? null : (
          <Key name={words.chart.floor} picture={<path d="M0 5H24" stroke="currentColor" strokeWidth="1.5" strokeDasharray="4 3" />} />
        )}
      </figcaption>
      <div className={classes.plot} ref={plot} role="img" aria-label={label} />
      <p className={classes.reading} aria-hidden="true">
        {reading ? words.chart.reading(number(reading[0]), supplyUnit, number(reading[1]), priceUnit) : words.chart.point}
      </p>
    </figure>
  )
}

function Key({ name, picture }: { name: string; picture: ReactNode }) {
  return (
    <span>
      <svg width="24" height="10" viewBox="0 0 24 10" aria-hidden="true">
        {picture}
      </svg>
      {name}
    </span>
  )
}

type Reading = [supply: number, price: number]

interface Palette {
  text: string
  dim: string
  line: string
  area: string
  surface: string
  font: string
}

const palettes = new Map<string, Palette>()

/** Colours as the styles have them in a scheme; read once the scheme is the page's. */
function paletteOf(scheme: string): Palette {
  const known = palettes.get(scheme)
  if (known) return known
  const style = getComputedStyle(document.body)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const palette: Palette = {
    text: colour('--text'),
    dim: colour('--dim'),
    line: colour('--line'),
    area: colour('--selected'),
    surface: colour('--surface'),
    font: `12px ${style.fontFamily}`,
  }
  palettes.set(scheme, palette)
  return palette
}

function options(
  width: number,
  drawing: CurveDrawing,
  [supplyAxis, priceAxis]: readonly [string, string],
  palette: Palette,
  onRead: (reading: Reading | null) => void,
): uPlot.Options {
  const axis = (label: string, size: number): uPlot.Axis => ({
    label,
    ...{ labelFont: palette.font, font: palette.font, stroke: palette.dim, labelSize: 18, size },
    grid: { stroke: palette.line, width: 1 },
    ticks: { show: false },
    values: (_chart, splits) => splits.map(number),
  })
  // at whole pixels a straight line would have steps
  const plain = { points: { show: false }, pxAlign: 0 }
  return {
    ...{ width, height: HEIGHT },
    padding: [12, 18, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: { x: { time: false }, y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [axis(supplyAxis, 34), axis(priceAxis, 64)],
    series: [
      {},
      { ...plain, stroke: palette.text, width: 2 },
      { ...plain, fill: palette.area, width: 0 },
      { ...plain, stroke: palette.text, width: 1.5, dash: [5, 4] },
    ],
    hooks: {
      draw: [chart => drawMarks(chart, drawing, palette)],
      setCursor: [chart => onRead(readAt(chart))],
    },
  }
}

/** Where it is now, and where a purchase would bring it: told apart by their shapes. */
function drawMarks(chart: uPlot, { now, bought }: CurveDrawing, palette: Palette): void {
  const { ctx: context } = chart
  const ratio = uPlot.pxRatio
  const at = ({ supply, price }: CurvePoint): [number, number] => [
    chart.valToPos(tokens(supply), 'x', true),
    chart.valToPos(priceNumber(price), 'y', true),
  ]
  context.save()
  context.setLineDash([])
  context.lineWidth = 2 * ratio
  context.strokeStyle = palette.text
  if (bought) {
    const [x, y] = at(bought)
    const size = 7 * ratio
    context.beginPath()
    for (const [right, down] of [
      [0, -size],
      [size, 0],
      [0, size],
      [-size, 0],
    ] as const)
      context.lineTo(x + right, y + down)
    context.closePath()
    context.fillStyle = palette.surface
    context.fill()
    context.stroke()
  }
  const [x, y] = at(now)
  context.beginPath()
  context.arc(x, y, 5 * ratio, 0, 2 * Math.PI)
  context.fillStyle = palette.text
  context.fill()
  context.restore()
}

function readAt({ cursor, data }: uPlot): Reading | null {
  const at = cursor.idx
  if (at === null || at === undefined || (cursor.left ?? -1) < 0) return null
  return [data[0][at] ?? 0, data[1]?.[at] ?? 0]
}

function number(value: number): string {
  return shortFormat.format(value)
}
