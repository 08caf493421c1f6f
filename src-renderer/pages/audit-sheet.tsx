import { group, tftExact } from '../../src-shared/money.ts'
import type { AuditedReceipt, WrongFigure } from '../../src-shared/receipt-audit.ts'
import { checkMeanings, checkTitles, otherReasons, receiptName } from '../../src-shared/receipt-audit-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { FactList } from '../components/fact-list.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './audit.module.css'
import { CheckMark, VerdictMark } from './audit-columns.tsx'
import table from './compare.module.css'
import page from './page.module.css'

const words = texts.audit

/** Opens the checks of one receipt, what is wrong with it and why, and how one's own figures come about. */
export function openAudited(row: AuditedReceipt): void {
  openSheet({ title: words.sheet(receiptName(row)), body: <Audited row={row} /> })
}

function Audited({ row }: { row: AuditedReceipt }) {
  const { verdict, checks, differences, address, hash, units, txs, kind, nodeId, period, where } = row
  const reasons = verdict === 'fails' ? otherReasons(row) : []
  const isExplained = kind === 'receipt' && nodeId !== null && period !== null && checks.some(isRecomputed)
  return (
    <div className={page.stack}>
      <p>
        <VerdictMark verdict={verdict} /> <span className={page.dim}>{cleanName(where)}</span>
      </p>
      <section aria-label={words.checks}>
        <h3>{words.checks}</h3>
        <FactList
          facts={checks.map(
            ({ name, state, why }) =>
              [
                checkTitles[name],
                <>
                  <CheckMark state={state} />
                  <br />
                  <span className={page.dim}>
                    {why === '' ? `${checkMeanings[name][0]!.toUpperCase()}${checkMeanings[name].slice(1)}.` : cleanName(why)}
                  </span>
                </>,
              ] as const,
          )}
        />
      </section>
      {differences.length > 0 ? <Differences differences={differences} /> : null}
      {reasons.length > 0 ? (
        <section aria-label={words.reasons}>
          <h3>{words.reasons}</h3>
          <ul className={table.lines}>
            {reasons.map(reason => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </section>
      ) : null}
      <FactList
        facts={[
          [
            words.hash,
            <span key="hash" className={page.hash}>
              {hash === '' ? words.nothing : hash}
            </span>,
          ],
          [
            words.address,
            <span key="address" className={page.hash}>
              {address === '' ? words.nothing : cleanName(address)}
            </span>,
          ],
          [words.amount, units === null ? words.unknownAmount : `${group(tftExact(units))} TFT`],
          ...(txs.length === 0 ? [] : [[words.transactions, txs.map(({ tx, ts }) => `${formatUtc(ts)} ${tx}`).join(', ')] as const]),
        ]}
      />
      {isExplained ? (
        <section aria-label={words.own}>
          <h3>{words.own}</h3>
          <ExplainBody nodeId={nodeId} period={period} />
        </section>
      ) : null}
    </div>
  )
}

function isRecomputed({ name, state }: AuditedReceipt['checks'][number]): boolean {
  return name === 'recomputed' && state !== 'not-checked'
}

function Differences({ differences }: { differences: readonly WrongFigure[] }) {
  const shown = (value: string | null) => (value === null ? words.nothing : cleanName(value))
  return (
    <section aria-label={words.differences}>
      <h3>{words.differences}</h3>
      <table className={table.differences}>
        <thead>
          <tr>
            <th scope="col">{words.figure}</th>
            <th scope="col">{words.is}</th>
            <th scope="col">{words.should}</th>
            <th scope="col">{words.by}</th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ member, is, should, by }) => (
            <tr key={member}>
              <th scope="row" className={classes.member}>
                {member}
              </th>
              <td>{shown(is)}</td>
              <td>{shown(should)}</td>
              <td>{by ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
