import type { AppError } from '../../src-shared/errors.ts'
import { curveRefusalMeaning } from '../../src-shared/treasury/curve.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { texts } from '../texts.ts'

/** A curve's refusal by the name that a chain gives it, with what it means for people. */
export function Refused({ name, meaning }: { name: string; meaning: string }) {
  return (
    <div role="status">
      <StateMark state="at-risk" word={texts.curve.quote.refused(name)} />
      <p>{meaning}</p>
    </div>
  )
}

/** Any error of a question about a curve. */
export function Refusal({ error }: { error: AppError }) {
  const meaning = curveRefusalMeaning(error.code)
  return meaning === null ? <ErrorPanel error={error} /> : <Refused name={error.message} meaning={meaning} />
}
