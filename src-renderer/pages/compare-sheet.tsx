import type { CompareHead, CompareRow, Difference } from '../../src-shared/compare.ts'
import { memberName, rowName } from '../../src-shared/compare-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './compare.module.css'
import { StateOf } from './compare-columns.tsx'
import page from './page.module.css'
import settings from './settings.module.css'

const words = texts.compare

/** Opens what differs of one row, where that can come from, and how one's own figures come about. */
export function openCompared(row: CompareRow, head: CompareHead): void {
  openSheet({ title: words.sheet(rowName(row)), body: <Compared row={row} head={head} /> })
}

function Compared({ row, head }: { row: CompareRow; head: CompareHead }) {
  const { state, where, differences, reasons, address, ownHash, theirHash, nodeId } = row
  return (
    <div className={page.stack}>
      <p>
        <StateOf state={state} /> {where}
      </p>
      {differences.length > 0 ? (
        <section aria-label={words.differences}>
          <h3>{words.differences}</h3>
          <table className={classes.differences}>
            <thead>
              <tr>
                <th scope="col">{words.member}</th>
                <th scope="col">{words.yours}</th>
                <th scope="col">{words.theirs}</th>
                <th scope="col">{words.by}</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(difference => (
                <DifferenceRow key={difference.member} difference={difference} />
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
      {reasons.length > 0 ? (
        <section aria-label={words.reasons}>
          <h3>{words.reasons}</h3>
          <ul className={classes.lines}>
            {reasons.map(reason => (
              <li key={reason}>{cleanName(reason)}</li>
            ))}
          </ul>
        </section>
      ) : null}
      <dl className={settings.facts}>
        <Fact name={words.addressHead} value={cleanName(address)} />
        <Fact name={`${words.hashes}, ${words.ownHash.toLowerCase()}`} value={ownHash ?? ''} />
        <Fact name={`${words.hashes}, ${words.theirHash.toLowerCase()}`} value={theirHash ?? ''} />
      </dl>
      {nodeId !== null && ownHash !== null && head.rules === 'v3' && state !== 'retry' ? (
        <section aria-label={words.own}>
          <h3>{words.own}</h3>
          <ExplainBody nodeId={nodeId} period={head.period} />
        </section>
      ) : null}
    </div>
  )
}

function DifferenceRow({ difference }: { difference: Difference }) {
  const { own, theirs, by } = difference
  const shown = (value: string | null) => (value === null ? words.nothing : cleanName(value))
  return (
    <tr>
      <th scope="row">{memberName(difference)}</th>
      <td>{shown(own)}</td>
      <td>{shown(theirs)}</td>
      <td>{by ?? ''}</td>
    </tr>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={settings.wrap}>
        <span className={page.hash}>{value === '' ? words.nothing : value}</span>
        {value === '' ? null : <CopyButton text={value} label={texts.table.copy} name={`${texts.table.copy}: ${name}`} compact />}
      </dd>
    </div>
  )
}
