import type { TrayState } from './tray.ts'

/* The tray's picture: Granary's, with a mark in its corner whose shape, not only colour, says the state. */

/** Blue, green, red. */
const colors: Record<'attention' | 'offline', readonly [number, number, number]> = {
  attention: [0x2b, 0x5b, 0xd9],
  offline: [0x80, 0x80, 0x80],
}

/** Whether a point of the mark's square, 0 to 1 from its upper left corner, is ink: a full triangle, or a ring. */
const shapes: Record<'attention' | 'offline', (x: number, y: number) => boolean> = {
  attention: (x, y) => Math.abs(x - 0.5) <= y / 2,
  offline: (x, y) => {
    const distance = Math.hypot(x - 0.5, y - 0.5)
    return distance <= 0.5 && distance >= 0.26
  },
}

/**
 * Draws a state's mark into a copy of a square picture.
 * @param bitmap four bytes a point: blue, green, red, alpha
 * @param size points along an edge; a bitmap of another size is given back as it is
 * @param isTemplate black only, as macOS colours it
 */
export function markIcon(bitmap: Buffer, size: number, state: TrayState, isTemplate: boolean): Buffer {
  const marked = Buffer.from(bitmap)
  if (bitmap.length !== size * size * 4 || state === 'fine' || state === 'starting') return marked
  const mark = Math.round(size * 0.56)
  const from = size - mark
  const color = isTemplate ? ([0, 0, 0] as const) : colors[state]
  for (let y = from - 1; y < size; y++)
    for (let x = from - 1; x < size; x++) {
      // around the mark the picture is cleared, so that the shape stands by itself
      const isInk = shapes[state]((x - from + 0.5) / mark, (y - from + 0.5) / mark)
      marked.set(isInk ? [...color, 0xff] : [0, 0, 0, 0], (y * size + x) * 4)
    }
  return marked
}
