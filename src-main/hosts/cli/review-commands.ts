import { existsSync, readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { tftExact } from '../../../src-shared/money.ts'
import type { ReviewRow, RunReview, SignReview } from '../../../src-shared/review-contract.ts'
import { reviewLines, severityWords } from '../../../src-shared/review-text.ts'
import { cleanName, shortAddress } from '../../../src-shared/text.ts'
import type { OpenPay } from '../../core/pay-command.ts'
import { jsonText, type Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadReview = () => import('../../core/review-command.ts')

/** Opens the data folder for a command, and closes it after. */
export type UsingPay = (options: { data?: string; network?: string }, work: (opened: OpenPay) => Promise<void>) => Promise<void>

interface ReviewOptions {
  data?: string
  network?: string
  row?: number
  offline?: boolean
  all?: boolean
}

/** Rows with something to warn of that are listed at most. */
const MOST_ROWS = 200

/** `granary pay review`. `onWrong` is called where there is something that one should hardly ever sign. */
export function addReviewCommand(
  below: (name: string, description: string) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  onWrong: () => void,
  using: UsingPay,
): void {
  below('review', 'what a signature would sign, read from the bytes, and what there is to think about; fails where one should stop')
    .argument('<what>', 'a run by its id or the beginning of it, or a file of envelopes (base64 XDR, one a line); - reads standard input')
    .addOption(new Option('--row <n>', 'of a run: this row, counted from 0; of a file: this line, counted from 1').argParser(wholeNumber))
    .option('--offline', 'do not ask Stellar about the payees')
    .option('--all', 'with every value of the bytes, and the bytes themselves')
    .action((what: string, options: ReviewOptions) =>
      using(options, async opened => {
        const { openReview } = await loadReview()
        const review = openReview(opened, { askLedger: !options.offline, signal: terminal.signal })
        const { row, all = false } = options
        const isFile = what === '-' || existsSync(what)
        if (isFile) {
          const reviews = await review.envelopes(readFileSync(what === '-' ? 0 : what, 'utf8'), row)
          if (terminal.json) terminal.out(jsonText({ envelopes: reviews }))
          else for (const each of reviews) terminal.out(`Line ${each.line}\n${textOf(each.review, all)}\n`)
          if (reviews.some(each => isStop(each.review))) onWrong()
        } else if (row !== undefined) {
          const found = await review.row(what, row)
          terminal.out(terminal.json ? jsonText(found) : textOf(found, all))
          if (isStop(found)) onWrong()
        } else {
          const { review: sum, rows } = await review.run(what)
          const warned = rows.filter(({ worst }) => worst !== null)
          terminal.out(terminal.json ? jsonText({ ...sum, warnedRows: warned }) : runReviewText(sum, warned, all))
          if (isStop(sum)) onWrong()
        }
      }),
    )
}

export const isStop = ({ warnings }: Pick<SignReview, 'warnings'>) => warnings.some(({ severity }) => severity === 'stop')

function textOf(review: SignReview, all: boolean): string {
  return `${reviewLines(review, { all }).join('\n')}\n`
}

/** What signing the run would sign, for the command that signs it too. */
export async function runReview(opened: OpenPay, runId: string, signal: AbortSignal): Promise<string> {
  const { openReview } = await loadReview()
  const { review, rows } = await openReview(opened, { askLedger: false, signal }).run(runId)
  return runReviewText(
    review,
    rows.filter(({ worst }) => worst !== null),
    false,
  )
}

function runReviewText(review: RunReview, warned: readonly ReviewRow[], all: boolean): string {
  const lines = reviewLines(review, { all })
  if (warned.length === 0) return `${lines.join('\n')}\n`
  const cells = warned.slice(0, MOST_ROWS).map(({ place, nodeId, farmId, farmName, payee, amountUnits, worst, warnings }) => {
    const farm = `${cleanName(farmName)} (${farmId})`.trim()
    const first = `${worst === null ? '' : severityWords[worst]}: ${warnings[0]?.text ?? ''}`
    return [String(place), String(nodeId), farm, payee === '' ? '-' : shortAddress(payee), tftExact(amountUnits), first]
  })
  const more = warned.length > MOST_ROWS ? `${warned.length - MOST_ROWS} more rows are not shown; --json gives them all.\n` : ''
  return `${lines.join('\n')}\n\n${table(['row', 'node', 'farm', 'payee', 'TFT', 'warning'], cells, '')}${more}`
}
