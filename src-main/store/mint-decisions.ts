import { z } from 'zod'
import { AppError } from '../../src-shared/errors.ts'
import { bigintText } from '../../src-shared/mint.ts'
import { type MintDecision, mintDecisionSchema, mintOutcomeSchema, violationSchema } from '../../src-shared/node-period.ts'
import type { LightMintRow } from './node-mints.ts'
import type { Store } from './open.ts'
import type { MintDecisionsTable } from './schema.ts'
import { books, row, rows } from './sql.ts'

const keptMintSchema = z.object({
  farmId: z.number(),
  farmName: z.string(),
  farmTwinId: z.number().nullable(),
  closedTs: z.number(),
  uptimeSec: z.number(),
  violation: violationSchema.nullable(),
  outcome: mintOutcomeSchema,
  rewardUnits: bigintText,
  carbonUnits: bigintText,
})
/** What is kept of a mint with its decision, for when the data doesn't give the mint any more: what lists show of it. */
export type KeptMint = z.infer<typeof keptMintSchema>

export function keptOf(mint: LightMintRow): KeptMint {
  const { farmId, farmName, farmTwinId, closedTs, uptimeSec, violation, outcome, rewardUnits, carbonUnits } = mint
  return { farmId, farmName, farmTwinId, closedTs, uptimeSec, violation, outcome, rewardUnits, carbonUnits }
}

/** As a row has it. Rows of before it was kept have no `mint`. */
const rowSchema = mintDecisionSchema.extend({ mint: keptMintSchema.optional() })

/** What was decided about one mint of a network. The mint is named by node and start, so that it stays when its record changes. */
export interface StoredDecision {
  nodeId: number
  /** the mint's own period began then; seconds */
  startTs: number
  /** the record's hash that the decision was about, hex */
  mintId: string
  decision: MintDecision
  /** the mint as it was then; absent: it was decided before that was kept */
  kept?: KeptMint | undefined
  /** seconds */
  changedTs: number
}

/** All decisions of a network, by node and start. Throws AppError store.corrupt. */
export function loadDecisions(store: Store, network: string): StoredDecision[] {
  const query = books.selectFrom('mint_decisions').selectAll().where('network', '=', network)
  return rows(store.books, query.orderBy('node_id').orderBy('start_ts')).map(toDecision)
}

/** The decision on one mint; undefined where there is none. Throws AppError store.corrupt. */
export function loadDecision(store: Store, network: string, nodeId: number, startTs: number): StoredDecision | undefined {
  const query = books.selectFrom('mint_decisions').selectAll().where('network', '=', network).where('node_id', '=', nodeId)
  const found = row(store.books, query.where('start_ts', '=', startTs))
  return found && toDecision(found)
}

/** Puts a decision in the place of the one before; whoever calls it holds the transaction (runCommand does). */
export function saveDecision(store: Store, network: string, decided: Omit<StoredDecision, 'changedTs'>): void {
  saveDecisions(store, network, [decided])
}

/** The same for many: a whole grid's are triggered at once. */
export function saveDecisions(store: Store, network: string, list: readonly Omit<StoredDecision, 'changedTs'>[]): void {
  const insert = store.books.prepare(
    `INSERT INTO mint_decisions (network, node_id, start_ts, mint_id, decision, changed_ts) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (network, node_id, start_ts) DO UPDATE SET mint_id = excluded.mint_id, decision = excluded.decision, changed_ts = excluded.changed_ts`,
  )
  const changedTs = store.now()
  for (const { nodeId, startTs, mintId, decision, kept } of list) {
    const text = JSON.stringify(z.encode(rowSchema, kept ? { ...decision, mint: kept } : decision))
    insert.run(network, nodeId, startTs, mintId, text, changedTs)
  }
}

function toDecision(found: MintDecisionsTable): StoredDecision {
  const { network, node_id: nodeId, start_ts: startTs, mint_id: mintId, changed_ts: changedTs } = found
  const { mint, ...decision } = readDecision(found.decision, network, nodeId)
  return { nodeId, startTs, mintId, decision, ...(mint && { kept: mint }), changedTs }
}

/** A decision that can't be read is never taken for none: somebody may have been paid by it. */
function readDecision(text: string, network: string, nodeId: number): z.infer<typeof rowSchema> {
  try {
    return rowSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError(
      'store.corrupt',
      `The decision on a mint of node ${nodeId} (network "${network}") in books.db can't be read. Nothing was changed. Put a copy of the books from the folder "backups" in its place.`,
      { cause, details: { network, nodeId } },
    )
  }
}
