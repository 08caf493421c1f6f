import type { HelpTerm } from '../help-terms.ts'
import page from '../pages/page.module.css'
import classes from './help-mark.module.css'
import { HelpMark } from './help-mark.tsx'

/** The header of a column of figures in a plain table; its mark shows while it is pointed at or has the focus. `help`: its entry of the glossary. */
export function NumHead({ name, help, hint }: { name: string; help: HelpTerm; hint?: string }) {
  return (
    <th scope="col" className={`${page.num} ${classes.head}`} title={hint} aria-label={name}>
      <span className={classes.named}>
        <span className={classes.beside}>
          <HelpMark term={help} name={name} />
        </span>
        {name}
      </span>
    </th>
  )
}
