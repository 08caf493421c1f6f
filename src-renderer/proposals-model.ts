import type { VoteChoice } from '../src-shared/treasury/governance.ts'
import type { ProposalShown, VotingPower } from '../src-shared/treasury/governance-table.ts'

/** A share in hundredths of a percent, cut: what is short of a line by a unit stays below it. 0 of nothing. */
export function shareBps(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 10_000n) / whole)
}

/** A percentage of at most 2 decimals, in hundredths. */
export function percentBps(percent: number): number {
  return Math.round(percent * 100)
}

export type VoteSums = Pick<ProposalShown, 'turnout' | 'yes' | 'no' | 'abstain'>

/** How the votes would stand with one more. */
export function withVote(sums: VoteSums, choice: VoteChoice, { power, weight }: Pick<VotingPower, 'power' | 'weight'>): VoteSums {
  return {
    turnout: sums.turnout + power,
    yes: sums.yes + (choice === 'YES' ? weight : 0n),
    no: sums.no + (choice === 'NO' ? weight : 0n),
    abstain: sums.abstain + (choice === 'ABSTAIN' ? weight : 0n),
  }
}

/** Whether the state is an older one than the time: its vote has begun or ended since it was asked for. */
export function isPast({ state, startTs, endTs }: Pick<ProposalShown, 'state' | 'startTs' | 'endTs'>, nowTs: number): boolean {
  return (state === 'PENDING' && startTs <= nowTs) || (state === 'ACTIVE' && endTs < nowTs)
}

/** Open ones as they are to be acted on: votes that are on, those that end first before, then those still to come. */
export function nextFirst(rows: readonly ProposalShown[]): ProposalShown[] {
  const on = rows.filter(({ state }) => state === 'ACTIVE').sort((a, b) => a.endTs - b.endTs)
  const coming = rows.filter(({ state }) => state !== 'ACTIVE').sort((a, b) => a.startTs - b.startTs)
  return [...on, ...coming]
}

/** A moment as a field for date and time has it, local: `2026-11-26T18:00`. */
export function localInput(ts: number): string {
  const date = new Date(ts * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`
}

/** What such a field holds, in seconds; null: no moment. */
export function readLocalInput(text: string): number | null {
  const ms = new Date(text).getTime()
  return Number.isNaN(ms) || ms < 0 ? null : Math.floor(ms / 1000)
}
