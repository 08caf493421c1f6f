import { median } from './measure.ts'

/** One line of what the bench prints. */
export interface Figure {
  name: string
  unit: 's' | 'ms' | 'µs/event' | 'MiB' | 'quotes/s'
  values: number[]
  /** the named baseline that it is divided by, round by round */
  baseline?: { name: string; values: number[]; cpuSec?: number[] }
  /** processor time of all threads: what stays comparable where other programs take turns */
  cpuSec?: number[]
  /** what the product is held to, in words: `≤ 1.3 x` */
  target?: string
  /** on our side, then on the baseline's */
  threads?: string
  peakMiB?: number[]
}

/** All figures as one Markdown table. */
export function tableOf(figures: Figure[]): string {
  const rows = figures.map(figure => [
    figure.name,
    `${short(median(figure.values))} ${figure.unit}`,
    figure.values.length > 1 ? `${short(Math.min(...figure.values))}-${short(Math.max(...figure.values))}` : '',
    ratioText(figure),
    cpuText(figure),
    figure.target ?? '',
    figure.threads ?? '',
    figure.peakMiB ? `${Math.round(Math.max(...figure.peakMiB))} MiB` : '',
  ])
  const header = [
    'figure',
    'median',
    'min-max',
    'ratio to its baseline',
    'processor time, ratio',
    'target',
    'threads (ours / baseline)',
    'peak memory',
  ]
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function cpuText({ cpuSec, baseline }: Figure): string {
  if (!cpuSec) return ''
  const ratio = baseline?.cpuSec ? `, ${short(median(cpuSec) / median(baseline.cpuSec))} x` : ''
  return `${short(median(cpuSec))} s${ratio}`
}

/** Rounds belong together: what disturbs the machine disturbs both sides of a round. */
function ratioText({ values, baseline }: Figure): string {
  if (!baseline) return ''
  const paired = values.length === baseline.values.length
  const ratio = paired ? median(values.map((value, i) => value / baseline.values[i]!)) : median(values) / median(baseline.values)
  return `${short(ratio)} x ${baseline.name}`
}

function short(value: number): string {
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
