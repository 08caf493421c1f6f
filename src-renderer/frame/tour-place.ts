export interface Box {
  left: number
  top: number
  width: number
  height: number
}

const GAP = 12

/**
 * Where the box stands so that it hides as little as possible of what it is about: at its right, its left, below or above; over its lower right
 * corner where it fills the window. Always inside the window (px).
 */
export function placeBeside(
  target: Box,
  size: { width: number; height: number },
  view: { width: number; height: number },
): { left: number; top: number } {
  const { width, height } = size
  const right = target.left + target.width
  const bottom = target.top + target.height
  const inside = (left: number, top: number) => ({
    left: Math.max(Math.min(left, view.width - width - GAP), Math.min(GAP, Math.max(view.width - width, 0))),
    top: Math.max(Math.min(top, view.height - height - GAP), Math.min(GAP, Math.max(view.height - height, 0))),
  })
  if (right + GAP + width + GAP <= view.width) return inside(right + GAP, target.top)
  if (target.left >= width + 2 * GAP) return inside(target.left - GAP - width, target.top)
  if (bottom + GAP + height + GAP <= view.height) return inside(target.left, bottom + GAP)
  if (target.top >= height + 2 * GAP) return inside(target.left, target.top - GAP - height)
  return inside(right - GAP - width, bottom - GAP - height)
}
