import { toAppError } from '../../../src-shared/errors.ts'
import type { Explanation } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { isPaymentWrong, paymentText } from '../../../src-shared/payment.ts'
import type { SealedCheck } from '../../../src-shared/sealed-check.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { type Basis, singleWord } from '../../../src-shared/verify.ts'
import { readEnvelope } from '../../clients/stellar/envelope.ts'
import { isBy } from '../../clients/stellar/signatures.ts'
import type { Statement } from '../../engines/compare/proposal.ts'
import { loadBlocks } from '../../store/chain.ts'
import type { Store } from '../../store/index.ts'
import type { StoredPeriod } from '../../store/periods.ts'
import { derivationLine } from './bundle.ts'
import { ARCHIVE_HEAD, type BundlePayments, PREAMBLE } from './bundle-form.ts'
import { bytesOfBase64 } from './read-text.ts'

/* What an evidence bundle is looked at for, whatever rule set it is of. */

export type Check = SealedCheck['checks'][number]
type Rules = keyof typeof PREAMBLE

export const right = (name: string, why = ''): Check => ({ name, state: 'right', why })
export const fails = (name: string, why: string): Check => ({ name, state: 'fails', why })
export const unknown = (name: string, why: string): Check => ({ name, state: 'not-checked', why })

/** What stands in a line, as far as it can be read: `block 1000007 (NodeUptimeReported)`. */
export function nameOfLine(lines: readonly string[], number: number, rules: Rules): string {
  const line = lines[number - 1]
  const fixed = [...PREAMBLE[rules], ...ARCHIVE_HEAD][number - 1]
  if (line === undefined) return `line ${number}, which is missing`
  if (fixed !== undefined) return `line ${number}, ${fixed}`
  const block = /"n":(\d{1,12})/.exec(line)?.[1]
  const events = [...line.matchAll(/\["\w{1,40}\.(\w{1,60})"/g)].map(([, event]) => event)
  return `line ${number}, block ${block ?? 'whose number can’t be read'}${events.length === 0 ? '' : ` (${events.join(', ')})`}`
}

export function bytesCheck({ formProblem }: Statement): Check {
  return formProblem === null
    ? right('receipt’s bytes')
    : fails('receipt’s bytes', `They leave the one form that they must have at ${formProblem}.`)
}

export function hashCheck({ trueHash }: Statement, said: string): Check {
  return said === trueHash ? right('hash') : fails('hash', `The bundle says ${said}, the bytes give ${trueHash}.`)
}

/** Holds what the bundle's own events give against what it says; `compute` gives null where they know no such node. */
export function recomputeChecks(statement: Statement, nodeId: number, derivation: string, compute: () => Explanation | null): Check[] {
  const names = ['recomputed from its events', 'derivation']
  try {
    const own = compute()
    if (!own) return [fails(names[0]!, `Its events give node ${nodeId} nothing of the kind.`), unknown(names[1]!, 'Nothing was computed.')]
    const isSame = own.receipt === statement.text
    const receipt = isSame
      ? right(names[0]!, `${tftExact(own.rewardUnits)} TFT, to the byte.`)
      : fails(
          names[0]!,
          `Its events give receipt ${own.hash} over ${tftExact(own.rewardUnits)} TFT, it says ${tftExact(statement.units)} TFT.`,
        )
    const isDerived = derivationLine(own) === derivation
    return [receipt, isDerived ? right(names[1]!) : fails(names[1]!, 'It is not the derivation that its events give.')]
  } catch (error) {
    const { message } = toAppError(error)
    return [fails(names[0]!, message), unknown(names[1]!, 'Nothing was computed.')]
  }
}

/** What a payment must be. `address` null: the receipt does not say to whom. */
export interface PaymentDue {
  hash: string
  units: bigint
  address: string | null
}

/** The payments in it, by their own bytes; that the ledger took them, only Stellar says. */
export function paymentCheck({ hash, units, address }: PaymentDue, { found, checkedTs, runs }: BundlePayments): Check {
  const name = 'payment'
  let payee = ''
  for (const { tx, envelope, passphrase, payer, assetCode, issuer, signatures } of runs) {
    try {
      const facts = readEnvelope(envelope, passphrase)
      const [payment] = facts.payments
      if (facts.hash !== tx || !bytesOfBase64(envelope)) return fails(name, `The bytes of transaction ${tx} give the hash ${facts.hash}.`)
      const isRight =
        facts.payments.length === 1 &&
        facts.otherOperations.length === 0 &&
        payment?.from === payer &&
        (address === null || payment.to === address) &&
        payment.amountUnits === units &&
        payment.asset?.code === assetCode &&
        payment.asset.issuer === issuer &&
        facts.memoHash === hash
      if (!isRight) return fails(name, `Transaction ${tx} pays something else than the receipt says.`)
      const forged = signatures.find(({ signer, signature }) => !isSignature(signer, tx, signature))
      if (forged) return fails(name, `The signature of ${forged.signer} does not fit transaction ${tx}.`)
      payee ||= payment.to
    } catch (error) {
      return fails(name, `Transaction ${tx} can’t be read: ${toAppError(error).message}`)
    }
  }
  const said = found === null ? '' : `As Stellar said${checkedTs === null ? '' : ` ${formatUtc(checkedTs)}`}: ${paymentText(found)}. `
  if (found !== null && isPaymentWrong(found)) return fails(name, said)
  const [run] = runs
  const whom = address === null ? ` to ${payee}` : ''
  if (run)
    return unknown(
      name,
      `${said}Transaction ${run.tx} pays just this${whom}, by its own bytes; that the ledger holds it, and once, ask Stellar.`,
    )
  return unknown(name, said === '' ? 'No payment is in the bundle.' : `${said}Ask Stellar whether that is so.`)
}

function isSignature(signer: string, tx: string, signature: string): boolean {
  const bytes = bytesOfBase64(signature)
  return bytes?.length === 64 && isBy(signer, Buffer.from(tx, 'hex'), bytes)
}

/** Of several bases the one that rests on least speaks. */
export function basisCheck(bases: readonly Basis[]): Check {
  const name = 'where its events come from'
  for (const { source } of bases)
    if (source.kind === 'archive') return unknown(name, `From the file ${source.name}, says its maker; no chain node was asked.`)
  const word = bases.map(singleWord).find(found => found !== null)
  return unknown(name, `From the chain, says its maker${word === undefined ? '' : `, though ${word}`}. Sync the period to know.`)
}

export function hashesCheck(store: Store | null, pairs: readonly (readonly [number, string])[], archive: readonly string[]): Check {
  const name = 'block hashes'
  const blocks = archive.length - ARCHIVE_HEAD.length
  const said = `${pairs.length} of the ${blocks} blocks with events have their hash in it`
  const [first, last] = [pairs[0], pairs.at(-1)]
  if (!first || !last) return unknown(name, `${said}.`)
  const known = new Map((store ? loadBlocks(store, first[0], last[0]) : []).map(({ n, hash }) => [n, hash]))
  const other = pairs.find(([n, hash]) => known.has(n) && known.get(n) !== hash)
  if (other) return fails(name, `Block ${other[0]} has another hash in your store: ${known.get(other[0])}, not ${other[1]}.`)
  const same = pairs.filter(([n]) => known.has(n)).length
  return same === pairs.length
    ? right(name, `${said}, and your store has the same.`)
    : unknown(name, `${said}; ${same} of them are known here, and the same.`)
}

export const OWN_STORE = 'against your own store'

const NOT_FOLLOWED = 'Only some farms or nodes are followed here, and this one is not among them.'

/** With a store that has the same, the events must be those that it has. `own`: its lines, AppError not-found where it knows nothing of the kind. */
export async function eventsCheck(
  rules: Rules,
  archive: readonly string[],
  { origin, scope }: Pick<StoredPeriod, 'origin' | 'scope'>,
  own: () => Promise<readonly string[]>,
): Promise<Check> {
  try {
    const lines = await own()
    if (scope !== null && lines.length <= ARCHIVE_HEAD.length) return unknown(OWN_STORE, NOT_FOLLOWED)
    const at = Array.from({ length: Math.max(lines.length, archive.length) }, (_, i) => i).find(i => lines[i] !== archive[i])
    if (at === undefined)
      return right(
        OWN_STORE,
        `Every event and state of the node is as stored here (from ${origin === 'sync' ? 'the chain' : 'an archive'}).`,
      )
    const [mine, theirs] = [lines[at], archive[at]]
    const before: string[] = PREAMBLE[rules].map(() => '')
    const line = nameOfLine([...before, ...(mine === undefined ? archive : lines)], at + before.length + 1, rules)
    const how =
      theirs === undefined ? 'only your store has it' : mine === undefined ? 'only the bundle has it' : 'your store has something else'
    return fails(OWN_STORE, `${line}: ${how}.`)
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code !== 'not-found') return unknown(OWN_STORE, message)
    return scope === null ? fails(OWN_STORE, message) : unknown(OWN_STORE, NOT_FOLLOWED)
  }
}
