import { Button } from '@mantine/core'
import type { AppError } from '../../src-shared/errors.ts'
import { texts } from '../texts.ts'
import classes from './panels.module.css'
import { StateShape } from './state-mark.tsx'

/**
 * What happened, what is safe, what to do. The error's own message says what happened and the way out;
 * `safe` replaces the sentence that nothing was changed.
 */
export function ErrorPanel({
  error,
  title = texts.error.title,
  safe = texts.error.safe,
  onRetry,
}: {
  error: AppError
  title?: string
  safe?: string
  onRetry?: () => void
}) {
  return (
    <section className={classes.error} role="alert">
      <h2 className={classes.title}>
        <StateShape state="down" size={12} /> {title}
      </h2>
      <p>{error.message}</p>
      <p className={classes.dim}>{safe}</p>
      {onRetry ? (
        <Button className={classes.action} variant="default" onClick={onRetry}>
          {texts.error.retry}
        </Button>
      ) : null}
    </section>
  )
}
