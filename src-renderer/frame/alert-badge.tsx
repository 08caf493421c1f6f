import { useQuery } from '../api.ts'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'
import classes from './alert-badge.module.css'

/** How many alerts are open, in the colour of the worst; nothing where none is. */
export function AlertBadge() {
  const { data } = useQuery('alerts.count', {}, ['alerts'])
  if (!data?.worst) return null
  return (
    <span className={classes.badge} data-severity={data.worst}>
      <span aria-hidden="true">{formatCount(data.total)}</span>
      <span className={classes.hidden}>{texts.alerts.badge(data.total)}</span>
    </span>
  )
}
