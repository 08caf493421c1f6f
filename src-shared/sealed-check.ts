import type { ReceiptCheck } from './receipt-audit.ts'
import { type SealFinding, sealText } from './sealed.ts'
import { cleanName } from './text.ts'

/** What was found of a file that another Granary made: an audit report, or an evidence bundle. */
export interface SealedCheck {
  file: string
  kind: 'report' | 'bundle'
  /** what it is about, in words */
  subject: string
  seal: SealFinding
  /** of a bundle: what it was looked at for, and what came of each */
  checks: { name: string; state: ReceiptCheck['state']; why: string }[]
  /** each thing in it that is wrong, by name */
  problems: { name: string; why: string }[]
}

/** Whether nothing speaks against the file. */
export function isSealedRight({ seal, checks, problems }: SealedCheck): boolean {
  return seal.state !== 'broken' && problems.length === 0 && checks.every(({ state }) => state !== 'fails')
}

const words: Record<ReceiptCheck['state'], string> = { right: 'right', fails: 'FAILS', 'not-checked': 'not checked' }

/** The same in words, for terminals. */
export function sealedCheckText(found: SealedCheck): string {
  const lines = [`${isSealedRight(found) ? 'right' : 'FAILS'}  ${cleanName(found.file)}: ${found.subject}`, `  ${sealText(found.seal)}`]
  for (const { name, state, why } of found.checks)
    lines.push(`  ${words[state].padEnd(11)}  ${name}${why === '' ? '' : `: ${cleanName(why)}`}`)
  for (const { name, why } of found.problems) lines.push(`  WRONG  ${cleanName(name)}: ${cleanName(why)}`)
  return `${lines.join('\n')}\n`
}
