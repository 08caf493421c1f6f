import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { stateWords } from '../texts.ts'
import classes from './state-mark.module.css'

const shapes: Record<NodeState, React.ReactNode> = {
  up: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  'at-risk': <path d="M5 .8 9.6 9.2H.4z" fill="currentColor" />,
  down: <path d="M1 1h8v8H1z" fill="currentColor" />,
  asleep: <path d="M6.6.9A4.3 4.3 0 1 0 9.2 7 3.6 3.6 0 0 1 6.6.9z" fill="currentColor" />,
  unknown: <circle cx="5" cy="5" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.4" strokeDasharray="2.2 1.6" />,
}

/** The shape alone, in the state's colour; for places where the word stands elsewhere. */
export function StateShape({ state, size = 10 }: { state: NodeState; size?: number }) {
  return (
    <svg className={classes[state]} width={size} height={size} viewBox="0 0 10 10" aria-hidden="true">
      {shapes[state]}
    </svg>
  )
}

/** A state as shape, word and colour. `word` replaces the state's own word; `title` says why. */
export function StateMark({ state, word, title }: { state: NodeState; word?: string; title?: string }) {
  return (
    <span className={`${classes.mark} ${classes[state]}`} title={title}>
      <StateShape state={state} />
      {word ?? stateWords[state]}
    </span>
  )
}
