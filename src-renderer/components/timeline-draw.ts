import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { axisTicks, lowerBound, type Mark, type MarkKind, type TimelineModel, type View } from './timeline-model.ts'

/** Colours as the theme has them now; a canvas can't read CSS variables by itself. */
export interface Palette {
  fill: Record<NodeState, string>
  state: Record<NodeState, string>
  text: string
  dim: string
  line: string
  surface: string
  accent: string
  font: string
}

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element)
  const get = (name: string) => style.getPropertyValue(name).trim()
  const states: NodeState[] = ['up', 'at-risk', 'down', 'asleep', 'unknown']
  const byState = (suffix: string) =>
    Object.fromEntries(states.map(state => [state, get(`--${state}${suffix}`)])) as Record<NodeState, string>
  return {
    fill: byState('-fill'),
    state: byState(''),
    text: get('--text'),
    dim: get('--dim'),
    line: get('--line'),
    surface: get('--surface'),
    accent: get('--accent'),
    font: `12px ${style.fontFamily}`,
  }
}

export const TIMELINE_HEIGHT = 132
const AXIS_TOP = 20
const BAND_TOP = 28
const BAND_HEIGHT = 44
const MARKS_TOP = 80
const MARKS_HEIGHT = 30
const MAP_TOP = 118
const MAP_HEIGHT = 10

export interface Scene {
  model: TimelineModel
  view: View
  width: number
  /** index of the mark that is read, -1 if none; the second under the pointer, null if none */
  current: number
  pointerTs: number | null
  drag: { fromTs: number; toTs: number } | null
  offsetSec: (ts: number) => number
  label: (ts: number, days: boolean) => string
}

/** Draws the visible part: axis, states, events, and below a map of the whole period while zoomed. */
export function drawTimeline(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { model, view, width } = scene
  const x = (ts: number) => ((ts - view.fromTs) / (view.toTs - view.fromTs)) * width
  context.clearRect(0, 0, width, TIMELINE_HEIGHT)
  context.font = palette.font
  drawAxis(context, scene, palette, x)
  drawStates(context, scene, palette, x)
  drawMarks(context, scene, palette, x)
  drawMap(context, scene, palette)
  if (scene.drag) {
    const left = x(Math.min(scene.drag.fromTs, scene.drag.toTs))
    const right = x(Math.max(scene.drag.fromTs, scene.drag.toTs))
    context.globalAlpha = 0.18
    context.fillStyle = palette.accent
    context.fillRect(left, BAND_TOP, right - left, MARKS_TOP + MARKS_HEIGHT - BAND_TOP)
    context.globalAlpha = 1
  }
  const current = model.marks[scene.current]
  if (current) drawCursor(context, x(current.ts), palette.text, 2)
  else if (scene.pointerTs !== null) drawCursor(context, x(scene.pointerTs), palette.dim, 1)
}

function drawAxis(context: CanvasRenderingContext2D, scene: Scene, palette: Palette, x: (ts: number) => number): void {
  const { days, ticks } = axisTicks(scene.view, Math.max(2, Math.floor(scene.width / 96)), scene.offsetSec)
  context.textBaseline = 'alphabetic'
  for (const ts of ticks) {
    const at = Math.round(x(ts)) + 0.5
    context.strokeStyle = palette.line
    context.lineWidth = 1
    context.beginPath()
    context.moveTo(at, AXIS_TOP - 4)
    context.lineTo(at, MARKS_TOP + MARKS_HEIGHT)
    context.stroke()
    const text = scene.label(ts, days)
    if (at + 4 + context.measureText(text).width > scene.width) continue
    context.fillStyle = palette.dim
    context.fillText(text, at + 4, 12)
  }
}

function drawStates(context: CanvasRenderingContext2D, scene: Scene, palette: Palette, x: (ts: number) => number): void {
  // short downtimes last, and at least 3 pixels wide: a restart of five minutes must be seen in a month
  const ordered = [...scene.model.segments].sort((a, b) => Number(a.state === 'down') - Number(b.state === 'down'))
  for (const segment of ordered) {
    if (segment.toTs < scene.view.fromTs || segment.fromTs > scene.view.toTs) continue
    const left = Math.max(x(segment.fromTs), -1)
    const wide = Math.min(x(segment.toTs), scene.width + 1) - left
    const width = segment.state === 'down' || segment.state === 'asleep' ? Math.max(wide, 3) : wide
    context.fillStyle = palette.fill[segment.state]
    // the height says it too, for those who don't see colours: up is full, asleep half, down low, unknown a line
    const height = { up: BAND_HEIGHT, asleep: BAND_HEIGHT / 2, down: BAND_HEIGHT / 4, unknown: 3 }[segment.state]
    if (segment.state === 'down') {
      context.globalAlpha = 0.25
      context.fillRect(left, BAND_TOP, width, BAND_HEIGHT)
      context.globalAlpha = 1
    }
    context.fillRect(left, BAND_TOP + BAND_HEIGHT - height, width, height)
  }
  context.strokeStyle = palette.dim
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(0, BAND_TOP + BAND_HEIGHT + 0.5)
  context.lineTo(scene.width, BAND_TOP + BAND_HEIGHT + 0.5)
  context.stroke()
}

