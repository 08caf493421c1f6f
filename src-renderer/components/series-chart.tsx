import { group } from '../../src-shared/money.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import classes from './series-chart.module.css'
import { chartPath, chartTop, tickLabels } from './series-model.ts'

export interface Series {
  label: string
  /** base units, one for each step */
  values: readonly bigint[]
  /** how it is drawn, as no colour tells series apart */
  draw: 'line' | 'dashes' | 'bars'
}

const WIDTH = 600
const HEIGHT = 150

/**
 * Amounts of a token by steps of time. It is a picture: `label` says what it shows in words, and whoever reads figures has the table beside
 * it. `steps`: what each step is called.
 */
export function SeriesChart({ label, steps, series }: { label: string; steps: readonly string[]; series: readonly Series[] }) {
  const top = chartTop(series.flatMap(({ values }) => values))
  return (
    <figure className={classes.figure}>
      {series.length > 1 ? (
        <figcaption className={classes.legend}>
          {series.map(({ label: name, draw }) => (
            <span key={name}>
              <svg width="24" height="10" aria-hidden="true">
                <path className={classes[draw]} d="M0 5H24" />
              </svg>
              {name}
            </span>
          ))}
        </figcaption>
      ) : null}
      <div className={classes.plot}>
        <div className={classes.scale} aria-hidden="true">
          <span>{short(top)}</span>
          <span>{short(top / 2n)}</span>
          <span>0</span>
        </div>
        <svg className={classes.chart} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <path className={classes.grid} d={`M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
          {series.map(({ label: name, values, draw }) => (
            <path key={name} className={classes[draw]} d={chartPath(values, top, draw === 'bars', WIDTH, HEIGHT)} />
          ))}
          {steps.map((step, index) => (
            <rect
              key={step}
              className={classes.hover}
              x={(index * WIDTH) / steps.length}
              width={WIDTH / steps.length}
              y="0"
              height={HEIGHT}
            >
              <title>
                {[step, ...series.map(({ label: name, values }) => `${name} ${group(formatAmount(values[index] ?? 0n))}`)].join('\n')}
              </title>
            </rect>
          ))}
        </svg>
      </div>
      <div className={classes.steps} aria-hidden="true">
        {tickLabels(steps, 4).map(step => (
          <span key={step}>{step}</span>
        ))}
      </div>
    </figure>
  )
}

const shortFormat = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** `1.2B`: a scale needs no more. */
function short(units: bigint): string {
  return shortFormat.format(Number(units) / 1e7)
}
