import { Link } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { explanationText } from '../../src-shared/explain-text.ts'
import type { Explanation } from '../../src-shared/mint.ts'
import type { MintRow, RunningRow } from '../../src-shared/mints-contract.ts'
import { group, tftExact, tftShort } from '../../src-shared/money.ts'
import type { MintDecided, MintPayment } from '../../src-shared/node-period.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { ArrivalText, useArrivals } from '../components/arrival.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { Derivation } from '../components/derivation.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { EvidenceButton } from '../components/evidence-button.tsx'
import classes from '../components/explain.module.css'
import { prettyReceipt } from '../components/explain-model.ts'
import { ExplainSkeleton, UptimeSection } from '../components/explain-sheet.tsx'
import { Filled } from '../components/filled.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { ViolationBox } from '../components/violation-box.tsx'
import { nodePath } from '../links.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { MintOnChain } from './chain-calls.tsx'
import { MintActions } from './mint-actions.tsx'
import { StageMark } from './mint-columns.tsx'
import { type FigureList, payeeOf, recordFigures } from './mint-model.ts'
import own from './mints.module.css'
import page from './page.module.css'

const words = texts.mints.sheet
type Detail = QueryOutput<'mint.get'>
type Rules = 'v3' | 'node-period'

export function openMint(row: MintRow, rules: Rules): void {
  openSheet({ title: words.title(row.nodeId), body: <MintBody nodeId={row.nodeId} start={row.start} rules={rules} /> })
}

export function openRunning(row: RunningRow): void {
  openSheet({
    title: words.runningTitle(row.nodeId),
    body: (
      <div className={classes.body}>
        <Why nodeId={row.nodeId} start={row.projection.period.start} running />
      </div>
    ),
  })
}

