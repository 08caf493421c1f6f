/**
 * What an endpoint does wrong, on request. Shares run from 0 to 1 and are met exactly, in turn (a share of 0.25 is every fourth request),
 * so that a test gets the same each time. Blocks are heights. Everything left out is right.
 */
export interface Faults {
  /** every answer comes so much later */
  latencyMs?: number
  /** of all answers, a share comes so much later still */
  slow?: { share: number; ms: number }
  /** the connection is cut after so many requests on it */
  dropEvery?: number
  /** of all requests, a share is never answered */
  stallShare?: number
  /** of all requests, a share is answered with null */
  nullShare?: number
  /** this block claims another parent, in its header and in its state */
  lieAboutParent?: number
  /** this block's events are told without those of the grid */
  wrongEvents?: number
  /** the payout address of this farm is told with another last letter */
  wrongPayout?: number
  /** the connection price, milli-USD per TFT, is told as this */
  wrongPrice?: number
  /** this block's first event has an index that no pallet has */
  undecodable?: number
  /** state of blocks below this one is thrown away */
  prunedBelow?: number
  /** an answer of more characters than this is refused; a node's own limit is 15 MB */
  tooBigChars?: number
  /** of so many next submissions the extrinsic is taken, and the connection cut before the answer; counted down */
  loseSubmits?: number
  /** of so many next submissions nothing is taken, and the connection cut; counted down */
  dropSubmits?: number
  /** `chain_getBlockHash` takes one number only, and several requests in one message are refused */
  refuseLists?: boolean
}

export const NODE_ANSWER_LIMIT = 15 * 1024 * 1024

/** Says of one request after the other whether it belongs to the share. */
export function createShare(): (share: number | undefined) => boolean {
  let owed = 0
  return share => {
    if (!share) return false
    owed += share
    if (owed < 1 - 1e-9) return false
    owed -= 1
    return true
  }
}
