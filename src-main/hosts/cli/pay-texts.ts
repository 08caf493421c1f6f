import type { QueryOutput } from '../../../src-shared/contract.ts'
import { fixed, tftExact } from '../../../src-shared/money.ts'
import type { RunDetail } from '../../../src-shared/pay-contract.ts'
import {
  assetText,
  rowCount,
  rowStageWords,
  runStageWords,
  runSubject,
  shortageText,
  strayCountText,
} from '../../../src-shared/pay-text.ts'
import { ledgerReadText } from '../../../src-shared/payment.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import { table } from './vault-commands.ts'

/** What `granary pay` prints for people. */

export function configText({ network, config, isKept, problems }: QueryOutput<'pay.config'>): string {
  const { horizon, passphrase, assetCode, issuer, payer, channels, feeStroops, signSec } = config
  const lines = [
    `Payouts of network ${network ?? 'unknown'}${isKept ? '' : ' (not entered yet)'}`,
    `Horizon            ${horizon || '-'}`,
    `Passphrase         ${passphrase || '-'}`,
    `Asset              ${assetCode || '-'} of ${issuer || '-'}`,
    `Paying account     ${payer || '-'}`,
    `Channel accounts   ${channels.join(', ') || 'none: the paying account itself, one transaction into each ledger'}`,
    `Highest fee        ${feeStroops} stroops`,
    `Time for signing   ${formatDuration(signSec)}`,
    ...problems.map(({ message }) => `To do: ${message}`),
  ]
  return `${lines.join('\n')}\n`
}

export function accountsText({ closeTs, accounts, shortages }: QueryOutput<'pay.accounts'>, assetCode: string): string {
  const rows = accounts.map(({ address, role, exists, thresholds, signers, spendableStroops, assetUnits }) => [
    role,
    address,
    exists ? 'there' : 'does not exist',
    spendableStroops === null ? '-' : fixed(spendableStroops, 7),
    assetUnits === null ? '-' : tftExact(assetUnits),
    thresholds ? String(thresholds.med) : '-',
    signers.map(({ key, weight, name }) => `${name === null ? `…${key.slice(-6)}` : cleanName(name)} ${weight}`).join(', ') || '-',
  ])
  const list = table(['role', 'account', 'state', 'XLM to spend', assetCode || 'asset', 'needs', 'signers and weights'], rows, '')
  const short = shortages.map(shortage => `Short: ${shortageText(shortage)}\n`).join('')
  return `\nOn Stellar as of ${formatUtc(closeTs)}\n${list}${short}`
}

export function runsText({ network, runs, configured }: QueryOutput<'pay.runs'>): string {
  if (network === null) return 'No network is known here yet.\n'
  const cells = runs.map(({ runId, period, stage, rows, paid, totalUnits, assetCode, addedTs }) => [
    runId.slice(0, 16),
    runSubject(period),
    runStageWords[stage],
    `${paid} of ${rows}`,
    assetText(totalUnits, assetCode),
    formatUtc(addedTs),
  ])
  const list = table(['run', 'pays', 'state', 'paid', 'amount', 'added'], cells, 'There is no run yet. Plan one: granary pay plan.')
  return configured ? list : `${list}How this network pays is not entered yet: granary pay config.\n`
}

