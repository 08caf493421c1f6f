import { useState } from 'react'
import { describeStep, foldSteps, runTitle, type StepRun, secondsText, stepTitle, withoutCredit } from '../../src-shared/explain-text.ts'
import type { Evidence, Step } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import { evidenceWords, texts, violationWords } from '../texts.ts'
import classes from './explain.module.css'
import { Filled } from './filled.tsx'
import { DateTime } from './values.tsx'

const words = texts.explain.steps

/** Every credit and every loss in order. Ordinary reports in a row are one line that opens. */
export function StepList({ steps }: { steps: Step[] }) {
  if (steps.length === 0) return <p className={classes.dim}>{words.none}</p>
  return (
    <ol className={classes.steps}>
      {foldSteps(steps).map(entry => (
        <li key={entry.kind === 'run' ? `run ${entry.fromTs}` : `${entry.kind} ${entry.block} ${entry.fromTs} ${entry.toTs} ${entry.ts}`}>
          {entry.kind === 'run' ? <RunEntry run={entry} /> : <StepEntry step={entry} />}
        </li>
      ))}
    </ol>
  )
}

function RunEntry({ run }: { run: StepRun }) {
  const [open, setOpen] = useState(false)
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary className={classes.step}>
        <span className={classes.what}>{runTitle(run)}</span>
        <Credit credited={run.creditedSec} steps={run.steps} />
        <span className={classes.when}>
          <Filled
            text={run.firstBlock === null ? texts.app.between : words.rangeIn(group(String(run.firstBlock)), group(String(run.lastBlock)))}
            parts={{ from: <DateTime ts={run.fromTs} />, to: <DateTime ts={run.toTs} /> }}
          />
        </span>
      </summary>
      {open ? (
        <ol className={classes.steps}>
          {run.steps.map(step => (
            <li key={`${step.block} ${step.ts}`}>
              <StepEntry step={step} />
            </li>
          ))}
        </ol>
      ) : null}
    </details>
  )
}

function StepEntry({ step }: { step: Step }) {
  return (
    <details>
      <summary className={classes.step}>
        <span className={classes.what}>
          {stepTitle(step)}
          {step.violation ? <strong className={classes.bad}> · {violationWords[step.violation].name}</strong> : null}
        </span>
        <Credit credited={step.creditedSec} steps={[step]} />
        <span className={classes.when}>
          <Filled
            text={step.block === null ? words.atEnd : words.inBlock(group(String(step.block)))}
            parts={{ time: <DateTime ts={step.ts} form="seconds" /> }}
          />
        </span>
      </summary>
      <div className={classes.detail}>
        <p>{describeStep(step)}</p>
        <p className={classes.dim}>{words.rule(step.rule)}</p>
        <EvidenceList evidence={step.evidence} />
      </div>
    </details>
  )
}

function Credit({ credited, steps }: { credited: number; steps: Step[] }) {
  const { lostSec: lost, aheadSec, waitingSec, unknownSec } = withoutCredit(steps)
  return (
    <span className={classes.credit}>
      <span title={secondsText(credited)}>+{group(String(credited))} s</span>
      {lost > 0 ? (
        <span className={classes.lost} title={secondsText(lost)}>
          {words.lost(group(String(lost)))}
        </span>
      ) : null}
      {aheadSec > 0 ? (
        <span className={classes.dim} title={secondsText(aheadSec)}>
          {words.ahead(group(String(aheadSec)))}
        </span>
      ) : null}
      {waitingSec > 0 ? (
        <span className={classes.dim} title={secondsText(waitingSec)}>
          {words.waiting(group(String(waitingSec)))}
        </span>
      ) : null}
      {unknownSec > 0 ? (
        <span className={classes.dim} title={secondsText(unknownSec)}>
          {words.notKnown(group(String(unknownSec)))}
        </span>
      ) : null}
    </span>
  )
}

/** A chain figure as it is, with what it means beside it where it is a time or a duration. */
function EvidenceValue({ name, value }: { name: string; value: Evidence[string] }) {
  if (value === null) return words.unknown
  if (typeof value !== 'number') return String(value)
  // seconds since the epoch; no duration or count of a period comes near
  if (value > 1_000_000_000 && value < 10_000_000_000)
    return (
      <>
        {value} (<DateTime ts={value} form="seconds" />)
      </>
    )
  if (/uptime|sec|^d[ru]$/i.test(name)) return secondsText(value)
  return group(String(value))
}

/** Chain figures by name. */
export function EvidenceList({ evidence }: { evidence: Evidence }) {
  const entries = Object.entries(evidence)
  if (entries.length === 0) return null
  return (
    <dl className={classes.evidence}>
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt title={name}>{evidenceWords[name] ?? name}</dt>
          <dd>
            <EvidenceValue name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
