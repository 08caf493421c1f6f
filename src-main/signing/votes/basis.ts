import { createHash } from 'node:crypto'
import { z } from 'zod'
import { networkNameSchema } from '../../../src-shared/sync.ts'
import { type Basis, basisSchema, snapshotWordsSchema } from '../../../src-shared/verify.ts'

/*
 * What a vote rests on travels beside it, and its hash stands in the signed statement: nobody can put another one in its place, and a QR
 * picture need not hold it.
 */

const figure = z.number().int().min(0)
const endpoints = z.array(z.string().regex(/^wss?:\/\/[\x21-\x7e]{1,200}$/)).max(100)

/** A basis from another machine: shown to people, so nothing in it may be more than it says. */
const foreignSchema = basisSchema.extend({
  network: networkNameSchema,
  genesis: z
    .string()
    .regex(/^(0x)?[0-9a-f]{64}$/)
    .nullable(),
  period: figure,
  digest: z.string().regex(/^[0-9a-f]{0,64}$/),
  blocks: z.object({ first: figure, last: figure }),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('archive'), name: z.string().max(500), importedTs: figure }),
    z.object({
      kind: z.literal('chain'),
      endpoints,
      readBlocks: figure,
      comparedBlocks: figure,
      snapshots: snapshotWordsSchema.extend({ start: endpoints, end: endpoints }).optional(),
    }),
  ]),
})

/** SHA-256, hex, over a JSON list of the members in this fixed order; version 1 knew nothing of who told the snapshots. */
export function basisHash(basis: Basis): string {
  const { network, genesis, period, digest, blocks, complete, wholeGrid, source, storageProofs } = basis
  const from =
    source.kind === 'archive'
      ? [source.kind, source.name, source.importedTs]
      : [source.kind, source.endpoints, source.readBlocks, source.comparedBlocks]
  const snapshots = source.kind === 'chain' ? source.snapshots : undefined
  const members = [
    'granary basis',
    snapshots ? 2 : 1,
    network,
    genesis,
    period,
    digest,
    blocks.first,
    blocks.last,
    complete,
    wholeGrid,
    from,
    storageProofs,
    ...(snapshots ? [snapshots.start, snapshots.end] : []),
  ]
  return createHash('sha256').update(JSON.stringify(members)).digest('hex')
}

/** A basis as a line of a votes' file. */
export function basisLine(basis: Basis): string {
  return JSON.stringify({ basis })
}

/** The basis in such a line; null where it is none. Never throws. */
export function readBasisLine(line: string): Basis | null {
  try {
    const parsed = z.object({ basis: foreignSchema }).safeParse(JSON.parse(line))
    return parsed.success ? parsed.data.basis : null
  } catch {
    return null
  }
}
