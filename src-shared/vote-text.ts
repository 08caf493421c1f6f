import { group, tftExact } from './money.ts'
import { cleanName } from './text.ts'
import { formatUtc, PERIOD_SEC, periodAt } from './time.ts'
import type { VoteChoice, VoteImport, VoteOptions, VoteStatement, VoteSubject } from './votes-contract.ts'

/* What screens and the command line say about votes, in the same words. */

/** `period 80`, `mint of node 17 from 2024-11-30 12:56:40 UTC` */
export function subjectText(subject: VoteSubject): string {
  if (subject.rules === 'v3') return `period ${subject.period}`
  const again = subject.attempt === 1 ? '' : `, attempt ${subject.attempt}`
  return `mint of node ${subject.nodeId} from ${formatUtc(subject.start)}${again}`
}

export function optionsText(options: VoteOptions): string {
  if (options.rules === 'v3') return options.resources === 'latest' ? 'resources of the last update' : "the period's least resources"
  const first = options.firstNodePeriod === null ? 'no change-over' : `counts from period ${options.firstNodePeriod} on`
  return `${options.carbon ? 'with' : 'without'} carbon offset, ${first}`
}

/** `1,234.5000000 TFT` */
export function amountText(units: bigint): string {
  return `${group(tftExact(units))} TFT`
}

/** `1,234.5000000 TFT by plan 4f2ac1…` */
export function choiceText({ amountUnits, planHash }: Pick<VoteChoice, 'amountUnits' | 'planHash'>): string {
  return `${amountText(amountUnits)} by plan ${planHash.slice(0, 16)}…`
}

/** Every field of a statement, in the order of its bytes. */
export function voteFields(
  statement: VoteStatement,
  { network, signerName, threshold, signers }: { network: string; signerName: string; threshold: number; signers: number },
): { name: string; value: string }[] {
  const { genesis, signersHash, subject, options, planHash, amountUnits, basisHash, castTs, signer } = statement
  const isPeriod = subject.rules === 'v3'
  const start = isPeriod ? periodAt(subject.period).start : subject.start
  return [
    { name: 'Network', value: `${cleanName(network)}, genesis 0x${genesis}` },
    { name: 'Signers', value: `${threshold} of ${signers}, 0x${signersHash}` },
    { name: 'Rule set', value: `${subject.rules}, ${optionsText(options)}` },
    { name: isPeriod ? 'Period' : 'Mint', value: `${subjectText(subject)}, until ${formatUtc(start + PERIOD_SEC)}` },
    { name: isPeriod ? 'Plan (SHA-256 of payouts.csv)' : "Plan (the mint's id)", value: planHash },
    { name: 'Amount', value: amountText(amountUnits) },
    { name: 'Cast', value: formatUtc(castTs) },
    { name: 'Rests on (hash)', value: basisHash ?? 'nothing was said' },
    { name: 'Signer', value: `${cleanName(signerName)}, ${signer.kind} 0x${signer.publicKey}` },
  ]
}

/** What an import did, a sentence. */
export function importText({ added, unchanged, refused }: VoteImport): string {
  const votes = (n: number) => `${group(String(n))} ${n === 1 ? 'vote' : 'votes'}`
  const there = unchanged === 0 ? '' : ` ${votes(unchanged)} ${unchanged === 1 ? 'was' : 'were'} there already or followed by a later one.`
  return `${votes(added)} taken.${there}${refused.length === 0 ? '' : ` ${group(String(refused.length))} refused.`}`
}
