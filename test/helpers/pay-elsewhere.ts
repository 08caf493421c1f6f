import { buildPayment } from '../../src-main/clients/stellar/build.ts'
import { signWith, TFT } from './horizon/index.ts'
import type { PayWorld } from './pay-core.ts'

/** The payer pays a farmer, without any run of ours. Gives the transaction's hash. */
export function payElsewhere({ local, world, config }: PayWorld, memoHash: string, amountUnits: bigint): string {
  const { ledger } = local
  const source = world.channels[0]!.publicKey()
  const { envelope, hash } = buildPayment({
    passphrase: config.passphrase,
    source,
    sequence: ledger.find(source)!.sequence + 1n,
    minTime: 0,
    maxTime: ledger.last().closeTs + 600,
    feeStroops: 1000n,
    payer: config.payer,
    payee: world.farmers[0]!.publicKey(),
    asset: TFT,
    amountUnits,
    memoHash,
  })
  const admitted = ledger.admit(signWith(envelope, config.passphrase, world.signers[0]!, world.signers[1]!))
  if (admitted.status !== 'PENDING') throw new Error(`the ledger does not take it: ${admitted.status}`)
  ledger.close()
  return hash
}
