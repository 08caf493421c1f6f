/**
 * Who gets what is minted. `standard`: the buyer's share, and the rest to the zap manager. `thirds`: buyer, treasury, and the rest to the zap
 * manager for liquidity; `thirds-burnt`: the buyer's third is burned at once.
 */
export const profiles = ['standard', 'thirds', 'thirds-burnt'] as const
export type Profile = (typeof profiles)[number]

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
export function splitMint(mintedUnits: bigint, profile: Profile): Split {
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
