import type { ChainCurveAccount } from '../../../src-shared/chain-curves.ts'
import type { QueryOutput } from '../../../src-shared/contract.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { decimal, PRICE_DECIMALS } from '../../../src-shared/treasury/curve-amounts.ts'
import { table } from './vault-commands.ts'

/** The minting curves of a chain on the command line; amounts in base units, as the chain has them. */
export function curvesText({ network, read, problem }: QueryOutput<'chain.curves'>): string {
  if (read === null) return ''
  const asOf = `Chain of ${network}, block ${read.block} of ${formatUtc(read.blockTs)}`
  const head = problem === null ? `${asOf}\n` : `${problem}\nAs it was read last: ${asOf}\n`
  if (read.pallet === null) return `${head}This chain has no minting curve.\n`
  const price = (value: bigint | null) => (value === null ? 'not known' : decimal((value * 10n ** 12n) / read.precision, PRICE_DECIMALS))
  const units = (value: bigint | null) => (value === null ? 'not known' : String(value))
  const cells = read.curves.map(curve => [
    ...[String(curve.asset), String(curve.foreignAsset), price(curve.price), price(curve.initialPrice)],
    ...[curve.supply, curve.issuance, curve.held].map(units),
  ])
  const columns = ['asset', 'paid in', 'price now', 'first price', 'minted on it', 'issued', 'with the pallet']
  return `${head}${table(columns, cells, 'Nobody has made a curve there yet.')}${read.account ? accountText(read.account) : ''}`
}

function accountText({ address, check, saidPalletId, saidAddress }: ChainCurveAccount): string {
  const said = {
    same: `the same by the id that the chain names, ${cleanName(saidPalletId ?? '')}`,
    differs: `NOT the one of the id that the chain names, ${cleanName(saidPalletId ?? '')}: ${saidAddress}`,
    unsaid: 'the chain names no id to compare with',
  }
  return `Account of the pallet: ${address}\n  ${said[check]}\n`
}
