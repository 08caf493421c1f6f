import { tftExact } from '../../src-shared/money.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { AuditedReceipt, CheckState } from '../../src-shared/receipt-audit.ts'
import { checkTitles, checkWords, receiptName, verdictWords } from '../../src-shared/receipt-audit-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import type { Column } from '../components/data-table.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { texts } from '../texts.ts'
import classes from './page.module.css'

const words = texts.audit

const verdictShapes: Record<AuditedReceipt['verdict'], NodeState> = { right: 'up', unknown: 'unknown', fails: 'down' }
const checkShapes: Record<CheckState, NodeState> = { right: 'up', 'not-checked': 'unknown', fails: 'down' }

export function VerdictMark({ verdict }: { verdict: AuditedReceipt['verdict'] }) {
  return <StateMark state={verdictShapes[verdict]} word={verdictWords[verdict]} />
}

export function CheckMark({ state }: { state: CheckState }) {
  return <StateMark state={checkShapes[state]} word={checkWords[state]} />
}

/** What failed, else what was not checked, in a few words. */
function foundText({ checks, differences, verdict }: AuditedReceipt): string {
  const named = (state: CheckState) => checks.filter(check => check.state === state).map(({ name }) => checkTitles[name].toLowerCase())
  if (verdict === 'fails') {
    const members = differences.map(({ member }) => member).filter(member => member !== 'hash' && member !== 'form')
    const shown = members.length > 3 ? [...members.slice(0, 3), texts.app.more(members.length - 3)] : members
    return `${named('fails').join(', ')}${shown.length === 0 ? '' : `: ${shown.join(', ')}`}`
  }
  const open = named('not-checked')
  return open.length === 0 ? '' : words.notCheckedAre(open.join(', '))
}

export const auditColumns: Column<AuditedReceipt>[] = [
  {
    id: 'verdict',
    header: words.columns.verdict,
    width: 150,
    cell: row => <VerdictMark verdict={row.verdict} />,
    text: row => verdictWords[row.verdict],
  },
  { id: 'receipt', header: words.columns.receipt, width: 230, grow: 1, cell: row => receiptName(row), text: row => receiptName(row) },
  {
    id: 'amount',
    header: words.columns.amount,
    width: 120,
    align: 'right',
    help: 'amount-of-a-payment',
    cell: row => (row.units === null ? words.unknownAmount : <Amount units={row.units} />),
    text: row => (row.units === null ? '' : tftExact(row.units)),
  },
  {
    id: 'checks',
    header: words.columns.checks,
    width: 260,
    grow: 3,
    cell: row => <span title={foundText(row)}>{foundText(row)}</span>,
    text: row => foundText(row),
  },
  {
    id: 'where',
    header: words.columns.where,
    width: 200,
    grow: 1,
    cell: row => <span className={classes.dim}>{cleanName(row.where)}</span>,
    text: row => cleanName(row.where),
  },
]