function drawMarks(context: CanvasRenderingContext2D, scene: Scene, palette: Palette, x: (ts: number) => number): void {
  const { marks } = scene.model
  const notable: Mark[] = []
  let lastPixel = Number.NEGATIVE_INFINITY
  context.fillStyle = palette.dim
  context.globalAlpha = 0.7
  for (let index = lowerBound(marks, scene.view.fromTs); index < marks.length && marks[index]!.ts <= scene.view.toTs; index++) {
    const mark = marks[index]!
    if (mark.kind !== 'report') {
      notable.push(mark)
      continue
    }
    const pixel = Math.round(x(mark.ts))
    if (pixel === lastPixel) continue
    lastPixel = pixel
    context.fillRect(pixel, MARKS_TOP, 1, 8)
  }
  context.globalAlpha = 1
  // what changed nothing lies below what did
  notable.sort((a, b) => Number(isQuiet(b)) - Number(isQuiet(a)))
  for (const mark of notable) drawGlyph(context, mark.kind, x(mark.ts), MARKS_TOP + 20, palette)
}

function isQuiet(mark: Mark): boolean {
  return mark.kind === 'change' || mark.kind === 'ignored'
}

/** The shapes of events; the legend draws the same. */
export function drawGlyph(context: CanvasRenderingContext2D, kind: MarkKind, x: number, y: number, palette: Palette): void {
  context.lineWidth = 1.5
  context.strokeStyle = palette.text
  context.fillStyle = palette.text
  context.beginPath()
  switch (kind) {
    case 'report':
      context.rect(x - 0.5, y - 4, 1, 8)
      break
    case 'reboot':
      context.moveTo(x, y - 6)
      context.lineTo(x + 5.5, y + 4)
      context.lineTo(x - 5.5, y + 4)
      context.closePath()
      break
    case 'violation':
      context.fillStyle = palette.state.down
      context.rect(x - 5, y - 5, 10, 10)
      break
    case 'sleep':
      context.fillStyle = palette.state.asleep
      context.moveTo(x - 5, y - 4)
      context.lineTo(x + 5, y - 4)
      context.lineTo(x, y + 5)
      context.closePath()
      break
    case 'wake':
      context.fillStyle = palette.state.asleep
      context.arc(x, y, 5, 0, 2 * Math.PI)
      break
    case 'boot-request':
      context.arc(x, y, 4.5, 0, 2 * Math.PI)
      context.stroke()
      return
    case 'ignored':
      context.fillStyle = palette.dim
      context.arc(x, y, 2, 0, 2 * Math.PI)
      break
    case 'change':
      context.lineWidth = 1
      context.strokeStyle = palette.dim
      context.moveTo(x, y - 4)
      context.lineTo(x + 4, y)
      context.lineTo(x, y + 4)
      context.lineTo(x - 4, y)
      context.closePath()
      context.stroke()
      return
  }
  context.fill()
}

function drawMap(context: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { period } = scene.model
  const whole = period.toTs - period.fromTs
  const x = (ts: number) => ((ts - period.fromTs) / whole) * scene.width
  for (const segment of scene.model.segments) {
    context.fillStyle = palette.fill[segment.state]
    context.fillRect(
      x(segment.fromTs),
      MAP_TOP,
      Math.max(x(segment.toTs) - x(segment.fromTs), segment.state === 'up' ? 0 : 1.5),
      MAP_HEIGHT,
    )
  }
  if (scene.view.toTs - scene.view.fromTs >= whole) return
  context.strokeStyle = palette.text
  context.lineWidth = 2
  context.strokeRect(x(scene.view.fromTs) + 1, MAP_TOP - 2, Math.max(x(scene.view.toTs) - x(scene.view.fromTs), 6) - 2, MAP_HEIGHT + 4)
}

function drawCursor(context: CanvasRenderingContext2D, x: number, colour: string, width: number): void {
  context.fillStyle = colour
  context.fillRect(Math.round(x) - width / 2, BAND_TOP - 4, width, MARKS_TOP + MARKS_HEIGHT - BAND_TOP + 4)
}
