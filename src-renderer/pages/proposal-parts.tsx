import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { formatDuration, formatUtc } from '../../src-shared/time.ts'
import { GOVERNANCE_TOKEN, type ProposalState } from '../../src-shared/treasury/governance.ts'
import type { ProposalShown } from '../../src-shared/treasury/governance-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { LineMeter, shortScale } from '../components/line-meter.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { formatShare } from '../format.ts'
import { percentBps, shareBps } from '../proposals-model.ts'
import { texts } from '../texts.ts'
import { settingName, valueText } from './configuration-columns.tsx'
import page from './page.module.css'
import classes from './proposals.module.css'

const words = texts.proposals

const stateShapes: Record<ProposalState, NodeState> = {
  PENDING: 'unknown',
  ACTIVE: 'up',
  PASSED: 'at-risk',
  REJECTED: 'asleep',
  EXECUTED: 'up',
}

export function ProposalMark({ state }: { state: ProposalState }) {
  return <StateMark state={stateShapes[state]} word={words.states[state]} />
}

/** What changes if it passes: a setting from its present value to another, or nothing by itself. */
export function WhatChanges({ proposal: { change, state } }: { proposal: ProposalShown }) {
  if (!change) return <p className={page.dim}>{words.notByItself}</p>
  // one that an older Granary knew
  if (change.present === '') return <p className={classes.change}>{words.unknownSetting(change.name)}</p>
  const from = state === 'EXECUTED' ? (change.before ?? change.present) : change.present
  return (
    <p className={classes.change}>
      {settingName(change)}: <span className={page.dim}>{valueText(change, from)}</span> <span aria-hidden="true">→</span>
      <span className={page.hidden}>{words.becomes}</span> <strong>{valueText(change, change.value)}</strong>
      {state !== 'EXECUTED' && change.present === change.value ? <span className={page.dim}> ({words.presentSame})</span> : null}
    </p>
  )
}

/** How far a vote is from its quorum and its approval, which count differently: power of all, and weight of yes and no. */
export function Standing({ proposal }: { proposal: ProposalShown }) {
  return (
    <div className={classes.meters}>
      <Quorum proposal={proposal} />
      <Approval proposal={proposal} />
    </div>
  )
}

function Quorum({ proposal }: { proposal: ProposalShown }) {
  const { quorumPercent, circulating, turnout, needed, isQuorate, state } = proposal
  const say = words.quorum
  const [valueBps, lineBps] = [shareBps(turnout, circulating), percentBps(quorumPercent)]
  const share = formatShare(turnout, circulating) ?? '0.00'
  const reach = reached(isQuorate, state, say)
  const line = String(quorumPercent)
  return (
    <LineMeter
      name={say.name}
      sentence={say.sentence(share, line, reach.word)}
      valueBps={valueBps}
      lineBps={lineBps}
      topBps={shortScale(valueBps, lineBps)}
      isReached={isQuorate}
      {...reach}
      note={state === 'PENDING' ? say.noteBefore(line) : say.note(share, line, writeAmount(turnout), writeAmount(needed))}
    />
  )
}

function Approval({ proposal }: { proposal: ProposalShown }) {
  const { thresholdPercent, yes, no, abstain, isApproved, state } = proposal
  const say = words.approval
  const share = formatShare(yes, yes + no)
  const reach = reached(isApproved, state, say)
  const line = String(thresholdPercent)
  const valueBps = shareBps(yes, yes + no)
  return (
    <LineMeter
      name={say.name}
      sentence={say.sentence(share ?? '0.00', line, reach.word)}
      valueBps={valueBps}
      lineBps={percentBps(thresholdPercent)}
      againstBps={share === null ? 0 : 10_000 - valueBps}
      isReached={isApproved}
      {...reach}
      note={
        share === null
          ? say.noteNone(line)
          : `${say.note(share, line, writeAmount(yes), writeAmount(no))}${abstain > 0n ? `, ${say.abstained(writeAmount(abstain))}` : ''}`
      }
    />
  )
}

function reached(
  isReached: boolean,
  state: ProposalState,
  say: { reached: string; notYet: string; missed: string },
): { state: NodeState; word: string } {
  if (isReached) return { state: 'up', word: say.reached }
  return state === 'PENDING' || state === 'ACTIVE' ? { state: 'unknown', word: say.notYet } : { state: 'down', word: say.missed }
}

/** How long its vote still goes on, or until it begins. */
export function TimeLeft({ proposal, nowTs }: { proposal: ProposalShown; nowTs: number }) {
  const { state, startTs, endTs } = proposal
  if (state === 'PENDING')
    return <span title={formatUtc(startTs)}>{startTs > nowTs ? words.begins(formatDuration(startTs - nowTs)) : words.begun}</span>
  return <span title={formatUtc(endTs)}>{endTs > nowTs ? words.left(formatDuration(endTs - nowTs)) : words.over}</span>
}

/** What one's own vote counts or would count. */
export function OwnPower({ proposal }: { proposal: ProposalShown }) {
  const { mine, state } = proposal
  if (!mine) return null
  const say = words.own
  if (mine.vote) return <StateMark state="up" word={say.voted(words.choices[mine.vote], writeAmount(mine.weight))} />
  return (
    <div className={page.facts}>
      <span title={say.powerHint}>
        {say.power}: <strong>{writeAmount(mine.power)}</strong> {GOVERNANCE_TOKEN}
      </span>
      <span title={say.weightHint}>
        {say.weight}: <strong>{writeAmount(mine.weight)}</strong> ({say.trust} {mine.trust})
      </span>
      {state === 'PENDING' ? <span>{say.before}</span> : null}
      {state === 'ACTIVE' && mine.power === 0n ? <span>{say.nothing}</span> : null}
    </div>
  )
}
