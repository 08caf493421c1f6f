import { Link, Redirect } from 'wouter'
import { isLinkId, type LinkKind, type RefusedKind, refusedKinds, refusedText } from '../../src-shared/app-links.ts'
import { cleanName } from '../../src-shared/text.ts'
import { nodePath, payoutPath, periodPath } from '../links.ts'
import { texts } from '../texts.ts'
import classes from './linked.module.css'
import page from './page.module.css'

const words = texts.desktop.refused

type Params = { params: Record<string, string | undefined> }

const paths: Record<Exclude<LinkKind, 'receipt'>, (id: string) => string> = {
  node: id => nodePath(Number(id)),
  period: id => periodPath(Number(id)),
  run: payoutPath,
}

/** The page of what a link names, in the place of the link itself: Back leads to where one was. */
function linkedPage(kind: keyof typeof paths) {
  return ({ params: { id = '' } }: Params) =>
    isLinkId(kind, id) ? <Redirect to={paths[kind](id)} replace /> : <RefusedText kind="link" text={`#/${kind}/${id}`} />
}

export const NodeLinkPage = linkedPage('node')
export const PeriodLinkPage = linkedPage('period')
export const RunLinkPage = linkedPage('run')

/** What a link or a file was that was not opened, and what can be done. */
export function RefusedPage({ params }: Params) {
  const kind = refusedKinds.find(one => one === params.kind) ?? 'link'
  return <RefusedText kind={kind} text={refusedText(params.text ?? '')} />
}

export function RefusedText({ kind, text }: { kind: RefusedKind; text: string }) {
  const shown = cleanName(text)
  return (
    <div className={page.page}>
      <h1 className={page.title}>{words.title}</h1>
      <section className={page.panel} aria-label={words.title}>
        <p>{words.what[kind]}</p>
        <p>
          {words.asGiven}: {shown === '' ? words.empty : <code className={classes.given}>{shown}</code>}
        </p>
        <p>{words.wayOut[kind]}</p>
        <p>
          <Link href="/">{words.home}</Link>
        </p>
      </section>
    </div>
  )
}
