import type { Verdict, VerifiedReceipt } from '../../../src-shared/compare.ts'
import type { ResourceRule } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { brokenness, statementDifferences } from './differences.ts'
import type { OwnReceipt } from './own.ts'
import type { PayoutLine, Statement } from './proposal.ts'
import { brokenReasons, reasonsOf } from './reasons.ts'

/** What one's own store says of a receipt. */
export type OwnWord =
  /** the period, or the node's, is not here; `why` in words */
  | { known: false; why: string }
  /** null: one's own result has no such receipt */
  | { known: true; own: OwnReceipt | null; other: OwnReceipt | null; resources: ResourceRule }

/** Judges one receipt: its form, its hash, and whether one's own recomputation gives it. `fits`: what is wrong with it among the others. */
export function verifyStatement(statement: Statement, period: number, word: OwnWord, misfits: readonly string[]): VerifiedReceipt {
  const broken = brokenness(statement)
  const bytes: Verdict = statement.formProblem === null ? 'right' : 'fails'
  const hashed: Verdict = statement.saidHash === null ? 'right' : statement.saidHash === statement.trueHash ? 'right' : 'fails'
  const reasons = [...brokenReasons(broken), ...misfits]
  let recomputed: Verdict = 'unknown'
  if (!word.known) reasons.push(word.why)
  else if (word.own === null) {
    recomputed = 'fails'
    reasons.push(statement.kind === 'retry' ? 'You know no receipt that gives this retry.' : 'Your data has no such node in this period.')
  } else {
    const { own, other, resources } = word
    const differences = statementDifferences(own, statement)
    recomputed = differences.length === 0 ? 'right' : 'fails'
    if (differences.length > 0)
      reasons.push(
        ...reasonsOf({ own, theirs: statement, differences, resources, other }).filter(reason => !reasons.includes(reason)),
        ...differences
          .filter(({ member }) => member !== 'form' && member !== 'hash')
          .map(({ member, own: mine, theirs }) => `${member}: ${theirs ?? 'none'}, yours ${mine ?? 'none'}.`),
      )
  }
  const isWrong = bytes === 'fails' || hashed === 'fails' || recomputed === 'fails' || misfits.length > 0 || broken.length > 0
  return {
    where: statement.where,
    kind: statement.kind,
    nodeId: statement.nodeId,
    period,
    hash: statement.saidHash ?? statement.trueHash,
    verdict: isWrong ? 'fails' : recomputed,
    bytes,
    hashed,
    recomputed,
    payment: null,
    reasons,
  }
}

/** A line of payouts.csv whose receipt is given too must pay what that says. */
export function lineMisfits(line: PayoutLine, receipt: Pick<Statement, 'address' | 'units'>): string[] {
  const wrong: string[] = []
  if (line.address !== receipt.address) wrong.push(`${line.where} pays another address than this receipt says.`)
  if (line.units !== receipt.units)
    wrong.push(`${line.where} pays ${tftExact(line.units)} TFT, this receipt says ${tftExact(receipt.units)}.`)
  return wrong
}
