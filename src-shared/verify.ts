import { z } from 'zod'
import { group } from './money.ts'
import { cleanName } from './text.ts'
import { formatUtc } from './time.ts'

/*
 * What a recomputation rests on: a verification, a comparison and a vote say it. Nothing here is proven by the chain itself: whoever
 * signs on it must see whose word it is.
 */

/**
 * The endpoints that told a period's snapshots alike, all of each, without paths: nodes, contracts and prices at its start; farms, twins,
 * policies and payout addresses at its end. Empty: it came in pieces, or it is not known from whom.
 */
export const snapshotWordsSchema = z.object({ start: z.array(z.string()), end: z.array(z.string()) })
export type SnapshotWords = z.infer<typeof snapshotWordsSchema>

/** How a period's blocks were read from chain nodes. */
export const askedSchema = z.object({
  /** those that gave blocks, without paths, in order of their addresses */
  endpoints: z.array(z.string()),
  /** blocks that were read, and those of them whose events a second, independent endpoint gave alike */
  readBlocks: z.number(),
  comparedBlocks: z.number(),
  /** absent: read before Granary kept that */
  snapshots: snapshotWordsSchema.optional(),
})
export type Asked = z.infer<typeof askedSchema>

export const basisSchema = z.object({
  network: z.string(),
  /** hash of block 0; null where only archives are known */
  genesis: z.string().nullable(),
  /** the fixed period */
  period: z.number(),
  /** SHA-256 over the snapshots and events that were computed with, hex */
  digest: z.string(),
  /** first and last block that is known of the period, with the 27 h after it */
  blocks: z.object({ first: z.number(), last: z.number() }),
  /** the 27 h after the period are there too */
  complete: z.boolean(),
  /** every node of the grid, or only those that are followed */
  wholeGrid: z.boolean(),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('archive'), name: z.string(), importedTs: z.number() }),
    z.object({ kind: z.literal('chain'), ...askedSchema.shape }),
  ]),
  /** Granary checks none: what an endpoint says of the state is taken as it is */
  storageProofs: z.literal(false),
})
export type Basis = z.infer<typeof basisSchema>

/** An endpoint as it may be told to others: without the path, which can hold the key to an account. */
export function endpointName(url: string): string {
  const parts = URL.parse(url)
  return parts ? `${parts.protocol}//${parts.host}` : url
}

const HERE = new Set(['127.0.0.1', 'localhost', '[::1]'])

function operatorOf(url: string): string {
  const parts = URL.parse(url)
  if (!parts) return url
  return HERE.has(parts.hostname) ? `here:${parts.port}` : parts.hostname
}

/** Whether two endpoints are run apart, as far as their addresses tell: other hosts, or on this machine other ports. */
export function areIndependent(a: string, b: string): boolean {
  return operatorOf(a) !== operatorOf(b)
}

/** How many of the endpoints are independent of each other. */
export function countIndependent(endpoints: readonly string[]): number {
  return new Set(endpoints.map(operatorOf)).size
}

/** Why a result rests on one word only, so that signing on it takes an extra confirmation; null: it rests on more than one. */
export function singleWord({ source }: Basis): string | null {
  if (source.kind === 'archive')
    return `everything comes from the one file ${cleanName(source.name)}, and nobody else was asked whether it is what the chain says`
  if (countIndependent(source.endpoints) < 2)
    return source.endpoints.length === 1
      ? `everything comes from the one endpoint ${source.endpoints[0]}`
      : 'no two independent endpoints are known to have been asked'
  if (source.comparedBlocks === 0) return 'no block was compared between independent endpoints'
  const { start, end } = source.snapshots ?? { start: [], end: [] }
  if (countIndependent(end) < 2) return `farms, policies and payout addresses at the end ${onWord(end)}`
  return countIndependent(start) < 2 ? `nodes, contracts and prices at the start ${onWord(start)}` : null
}

function onWord([only]: readonly string[]): string {
  return only === undefined ? 'were not compared between endpoints' : `rest on the word of ${only}`
}

/** A sentence: who told a snapshot alike, or on whose one word it rests. */
function snapshotText(what: string, told: readonly string[]): string {
  return countIndependent(told) < 2 ? `${what} ${onWord(told)}.` : `${what} were told alike by ${told.join(' and ')}.`
}

/** `12.3 %` of the blocks, cut, so that only all of them are 100 %. */
function share(part: number, whole: number): string {
  const permille = whole === 0 ? 0 : Math.floor((part * 1000) / whole)
  return `${Math.floor(permille / 10)}.${permille % 10} %`
}

const count = (n: number, word: string) => `${group(String(n))} ${word}${n === 1 ? '' : 's'}`

/** What a result rests on, a sentence each: the same on screen and on the command line. */
export function basisText(basis: Basis): string[] {
  const { source, digest, network, period, blocks, genesis } = basis
  const lines = [
    `Period ${period} of network ${network}${genesis === null ? '' : ` (genesis ${genesis})`}, blocks ${group(String(blocks.first))} to ${group(String(blocks.last))}, facts ${digest}.`,
  ]
  if (source.kind === 'archive')
    lines.push(
      `Rests on the grid archive ${cleanName(source.name)}, imported ${formatUtc(source.importedTs)}: no chain node was asked whether it is right.`,
    )
  else {
    const { endpoints, readBlocks, comparedBlocks } = source
    lines.push(
      endpoints.length === 0
        ? 'Which endpoints were asked is not known.'
        : `Rests on ${count(endpoints.length, 'endpoint')}: ${endpoints.join(', ')}.`,
    )
    lines.push(
      `The events of ${group(String(comparedBlocks))} of ${count(readBlocks, 'block')} (${share(comparedBlocks, readBlocks)}) were compared between independent endpoints.`,
    )
    const untold = blocks.last - blocks.first + 1 - readBlocks
    if (untold > 0) lines.push(`Of ${count(untold, 'more block')} it is not known who was asked: they were read before Granary kept that.`)
    const { start, end } = source.snapshots ?? { start: [], end: [] }
    lines.push(snapshotText('Nodes, contracts and prices at the start', start))
    lines.push(snapshotText('Farms, policies and payout addresses at the end', end))
  }
  lines.push('No storage proofs were checked.')
  if (!basis.wholeGrid) lines.push('Only some farms and nodes are followed; of others nothing is known here.')
  if (!basis.complete) lines.push('Not all blocks of the period and the 27 h after it are known, so figures may still change.')
  return lines
}