/** A mint: what it pays and to whom, what was decided and what can be done, its figures, and every step to them. */
function MintBody({ nodeId, start, rules }: { nodeId: number; start: number; rules: Rules }) {
  const { data, error, refetch } = useQuery('mint.get', { nodeId, start }, ['mints', 'labels'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <ExplainSkeleton />
  const { row } = data
  return (
    <div className={classes.body}>
      <div className={classes.section}>
        <p className={classes.sum}>
          <span className={classes.big} title={`${tftExact(row.rewardUnits)} TFT`} data-exact={tftExact(row.rewardUnits)}>
            {tftShort(row.rewardUnits)} <span className={classes.unit}>TFT</span>
          </span>
          <StageMark row={row} rules={rules} />
          <span className={classes.dim}>{words.payee(payeeOf(row))}</span>
        </p>
        <p className={classes.dim}>
          {words.period} <Filled text={texts.app.between} parts={{ from: <DateTime ts={row.start} />, to: <DateTime ts={row.end} /> }} />
          {row.closedTs === null ? null : (
            <>
              , {words.closed.toLowerCase()} <DateTime ts={row.closedTs} />
            </>
          )}
          . <NodeLink nodeId={row.nodeId} />
        </p>
      </div>
      <section className={classes.section} aria-label={words.actions}>
        <h3>{words.actions}</h3>
        <MintActions detail={data} />
        {row.stage === 'paid' || row.isGone ? null : <MintOnChain nodeId={nodeId} start={start} rewardUnits={row.rewardUnits} />}
      </section>
      {rules === 'v3' && data.decision.decided === null ? null : <Decision detail={data} />}
      {data.record === null ? <GoneId id={row.id} /> : <OfRecord row={row} record={data.record} rules={rules} />}
    </div>
  )
}

/** Of a mint that the data doesn't give any more its id is left. */
function GoneId({ id }: { id: string }) {
  return (
    <section className={classes.section} aria-label={texts.mints.columns.id}>
      <h3>{texts.mints.columns.id}</h3>
      <p className={classes.hash}>{id}</p>
      <div className={classes.tools}>
        <CopyButton text={id} label={words.copyId} />
      </div>
    </section>
  )
}

/** What the data says of it: its figures, every step to them, and the record. */
function OfRecord({ row, record, rules }: { row: MintRow; record: string; rules: Rules }) {
  const { nodeId, start } = row
  return (
    <>
      <Figures record={record} rules={rules} />
      <Why nodeId={nodeId} start={start} />
      <section className={classes.section} aria-label={words.record}>
        <h3>{words.record}</h3>
        <p className={classes.hash}>{row.id}</p>
        <div className={classes.tools}>
          <CopyButton text={row.id} label={words.copyId} />
          <CopyButton text={record} label={words.copyRecord} />
          <EvidenceButton of={{ nodeId, start }} />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre className={classes.receipt} tabIndex={0}>
          {prettyReceipt(record)}
        </pre>
        <p className={classes.dim}>{words.recordHow}</p>
      </section>
    </>
  )
}

function NodeLink({ nodeId }: { nodeId: number }) {
  return (
    <Link href={nodePath(nodeId)} onClick={closeSheet}>
      {words.openNode}
    </Link>
  )
}

function Decision({ detail }: { detail: Detail }) {
  const { decision, decidedFor, counted, threshold, trigger } = detail
  const votes = trigger === 'offline-amount' || trigger === 'verified-amount'
  const most = counted.reduce(
    (best, one) => (one.signers.length > best.signers.length ? one : best),
    counted[0] ?? { amountUnits: 0n, signers: [] },
  )
  return (
    <section className={classes.section} aria-label={words.decided}>
      <h3>{words.decided}</h3>
      {decision.decided ? (
        <Decided decided={decision.decided} />
      ) : (
        <p>{decision.payments.length > 0 ? words.undecidedAgain : words.undecided}</p>
      )}
      {decision.decided && detail.row.stage !== 'paid' ? <Arrives receipt={decidedFor ?? detail.row.id} /> : null}
      {decision.payments.map(payment => (
        <Payment key={`${payment.decided.attempt} ${payment.result} ${payment.ts}`} payment={payment} />
      ))}
      {decidedFor === null ? null : (
        <p>
          {words.anew} <span className={classes.hash}>{decidedFor}</span>.
        </p>
      )}
      {votes && !decision.decided ? (
        <p>
          {most.signers.length === 0
            ? words.countedNone(threshold)
            : words.counted(most.signers.length, threshold, group(tftExact(most.amountUnits)))}
        </p>
      ) : null}
      {decision.votes.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table}>
            <caption className={page.hidden}>{words.votes}</caption>
            <thead>
              <tr>
                <th scope="col">{words.vote.signer}</th>
                <NumHead name={words.vote.amount} help="amount-voted-for" />
                <th scope="col">{words.vote.when}</th>
              </tr>
            </thead>
            <tbody>
              {decision.votes.map(vote => (
                <tr key={vote.signer}>
                  <td>{cleanName(vote.signer)}</td>
                  <td className={page.num}>{group(tftExact(vote.amountUnits))}</td>
                  <td>
                    <DateTime ts={vote.ts} form="seconds" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}

/** Whether it has arrived at the farmer's, and if not, why. */
function Arrives({ receipt }: { receipt: string }) {
  const arrival = useArrivals([receipt]).get(receipt)
  return arrival ? (
    <p>
      <ArrivalText arrival={arrival} long />
    </p>
  ) : null
}

function Decided({ decided }: { decided: MintDecided }) {
  const { amountUnits, by, how, ts, attempt } = decided
  return (
    <p>
      <Amount units={amountUnits} unit />, {words.how[how]} {by.map(cleanName).join(', ')}, <DateTime ts={ts} form="seconds" />
      {words.attempt(attempt)}
    </p>
  )
}

function Payment({ payment }: { payment: MintPayment }) {
  if (payment.result === 'paid')
    return (
      <p>
        <StateMark state="up" word={words.paidWith} /> <span className={classes.hash}>{cleanName(payment.tx)}</span>,{' '}
        <DateTime ts={payment.ts} form="seconds" />
      </p>
    )
  return (
    <div>
      <Decided decided={payment.decided} />
      <p>
        <StateMark state="down" word={words.failedBecause} /> {cleanName(payment.reason)}, <DateTime ts={payment.ts} form="seconds" />
      </p>
    </div>
  )
}

/** What the record holds: measured, worked out, paid. */
function Figures({ record, rules }: { record: string; rules: Rules }) {
  const figures = recordFigures(record)
  if (!figures) return null
  return (
    <section className={classes.section} aria-label={words.figures}>
      <h3>{words.raw}</h3>
      <FigureTable list={figures.raw} />
      <h3>{words.calculated}</h3>
      <FigureTable list={figures.calculated} />
      <h3>{rules === 'v3' ? words.wouldPay : words.pays}</h3>
      <FigureTable list={figures.paid} />
    </section>
  )
}

function FigureTable({ list }: { list: FigureList }) {
  return (
    <dl className={own.figures}>
      {list.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The derivation with every step; of a period that runs, as if it ended now. */
function Why({ nodeId, start, running = false }: { nodeId: number; start: number; running?: boolean }) {
  const { data, error, refetch } = useQuery('mint.explain', { nodeId, start }, ['mints'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <ExplainSkeleton />
  return <Explained explanation={data} running={running} />
}

function Explained({ explanation, running }: { explanation: Explanation; running: boolean }) {
  return (
    <>
      {running ? (
        <p>
          {words.period}{' '}
          <Filled
            text={texts.app.between}
            parts={{ from: <DateTime ts={explanation.period.start} />, to: <DateTime ts={explanation.period.end} /> }}
          />
          . {words.running} <NodeLink nodeId={explanation.nodeId} />
        </p>
      ) : null}
      {explanation.violation ? <ViolationBox detail={explanation.violation} label={texts.nodes.violation} /> : null}
      <section className={classes.section} aria-label={words.derivation}>
        <h3>{words.derivation}</h3>
        <Derivation lines={explanation.derivation} running={running} />
        <div className={classes.tools}>
          <CopyButton text={() => explanationText(explanation)} label={texts.sheet.copy} />
        </div>
      </section>
      <UptimeSection explanation={explanation} />
    </>
  )
}
