import { Checkbox, NumberInput, Select, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { type AlertRule, alertForms, alertSeverities, alertSeveritySchema, thresholdProblem } from '../../src-shared/alerts.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { command, useQuery } from '../api.ts'
import { texts } from '../texts.ts'
import classes from './alerts.module.css'
import page from './page.module.css'

const words = texts.alerts
const { rules: own } = words

/** Every kind with its switch, threshold and severity; a change holds at once. */
export function AlertRules() {
  const { data } = useQuery('alerts.rules', {}, ['alerts'])
  return (
    <section className={page.panel} aria-label={own.title}>
      <h2>{own.title}</h2>
      <p className={page.dim}>{own.what}</p>
      {data ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={own.title}>
            <thead>
              <tr>
                <th scope="col">{own.columns.on}</th>
                <th scope="col">{own.columns.name}</th>
                <th scope="col">{own.columns.threshold}</th>
                <th scope="col">{own.columns.severity}</th>
              </tr>
            </thead>
            <tbody>
              {data.rules.map(rule => (
                <RuleRow key={`${rule.kind} ${rule.threshold}`} rule={rule} />
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <Skeleton height={400} />
      )}
    </section>
  )
}

function RuleRow({ rule }: { rule: AlertRule }) {
  const { name, what } = alertForms[rule.kind]
  const change = (changed: Partial<AlertRule>) => {
    command('alerts.setRule', { ...rule, ...changed }).then(
      () => notifications.show({ message: own.saved(name) }),
      (error: unknown) => notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }),
    )
  }
  return (
    <tr>
      <td>
        <Checkbox aria-label={name} checked={rule.on} onChange={event => change({ on: event.currentTarget.checked })} />
      </td>
      <td className={`${page.wrap} ${classes.rule}`}>
        <div>{name}</div>
        <div className={page.dim}>{what}</div>
      </td>
      <td>
        <Threshold rule={rule} onChange={threshold => change({ threshold })} />
      </td>
      <td>
        <Select
          className={classes.severity ?? ''}
          aria-label={own.severityOf(name)}
          data={alertSeverities.map(value => ({ value, label: words.severities[value] }))}
          value={rule.severity}
          onChange={value => change({ severity: alertSeveritySchema.parse(value) })}
          allowDeselect={false}
        />
      </td>
    </tr>
  )
}

/** A whole number within its bounds; kept when the field is left, or with Enter. */
function Threshold({ rule, onChange }: { rule: AlertRule; onChange: (threshold: number) => void }) {
  const { name, threshold: form } = alertForms[rule.kind]
  const [value, setValue] = useState<string | number>(rule.threshold ?? '')
  if (form === null) return <span className={page.dim}>{own.none}</span>
  const entered = value === '' ? null : Number(value)
  const problem = thresholdProblem({ kind: rule.kind, threshold: entered })
  const keep = () => {
    if (problem === null && entered !== null && entered !== rule.threshold) onChange(entered)
  }
  return (
    <div className={classes.threshold} title={problem ?? undefined}>
      <span className={classes.side}>{own.sides[form.side]}</span>
      <NumberInput
        className={classes.number ?? ''}
        aria-label={own.thresholdOf(name)}
        value={value}
        onChange={setValue}
        onBlur={keep}
        onKeyDown={event => {
          if (event.key === 'Enter') keep()
        }}
        error={problem !== null}
        allowDecimal={false}
        allowNegative={false}
        hideControls
      />
      <span>{words.units[form.unit]}</span>
      {problem === null ? null : (
        <span role="alert" className={page.hidden}>
          {problem}
        </span>
      )}
    </div>
  )
}
