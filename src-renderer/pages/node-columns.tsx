import { tftExact, usdExact } from '../../src-shared/money.ts'
import type { NodeRow } from '../../src-shared/nodes-contract.ts'
import { LOW_BUDGET } from '../../src-shared/projection.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { Column } from '../components/data-table.tsx'
import { Clip, FarmName, shortAddress } from '../components/names.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { stripWords } from '../components/uptime-days.ts'
import { UptimeStrip } from '../components/uptime-strip.tsx'
import { Amount, DateTime, Usd } from '../components/values.tsx'
import { formatDayTime, formatHours, formatPermille } from '../format.ts'
import { IconEdit } from '../icons.tsx'
import { nodePath } from '../links.ts'
import { openSheet } from '../store.ts'
import { stateWords, texts, violationWords } from '../texts.ts'
import { LabelForm } from './label-form.tsx'
import classes from './nodes.module.css'

const words = texts.nodes.columns
const hints = texts.nodes.hints

/**
 * The columns of the Nodes table. `periodStart` in seconds: the strips' first day. While the period runs, what it will pay is shown;
 * once it is over, what it pays.
 */
export function nodeColumns(periodStart: number, running: boolean): Column<NodeRow>[] {
  // nothing is paid before the end; only a violation has settled it
  const pending = (row: NodeRow) => running && row.violation === null
  return [
    {
      id: 'nodeId',
      header: words.node,
      width: 66,
      align: 'right',
      sortable: true,
      cell: row => (
        <a className={classes.node} href={`#${nodePath(row.nodeId)}`} tabIndex={-1}>
          {row.nodeId}
        </a>
      ),
      text: row => String(row.nodeId),
    },
    {
      id: 'label',
      header: words.label,
      width: 76,
      grow: 1,
      sortable: true,
      cell: row => <LabelCell row={row} />,
      text: row => row.label,
    },
    {
      id: 'farm',
      header: words.farm,
      width: 152,
      grow: 1,
      sortable: true,
      cell: row => <FarmName name={row.farmName} id={row.farmId} />,
      text: row => `${cleanName(row.farmName)} (${row.farmId})`,
    },
    {
      id: 'state',
      header: words.state,
      width: 92,
      sortable: true,
      cell: row => <StateMark state={row.state} title={row.stateReason} />,
      text: row => stateWords[row.state],
    },
    {
      id: 'strip',
      header: words.strip,
      width: 164,
      hint: hints.strip,
      cell: row => (
        <UptimeStrip
          days={row.days}
          periodStart={periodStart}
          slaPermille={row.slaPermille}
          name={texts.app.node(String(row.nodeId))}
          tabbable={false}
        />
      ),
      text: row => stripWords(row.days, periodStart, row.slaPermille),
    },
    {
      id: 'uptime',
      header: words.uptime,
      width: 82,
      align: 'right',
      help: 'uptime',
      sortable: true,
      hint: hints.uptime,
      cell: row => <Uptime row={row} />,
      text: row => formatPermille(exactPermille(row)),
    },
    {
      id: 'staysUp',
      header: words.staysUp,
      width: 134,
      align: 'right',
      help: 'if-it-stays-up',
      sortable: true,
      optional: !running,
      hint: hints.staysUp,
      cell: row => <Amount units={row.staysUpUnits} />,
      text: row => tftExact(row.staysUpUnits),
    },
    {
      id: 'budget',
      header: words.budget,
      width: 124,
      align: 'right',
      help: 'downtime-left',
      sortable: true,
      optional: !running,
      hint: hints.budget,
      cell: row => <Budget row={row} />,
      text: budgetText,
    },
    {
      id: 'violation',
      header: words.violation,
      width: 100,
      grow: 1,
      // while the period runs it stands where the downtime left would
      optional: running,
      cell: row => (row.violation ? <Clip text={violationWords[row.violation].name} title={violationWords[row.violation].meaning} /> : ''),
      text: row => row.violation ?? '',
    },
    {
      id: 'lastReport',
      header: words.lastReport,
      width: 104,
      hint: hints.lastReport,
      sortable: true,
      cell: row =>
        row.lastReportTs === null ? (
          <span className={classes.noReport}>{texts.nodes.noReport}</span>
        ) : (
          <DateTime ts={row.lastReportTs} form="short" />
        ),
      text: row => (row.lastReportTs === null ? '' : formatUtc(row.lastReportTs)),
    },
    {
      id: 'reward',
      header: words.reward,
      width: 116,
      align: 'right',
      help: 'payout',
      sortable: true,
      optional: running,
      hint: hints.reward,
      cell: row => (pending(row) ? <NotYet /> : <Amount units={row.rewardUnits} />),
      text: row => (pending(row) ? '' : tftExact(row.rewardUnits)),
    },
    {
      id: 'goesDown',
      header: words.goesDown,
      width: 142,
      align: 'right',
      help: 'if-it-goes-down-now',
      sortable: true,
      optional: true,
      hint: hints.goesDown,
      cell: row => <Amount units={row.goesDownUnits} />,
      text: row => tftExact(row.goesDownUnits),
    },
    {
      id: 'usd',
      header: words.usd,
      width: 110,
      align: 'right',
      help: 'payout-in-usd',
      optional: true,
      cell: row => (pending(row) ? <NotYet /> : <Usd musd={row.rewardMusd} />),
      text: row => (pending(row) ? '' : usdExact(row.rewardMusd)),
    },
    {
      id: 'sla',
      header: words.sla,
      hint: hints.sla,
      width: 80,
      align: 'right',
      help: 'sla',
      optional: true,
      cell: row => formatPermille(row.slaPermille),
      text: row => formatPermille(row.slaPermille),
    },
    {
      id: 'place',
      header: words.place,
      width: 140,
      grow: 1,
      optional: true,
      cell: row => <Clip text={placeOf(row)} />,
      text: placeOf,
    },
    { id: 'note', header: words.note, width: 160, grow: 1, optional: true, cell: row => <Clip text={row.note} />, text: row => row.note },
    {
      id: 'twin',
      header: words.twin,
      hint: hints.twin,
      width: 80,
      align: 'right',
      help: 'twin',
      optional: true,
      cell: row => row.twinId,
      text: row => String(row.twinId),
    },
    {
      id: 'slowBoots',
      header: words.slowBoots,
      hint: hints.slowBoots,
      width: 96,
      align: 'right',
      help: 'slow-boots',
      optional: true,
      cell: row => row.slowBoots,
      text: row => String(row.slowBoots),
    },
    { id: 'certified', header: words.certified, hint: hints.kind, width: 120, optional: true, cell: kindOf, text: kindOf },
    {
      id: 'address',
      header: words.address,
      width: 140,
      optional: true,
      cell: row => (
        <Clip text={row.payoutAddress === '' ? texts.overview.noAddress : shortAddress(row.payoutAddress)} title={row.payoutAddress} />
      ),
      text: row => row.payoutAddress,
    },
    {
      id: 'hash',
      header: words.hash,
      hint: hints.hash,
      width: 120,
      optional: true,
      cell: row => <Clip text={row.hash.slice(0, 12)} title={row.hash} />,
      text: row => row.hash,
    },
  ]
}

