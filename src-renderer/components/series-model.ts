/*
 * Where a chart draws its amounts. Amounts become floats here only, to place them within a few hundred pixels.
 */

/** The round amount that the scale ends at: 1, 2 or 5 times a power of ten, at least the largest value; 1 base unit where all are 0. */
export function chartTop(values: readonly bigint[]): bigint {
  const most = values.reduce((top, value) => (value > top ? value : top), 1n)
  const power = 10n ** BigInt(most.toString().length - 1)
  return [1n, 2n, 5n, 10n].map(step => step * power).find(round => round >= most) ?? most
}

/** An SVG path: bars from below, or a line that is level within each step; `top` is drawn at 0, 0 at `height`. */
export function chartPath(values: readonly bigint[], top: bigint, isBars: boolean, width: number, height: number): string {
  const step = width / Math.max(values.length, 1)
  const y = (value: bigint) => height - (Number((value * 10_000n) / top) / 10_000) * height
  return values
    .map((value, index) => {
      const left = index * step
      if (!isBars) return `${index === 0 ? 'M' : 'L'}${number(left)} ${number(y(value))}H${number(left + step)}`
      if (value === 0n) return ''
      // what is little must still be seen
      const from = Math.min(y(value), height - 1.5)
      return `M${number(left + step * 0.15)} ${height}V${number(from)}h${number(step * 0.7)}V${height}z`
    })
    .join('')
}

/** At most so many of the steps' names, the first and the last among them, evenly between. */
export function tickLabels(steps: readonly string[], most: number): string[] {
  if (steps.length <= most) return [...steps]
  return Array.from({ length: most }, (_, at) => steps[Math.round((at * (steps.length - 1)) / (most - 1))]!)
}

function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}
