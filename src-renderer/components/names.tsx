import { cleanName, shortAddress } from '../../src-shared/text.ts'
import classes from './names.module.css'

/* The end of an address stands on screen; the whole on hover and in copies. */
export { shortAddress }

/** Text that is cut at the end of its cell; whole on hover. */
export function Clip({ text, title = text }: { text: string; title?: string }) {
  return (
    <span className={classes.clip} title={title}>
      {text}
    </span>
  )
}

/** A farm's name never stands without its id, however narrow the column. */
export function FarmName({ name, id }: { name: string; id: number }) {
  const plain = cleanName(name)
  return (
    <>
      <Clip text={plain} title={`${plain} (${id})`} /> <span className={classes.id}>({id})</span>
    </>
  )
}
