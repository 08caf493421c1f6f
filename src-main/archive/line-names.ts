import { namesOf } from './json-basics.ts'

/** The members that a line can have, whatever its kind. The first four are a block's. */
export const lineNames = namesOf(
  'kind',
  'n',
  'ts',
  'events',
  'at',
  'block',
  'format',
  'version',
  'network',
  'period',
  'blocks',
  'nodes',
  'contracts',
  'power',
  'connectionPrice',
  'farms',
  'farmingPolicies',
  'nodeStates',
  'twins',
  'payoutAddresses',
)
export const KIND = 0
export const N = 1
export const TS = 2
export const EVENTS = 3
/** Bits of a block's four members. */
export const BLOCK_MEMBERS = 0b1111