function NotYet() {
  return <span className={classes.dim}>{texts.running.notYet}</span>
}

function placeOf(row: NodeRow): string {
  return [row.city, row.country].map(cleanName).filter(Boolean).join(', ')
}

function kindOf(row: NodeRow): string {
  return `${row.certified ? texts.nodes.certified : texts.nodes.diy}${row.virtualized ? `, ${texts.nodes.virtual}` : ''}`
}

/** The rules compare whole per mille; people near the limit want to see more of it. Of the time that is known, like uptimePermille. */
export function exactPermille(row: NodeRow): number {
  let knownSec = 0
  for (const days of [row.days.up, row.days.asleep, row.days.down]) for (const sec of days) knownSec += sec
  const exact = knownSec > 0 ? (row.uptimeSec / knownSec) * 1000 : row.uptimePermille
  return Math.floor(exact) === Math.floor(row.uptimePermille) ? exact : row.uptimePermille
}

/** Two decimals, and for whom the SLA is broken or close a mark beside it. */
function Uptime({ row }: { row: NodeRow }) {
  const below = row.uptimePermille < row.slaPermille
  const text = formatPermille(exactPermille(row))
  if (row.state === 'unknown' && row.lastReportTs === null && row.uptimeSec === 0)
    return <span className={classes.dim}>{texts.node.figures.unknown}</span>
  return below ? (
    <StateMark state="at-risk" word={text} title={texts.node.figures.belowSla(formatPermille(row.slaPermille))} />
  ) : (
    <span>{text}</span>
  )
}

/** Downtime left, marked where a tenth of it or less is; when a sleeping node must wake stands on hover. */
function Budget({ row }: { row: NodeRow }) {
  const { budgetSec, allowedSec, wakeByTs } = row
  if (budgetSec === null || allowedSec === null)
    return row.violation ? (
      <Clip text={violationWords[row.violation].name} title={`${violationWords[row.violation].meaning} ${texts.nodes.noBudgetWhy}`} />
    ) : (
      <span className={classes.dim} title={texts.nodes.noBudgetWhy}>
        {texts.nodes.noBudget}
      </span>
    )
  const of = texts.nodes.budgetTitle(formatHours(allowedSec))
  const title = wakeByTs === null ? of : `${of}\n${texts.nodes.wakeBy(formatDayTime(wakeByTs))}`
  if (budgetSec < 0) return <StateMark state="at-risk" word={texts.nodes.missed} title={title} />
  const word = formatHours(budgetSec)
  return budgetSec < allowedSec * LOW_BUDGET ? <StateMark state="at-risk" word={word} title={title} /> : <span title={title}>{word}</span>
}

function budgetText({ budgetSec, violation }: NodeRow): string {
  if (budgetSec === null) return violation ? violationWords[violation].name : texts.nodes.noBudget
  return budgetSec < 0 ? texts.nodes.missed : formatHours(budgetSec)
}

function LabelCell({ row }: { row: NodeRow }) {
  return (
    <>
      <Clip text={row.label} title={row.note === '' ? row.label : `${row.label}\n${row.note}`} />
      <button
        type="button"
        className={classes.edit}
        tabIndex={-1}
        aria-label={texts.nodes.edit(row.nodeId)}
        title={texts.nodes.edit(row.nodeId)}
        onClick={() => openSheet({ title: texts.nodes.edit(row.nodeId), body: <LabelForm row={row} /> })}
      >
        <IconEdit size={14} />
      </button>
    </>
  )
}