export function runText(run: RunDetail): string {
  const { runId, period, stage, rows, totalUnits, assetCode, payees, payer, paid, paidUnits, counts, next } = run
  const states = Object.entries(counts).flatMap(([state, count]) =>
    count > 0 ? [`${count} ${rowStageWords[state as keyof typeof rowStageWords]}`] : [],
  )
  const signers = run.signers.map(({ address, name, signed, weight, approved }) => [
    name === null ? '-' : cleanName(name),
    address,
    weight === null ? '-' : String(weight),
    `${signed} of ${run.toSign}`,
    approved ? 'yes' : 'no',
  ])
  const lines = [
    `Run ${runId}`,
    `Next: ${next.text}`,
    ...(run.votes === null || run.votes.text === next.text ? [] : [`Votes: ${run.votes.text}`]),
    `Pays ${runSubject(period)}: ${rowCount(rows)}, ${assetText(totalUnits, assetCode)} to ${payees} ${payees === 1 ? 'address' : 'addresses'}, from ${payer}`,
    `State: ${runStageWords[stage]}; ${states.join(', ')}`,
    `Paid: ${paid} of ${rows}, ${assetText(paidUnits, assetCode)}`,
    `Takes some ${formatDuration(run.expectedSec)} over ${run.channels} ${run.channels === 1 ? 'account' : 'accounts'}`,
    ...(run.firstMaxTs === null
      ? []
      : [`Envelopes are good until ${formatUtc(run.firstMaxTs)}, the last until ${formatUtc(run.lastMaxTs!)}`]),
    ...(run.fees === null
      ? []
      : [`${rowCount(run.fees.rows)} to be sent, each for up to ${assetText(BigInt(run.fees.feeStroops), 'XLM')} of fees`]),
    ...(run.needsWeight === null ? [] : [`A payment takes signatures of weight ${run.needsWeight}`]),
    ...run.shortages.map(shortage => `Short as it was planned: ${shortageText(shortage)}`),
    ...run.warnings.map(({ subject, message }) => `Note (${subject}): ${message}`),
    ...run.blocked.map(({ channel, place, why }) => `Waits: channel …${channel.slice(-6)}, row ${place}. ${why}`),
    ...(run.alreadyPaid > 0 ? [`Paid already and not in it: ${run.alreadyPaid}`] : []),
  ]
  const list = signers.length > 0 ? table(['key', 'signer', 'weight', 'envelopes', 'run'], signers, '') : ''
  return `${lines.join('\n')}\n${list}`
}

export function leftOutText({ rows, total }: QueryOutput<'pay.leftOut'>): string {
  if (total === 0) return ''
  const cells = rows.map(({ nodeId, farmId, farmName, address, amountUnits, reason, wayOut }) => [
    String(nodeId),
    `${cleanName(farmName)} (${farmId})`,
    tftExact(amountUnits),
    address || '-',
    `${reason} ${wayOut}`,
  ])
  const more = total > rows.length ? `${total - rows.length} more are not shown.\n` : ''
  return `\nLeft out: ${total}\n${table(['node', 'farm', 'amount', 'address', 'why, and what the farmer must do'], cells, '')}${more}`
}

export function straysText(found: QueryOutput<'pay.strays'>): string {
  if (found === null) return 'The payer’s history was not looked through yet: granary pay unknown.\n'
  const { readTs, ledger, payments } = found
  const blocks = payments.map(({ tx, ts, payee, amountUnits, asset, memo, operation, why }) =>
    [
      `${formatUtc(ts)}  ${amountUnits === null ? operation : `${assetText(amountUnits, cleanName(asset))} to ${payee}`}`,
      `  transaction ${tx}`,
      `  memo ${memo ?? 'none that is a hash'}`,
      `  ${why}`,
    ].join('\n'),
  )
  return [`${strayCountText(payments.length)} As of ${formatUtc(readTs)}.`, ...ledgerReadText(ledger), ...blocks].join('\n').concat('\n')
}

export function rowsText({ rows, total }: QueryOutput<'pay.rows'>): string {
  const cells = rows.map(({ place, kind, nodeId, farmId, farmName, payee, amountUnits, stage, tx, paidTs }) => [
    String(place),
    kind,
    String(nodeId),
    `${cleanName(farmName)} (${farmId})`,
    payee,
    tftExact(amountUnits),
    rowStageWords[stage],
    paidTs === null ? '-' : formatUtc(paidTs),
    tx ?? '-',
  ])
  const list = table(['row', 'kind', 'node', 'farm', 'address', 'amount', 'state', 'paid', 'transaction'], cells, 'No row is like that.')
  return total > rows.length ? `${list}${total - rows.length} more are not shown; --csv writes them all.\n` : list
}
