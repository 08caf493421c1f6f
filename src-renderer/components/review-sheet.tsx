import { Button, Checkbox } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { AppError } from '../../src-shared/errors.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { ReviewSeverity, ReviewSubject, ReviewWarning, SignReview } from '../../src-shared/review-contract.ts'
import { severityWords } from '../../src-shared/review-text.ts'
import { useQuery } from '../api.ts'
import page from '../pages/page.module.css'
import settings from '../pages/settings.module.css'
import { texts } from '../texts.ts'
import { CopyButton } from './copy-button.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Note } from './note.tsx'
import classes from './review-sheet.module.css'

const words = texts.review

export const severityStates: Record<ReviewSeverity, NodeState> = { stop: 'down', warn: 'at-risk', note: 'unknown' }

/** What somebody is about to sign: the decision first, then what there is to think about, then all that the bytes say. */
export function ReviewBody({ review }: { review: SignReview }) {
  const { decision, warnings, unknown, fields, signatures, hash } = review
  return (
    <div className={page.stack}>
      <div>
        <p className={classes.decision}>{decision}</p>
        <p className={page.dim}>{words.read}</p>
      </div>
      <Warnings warnings={warnings} />
      {unknown.length === 0 ? null : (
        <Part name={words.unknown}>
          <ul className={classes.list}>
            {unknown.map(text => (
              <li key={text} className={page.dim}>
                {text}
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part name={words.fields}>
        <Facts list={fields} />
      </Part>
      {review.kind === 'vote' || review.kind === 'call' ? null : (
        <Part name={words.signed}>
          <ul className={classes.list}>
            {signatures.length === 0 ? <li className={page.dim}>{words.notSigned}</li> : null}
            {signatures.map(({ who, isValid }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: signatures of nobody known look alike
              <li key={`${who} ${at}`} className={settings.wrap}>
                <Note state={isValid ? 'up' : 'down'}>{who}</Note>
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part name={words.hash}>
        <span className={`${page.hash} ${settings.wrap}`}>{hash}</span>{' '}
        <CopyButton text={hash} label={texts.table.copy} name={words.copyHash} compact />
      </Part>
      <Bytes review={review} />
    </div>
  )
}

function Warnings({ warnings }: { warnings: readonly ReviewWarning[] }) {
  return (
    <Part name={words.warnings}>
      {warnings.length === 0 ? (
        <Note state="up">{words.noWarnings}</Note>
      ) : (
        <ul className={classes.list}>
          {warnings.map(({ code, severity, text }) => (
            <li key={`${code} ${text}`}>
              <Note state={severityStates[severity]}>
                <span className={classes.severity}>{severityWords[severity]}.</span> {text}
              </Note>
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}

function Bytes({ review: { values, bytes } }: { review: SignReview }) {
  return (
    <>
      {values.length === 0 ? null : (
        <details>
          <summary className={classes.summary}>{words.values}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className={classes.values} tabIndex={0} aria-label={words.values}>
            <Facts list={values} />
          </section>
        </details>
      )}
      <details>
        <summary className={classes.summary}>{words.bytes}</summary>
        <p className={page.dim}>{bytes.form}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section className={classes.bytes} tabIndex={0} aria-label={words.bytes}>
          {bytes.text}
        </section>
        <CopyButton text={bytes.text} label={texts.table.copy} name={words.copyBytes} compact />
      </details>
    </>
  )
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <section aria-label={name}>
      <h3 className={classes.heading}>{name}</h3>
      {children}
    </section>
  )
}

/** Names and values, a line each. */
export function Facts({ list }: { list: readonly { name: string; value: ReactNode }[] }) {
  return (
    <dl className={settings.facts}>
      {list.map(({ name, value }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name may stand there more than once
        <div key={`${name} ${at}`}>
          <dt className={settings.wrap}>{name}</dt>
          <dd className={settings.wrap}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Whether one may sign it: with a warning of the worst kind only after it was confirmed. */
export function mustConfirm({ warnings }: Pick<SignReview, 'warnings'>): boolean {
  return warnings.some(({ severity }) => severity === 'stop')
}

/**
 * The button that signs, named after amount and payee; before it the confirmation that the worst warnings take. `children`: what belongs
 * between them, such as the choice of a key.
 */
export function SignAction({
  review,
  sending,
  onSign,
  children,
}: {
  review: SignReview
  sending: { busy: boolean; error: AppError | null }
  onSign: () => void
  children?: ReactNode
}) {
  const [confirmed, setConfirmed] = useState(false)
  const [tried, setTried] = useState(false)
  const isHeld = mustConfirm(review) && !confirmed
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!isHeld) onSign()
  }
  return (
    <form className={page.stack} onSubmit={submit} noValidate autoComplete="off" aria-label={review.action}>
      {mustConfirm(review) ? (
        <Checkbox
          label={words.confirm}
          checked={confirmed}
          error={tried && isHeld ? words.confirmFirst : null}
          onChange={event => setConfirmed(event.currentTarget.checked)}
        />
      ) : null}
      {children}
      {sending.error ? <ErrorPanel error={sending.error} title={words.notSignedTitle} safe={words.safe} /> : null}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy} h="auto" mih={36} py={6} {...(mustConfirm(review) && { color: 'red.9' })}>
          {review.action}
        </Button>
      </div>
    </form>
  )
}

/** Asks for the review of something, shows it, and below it what can be done with it. */
export function ReviewSheet({ of, children }: { of: ReviewSubject; children?: (review: SignReview) => ReactNode }) {
  const { data, error, refetch } = useQuery('review.get', { of, askLedger: of.kind !== 'vote' }, ['pay', 'votes', 'results'])
  if (error && !data) return <ErrorPanel error={error} title={words.failed} safe={words.safe} onRetry={refetch} />
  if (!data) return <p role="status">{words.asks}</p>
  return (
    <div className={page.stack}>
      <ReviewBody review={data} />
      {children?.(data)}
    </div>
  )
}
