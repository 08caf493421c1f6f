import type { SyncEstimate } from '../../src-shared/sync.ts'
import { StateMark } from '../components/state-mark.tsx'
import { formatCount } from '../format.ts'
import { costText, roughDuration } from '../sync-words.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'
import { bytesText } from './upload.ts'

const words = texts.sync.setup

/** What a sync would take, before it begins: in a sentence, and its parts. */
export function Estimate({ estimate, what }: { estimate: SyncEstimate; what: string }) {
  const { figures } = words
  const indexes = estimate.periods
  return (
    <div className={classes.cost} role="status">
      <p className={classes.costTitle}>{words.costOf(what, costText(estimate))}</p>
      <dl className={classes.figures}>
        <Part name={figures.bytes}>{bytesText(estimate.bytes)}</Part>
        <Part name={figures.seconds}>{roughDuration(estimate.seconds)}</Part>
        <Part name={figures.disk}>{bytesText(estimate.storeBytes)}</Part>
        <Part name={figures.requests}>{formatCount(estimate.requests)}</Part>
        <Part name={figures.blocks}>
          {formatCount(estimate.blocks)}
          {indexes.length === 0 ? '' : ` (${words.periodsOf(Math.min(...indexes), Math.max(...indexes))})`}
        </Part>
        <Part name={figures.nodes}>{formatCount(estimate.nodes)}</Part>
      </dl>
      {estimate.archive ? (
        <p className={page.dim}>
          {words.measuredOn} {estimate.endpoint}, {words.archiveOk}
        </p>
      ) : (
        <div>
          <StateMark state="at-risk" word={words.notArchive} />
          <p className={classes.message}>{words.notArchiveText(estimate.endpoint)}</p>
        </div>
      )}
    </div>
  )
}

function Part({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>{children}</strong>
      </dd>
    </div>
  )
}
