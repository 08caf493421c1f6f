import type { NodeState } from '../../src-shared/nodes-contract.ts'
import classes from './note.module.css'
import { StateShape } from './state-mark.tsx'

/** A sentence of any length with the shape of a state before it; it wraps, where a StateMark stays on its line. */
export function Note({ state, children }: { state: NodeState; children: React.ReactNode }) {
  return (
    <p className={classes.note}>
      <StateShape state={state} />
      <span>{children}</span>
    </p>
  )
}
