import { keptValue } from './kept-file.ts'

/* Where the window stood and how large it was; kept beside what Chromium keeps of it. All sizes in the system's own pixels. */

export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

export interface WindowState {
  /** as it is when it is not maximised */
  bounds: Bounds
  isMaximized: boolean
  /** Chromium's: 0 is 100 %, each step a fifth more */
  zoomLevel: number
}

/** How a window is opened; without a place the system chooses one. */
export interface WindowPlace {
  bounds: { x?: number; y?: number; width: number; height: number }
  isMaximized: boolean
  zoomLevel: number
}

export const MIN_SIZE = { width: 800, height: 600 }
const DEFAULT_SIZE = { width: 1280, height: 860 }
const WRITE_AFTER_MS = 1_000
/** Of the window's upper edge, by which it is moved, this much has to be seen. */
const GRIP = { width: 120, height: 40 }

/** Reads what was kept; null where there is nothing, or nothing that makes sense. */
export function readWindowState(text: string | null): WindowState | null {
  const value = keptValue(text) as { bounds?: Partial<Bounds>; isMaximized?: unknown; zoomLevel?: unknown } | null
  if (typeof value?.bounds !== 'object' || value.bounds === null) return null
  const { x, y, width, height } = value.bounds
  const { isMaximized, zoomLevel } = value
  if (![x, y, width, height].every(isPixels) || width! < 100 || height! < 100) return null
  if (typeof isMaximized !== 'boolean' || typeof zoomLevel !== 'number' || !(zoomLevel >= -8 && zoomLevel <= 9)) return null
  return { bounds: { x: x!, y: y!, width: width!, height: height! }, isMaximized, zoomLevel }
}

/** Where a window goes: where it was, if that is on a display that is there; as large as it was, if that fits. The first area is the main display's. */
export function placeWindow(state: WindowState | null, workAreas: readonly Bounds[]): WindowPlace {
  const area = state ? workAreas.find(one => isGripIn(state.bounds, one)) : undefined
  const { width, height } = state?.bounds ?? DEFAULT_SIZE
  const room = area ?? workAreas[0] ?? { ...DEFAULT_SIZE, x: 0, y: 0 }
  const size = {
    width: Math.max(Math.min(width, room.width), MIN_SIZE.width),
    height: Math.max(Math.min(height, room.height), MIN_SIZE.height),
  }
  return {
    bounds: area && state ? { x: state.bounds.x, y: state.bounds.y, ...size } : size,
    isMaximized: state?.isMaximized ?? false,
    zoomLevel: state?.zoomLevel ?? 0,
  }
}

function isGripIn({ x, y, width }: Bounds, area: Bounds): boolean {
  const seen = Math.min(x + width, area.x + area.width) - Math.max(x, area.x)
  return seen >= GRIP.width && y >= area.y && y + GRIP.height <= area.y + area.height
}

export interface WindowStateEdges {
  /** how the window is now; null: it is gone */
  look(): WindowState | null
  write(text: string): void
  after(ms: number, action: () => void): void
  /** what is not written is no reason to stop */
  log(error: unknown): void
}

/** Writes the state a second after the last change of it, and at the end. */
export function keepWindowState({ look, write, after, log }: WindowStateEdges): { changed(): void; flush(): void } {
  let turn = 0
  let written = ''
  function flush(): void {
    turn++
    const state = look()
    const text = state ? JSON.stringify(state) : written
    if (text === written) return
    try {
      write(text)
      written = text
    } catch (error) {
      log(error)
    }
  }
  return {
    changed() {
      const own = ++turn
      after(WRITE_AFTER_MS, () => {
        if (own === turn) flush()
      })
    },
    flush,
  }
}

function isPixels(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= 100_000
}
