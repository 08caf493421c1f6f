import { group, tftExact } from '../../../src-shared/money.ts'
import { ledgerReadText } from '../../../src-shared/payment.ts'
import { type AuditedReceipt, type ReceiptAudit, receiptChecks } from '../../../src-shared/receipt-audit.ts'
import {
  auditVerdict,
  checkLines,
  checkTitles,
  checkWords,
  otherReasons,
  receiptName,
  recordsText,
  verdictWords,
} from '../../../src-shared/receipt-audit-text.ts'
import { type Seal, sealText } from '../../../src-shared/sealed.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { basisText } from '../../../src-shared/verify.ts'

/** The report as a page to be printed: one file, no script, nothing that is fetched. */
export function reportHtml(audit: ReceiptAudit, seal: Seal): string {
  const { head, receipts, records, bases, ledger, sums } = audit
  const title = `Audit of ${head.subjects.map(cleanName).join(', ')}`
  const grounds = [...bases.flatMap(basisText), ...(ledger ? ledgerReadText(ledger) : [])]
  const state = seal.signer === null ? ('unsigned' as const) : ('signed' as const)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>Made ${formatUtc(head.madeTs)} by Granary ${escaped(head.madeBy)}, network ${escaped(cleanName(head.network ?? 'not known'))}, resources ${head.resources}.</p>
<p class="verdict">${escaped(auditVerdict(sums))}</p>
${list(checkLines(sums))}
<p>Together ${group(tftExact(sums.units))} TFT, of which ${group(tftExact(sums.paidUnits))} were found paid rightly.</p>
${records.length === 0 ? '' : `<h2>Books and chain data</h2>\n${records.map(found => `<p>${escaped(recordsText(found))}</p>${list(found.wrong.map(({ name, why }) => `${name}: ${why}`))}`).join('\n')}`}
<h2>Receipts</h2>
<table>
<thead><tr><th>Verdict</th><th>Receipt</th><th class="n">TFT</th>${receiptChecks.map(name => `<th>${escaped(checkTitles[name])}</th>`).join('')}</tr></thead>
<tbody>
${receipts.map(row).join('\n')}
</tbody>
</table>
${notes(receipts)}
<h2>What this rests on</h2>
${list(grounds.length === 0 ? ['Nothing was recomputed.'] : grounds)}
<h2>Seal</h2>
<p>${escaped(sealText({ state, signer: seal.signer, ts: seal.ts, altered: [], why: '' }))} The report file of this page has the hash ${seal.digest}; only that file can be verified (granary verify FILE), this page shows what it says.</p>
</body>
</html>
`
}

const STYLE = `
body { font: 10pt/1.4 system-ui, sans-serif; color: #111; background: #fff; margin: 2em auto; max-width: 70em; padding: 0 1em; }
h1 { font-size: 16pt; } h2 { font-size: 12pt; margin-top: 1.6em; }
.verdict { font-weight: 600; font-size: 12pt; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 3px 6px; border-bottom: 1px solid #bbb; }
thead { display: table-header-group; } tr { break-inside: avoid; }
.n { text-align: right; } .fails { font-weight: 700; }
code { font: 8pt ui-monospace, monospace; overflow-wrap: anywhere; }
@page { margin: 15mm; }
`

function row(receipt: AuditedReceipt): string {
  const { verdict, hash, units, checks } = receipt
  const cells = checks.map(({ state }) => `<td class="${state}">${checkWords[state]}</td>`).join('')
  const amount = units === null ? '' : group(tftExact(units))
  return `<tr><td class="${verdict}">${verdictWords[verdict]}</td><td>${escaped(receiptName(receipt))}<br><code>${escaped(hash)}</code></td><td class="n">${amount}</td>${cells}</tr>`
}

/** What is wrong, receipt by receipt; and why things were not checked, each reason once. */
function notes(receipts: readonly AuditedReceipt[]): string {
  const wrong = receipts
    .filter(({ verdict }) => verdict === 'fails')
    .map(receipt => {
      const lines = [
        ...receipt.checks.filter(({ state }) => state === 'fails').map(({ name, why }) => `${checkTitles[name]}: ${why}`),
        ...receipt.differences.map(
          ({ member, is, should, by }) => `${member} is ${is ?? 'none'}, should be ${should ?? 'none'}${by === null ? '' : ` (${by})`}`,
        ),
        ...otherReasons(receipt),
      ]
      return `<h3>${escaped(receiptName(receipt))} (${escaped(cleanName(receipt.where))})</h3>${list([...new Set(lines)])}`
    })
  const unchecked = new Map<string, number>()
  for (const { checks } of receipts)
    for (const { name, state, why } of checks)
      if (state === 'not-checked') unchecked.set(`${checkTitles[name]}: ${why}`, (unchecked.get(`${checkTitles[name]}: ${why}`) ?? 0) + 1)
  const reasons = [...unchecked].map(([reason, times]) => `${reason} (${group(String(times))})`)
  return [
    ...(wrong.length === 0 ? [] : ['<h2>What is wrong</h2>', ...wrong]),
    ...(reasons.length === 0 ? [] : ['<h2>What was not checked, and why</h2>', list(reasons)]),
  ].join('\n')
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<ul>${lines.map(line => `<li>${escaped(cleanName(line))}</li>`).join('')}</ul>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`)
}
