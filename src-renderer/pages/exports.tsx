import { Link } from 'wouter'
import { useQuery } from '../api.ts'
import { Note } from '../components/note.tsx'
import { STATEMENT_PATH } from '../links.ts'
import { texts } from '../texts.ts'
import { ExportRows } from './export-rows.tsx'
import classes from './exports.module.css'
import page from './page.module.css'
import { StatementPart } from './statement.tsx'

const words = texts.exports

/** Rows of any kind as a file. */
export function ExportsPage() {
  return (
    <Frame part="rows">
      <ExportRows />
    </Frame>
  )
}

/** The statement of a farm and year. */
export function StatementPage() {
  return (
    <Frame part="statement">
      <StatementPart />
    </Frame>
  )
}

const paths = { rows: '/exports', statement: STATEMENT_PATH } as const

function Frame({ part, children }: { part: keyof typeof paths; children: React.ReactNode }) {
  const status = useQuery('status.get', {}, ['jobs'])
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{words.title}</h1>
        <nav aria-label={words.parts.label} className={classes.parts}>
          {(['rows', 'statement'] as const).map(one => (
            <Link key={one} href={paths[one]} aria-current={one === part ? 'page' : undefined}>
              {words.parts[one]}
            </Link>
          ))}
        </nav>
      </header>
      {status.data?.readOnly ? <Note state="at-risk">{words.readOnly}</Note> : null}
      {children}
    </div>
  )
}
