import { texts } from '../texts.ts'
import { ActingAs } from './acting.tsx'
import page from './page.module.css'
import { WatchMarks } from './watch-marks.tsx'

const words = texts.jobs

/** What waits for a person: marks to decide on. */
export function JobsPage() {
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        <ActingAs />
      </header>
      <WatchMarks />
    </div>
  )
}
