import type { CurveProfile } from '../../../src-shared/treasury/curve.ts'

/** All of it adds up to what is minted. */
export interface Split {
  /** what the buyer gets */
  userUnits: bigint
  /** the buyer's share where it is burned */
  burntUnits: bigint
  zapUnits: bigint
  treasuryUnits: bigint
}

const SHARE_PPM = 333_333n

/** A share is `floor(minted*333333/1e6)` (tokenomics.md, Token minting curve); what that leaves is the zap manager's. */
export function splitMint(mintedUnits: bigint, profile: CurveProfile): Split {
  const share = (mintedUnits * SHARE_PPM) / 1_000_000n
  const treasuryUnits = profile === 'standard' ? 0n : share
  const isBurnt = profile === 'thirds-burnt'
  return {
    userUnits: isBurnt ? 0n : share,
    burntUnits: isBurnt ? share : 0n,
    zapUnits: mintedUnits - share - treasuryUnits,
    treasuryUnits,
  }
}
