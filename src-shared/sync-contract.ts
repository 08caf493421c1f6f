import { z } from 'zod'
import { none, page } from './contract-parts.ts'
import {
  doctorReportSchema,
  endpointSchema,
  foundFarmSchema,
  liveNodeSchema,
  networkNameSchema,
  networkSchema,
  scopeSchema,
  syncConfigSchema,
  syncEstimateSchema,
  syncStateSchema,
} from './sync.ts'

/** Part of the contract (contract.ts): following a chain, its networks and endpoints, and the doctor's look at store and chain. */

export const syncQueries = {
  'networks.list': { in: none, out: z.array(networkSchema) },
  'sync.get': { in: none, out: syncStateSchema },
  /** asks the network what a sync would cost; takes seconds */
  'sync.estimate': {
    in: z.object({ network: networkNameSchema, scope: scopeSchema, periods: syncConfigSchema.shape.periods }),
    out: syncEstimateSchema,
  },
  /** farms by id, part of the name, payout address, or one of their nodes' ids, as the chain has them now; takes seconds */
  'sync.find': {
    in: z.object({ network: networkNameSchema, text: z.string().trim().min(1).max(100) }),
    out: z.object({ farms: z.array(foundFarmSchema), total: z.number() }),
  },
  /** the followed nodes as of the finalized head; `asOf` null: not known yet */
  'live.list': {
    in: z.object({ ...page }),
    out: z.object({ asOf: z.object({ n: z.number(), ts: z.number() }).nullable(), rows: z.array(liveNodeSchema), total: z.number() }),
  },
  /** what the last examination found; null: there was none yet */
  'doctor.get': { in: none, out: doctorReportSchema.nullable() },
} as const

export const syncCommands = {
  /** says what to follow; begins it unless it is paused */
  'sync.configure': { in: syncConfigSchema, out: none },
  'sync.start': { in: none, out: none },
  'sync.pause': { in: none, out: none },
  /** in the demo: starts a small made-up chain on this machine and follows it live, so that the sync can be seen at work */
  'demo.follow': { in: none, out: none },
  /** examines store, books and chain in the background; answers at once with the job */
  'doctor.start': { in: none, out: z.object({ jobId: z.string() }) },
  /** connects first: an endpoint of another network, or one that does not answer, is refused. A name that is new makes a network, pinned to its genesis */
  'network.addEndpoint': {
    in: z.object({ network: networkNameSchema, url: endpointSchema }),
    out: z.object({ genesis: z.string(), specVersion: z.number(), archive: z.boolean() }),
  },
  /** only endpoints that the user added; the last one of a user's own network removes it */
  'network.removeEndpoint': { in: z.object({ network: networkNameSchema, url: z.string().max(300) }), out: none },
} as const
