import type { Keypair } from '@stellar/stellar-sdk/base'
import { buildPayment, type PaymentPlan } from '../../src-main/clients/stellar/build.ts'
import { readEnvelope } from '../../src-main/clients/stellar/envelope.ts'
import { createHorizon, type Horizon, type HorizonOptions } from '../../src-main/clients/stellar/horizon.ts'
import type { SubmitOutcome } from '../../src-main/clients/stellar/submit.ts'
import type { EnvelopeFacts } from '../../src-main/clients/stellar/types.ts'
import {
  type LocalHorizon,
  type HorizonOptions as LocalOptions,
  makeWorld,
  signWith,
  startHorizon,
  TFT,
  type World,
} from './horizon/index.ts'

/** A client that does not really wait; `slept` holds for how long it would have, milliseconds. */
export function clientOf(local: { url: string; ledger: { state: { passphrase: string } } }, options: Partial<HorizonOptions> = {}) {
  const slept: number[] = []
  const horizon = createHorizon({
    url: local.url,
    passphrase: local.ledger.state.passphrase,
    sleep: async ms => void slept.push(ms),
    random: () => 0.5,
    ...options,
  })
  return { horizon, slept }
}

export interface Scene {
  local: LocalHorizon
  world: World
  horizon: Horizon
  slept: number[]
}

/** A local Horizon with the accounts of a payout, a client of it, and its end. */
export async function withScene(
  use: (scene: Scene) => Promise<void>,
  options: LocalOptions = {},
  world: Parameters<typeof makeWorld>[1] = {},
) {
  const local = await startHorizon(options)
  try {
    await use({ local, world: makeWorld(local.ledger, world), ...clientOf(local) })
  } finally {
    await local.stop()
  }
}

export interface Signed {
  envelope: string
  facts: EnvelopeFacts
}

/** A payment of 1 TFT under the channel's next number, signed by Ann and Bob, good for a minute of the ledger's time. */
export function makePayment(
  { local, world }: Pick<Scene, 'local' | 'world'>,
  change: Partial<PaymentPlan> = {},
  signers?: Keypair[],
): Signed {
  const passphrase = change.passphrase ?? local.ledger.state.passphrase
  const source = change.source ?? world.channels[0]?.publicKey() ?? ''
  const now = local.ledger.last().closeTs
  const built = buildPayment({
    passphrase,
    source,
    sequence: (local.ledger.find(source)?.sequence ?? 0n) + 1n,
    minTime: now - 60,
    maxTime: now + 60,
    feeStroops: 100n,
    payer: world.payer.publicKey(),
    payee: world.farmers[0]?.publicKey() ?? '',
    asset: TFT,
    amountUnits: 10_000_000n,
    memoHash: 'ab'.repeat(32),
    ...change,
  })
  return signedBy(built.envelope, passphrase, signers ?? world.signers.slice(0, 2))
}

export function signedBy(envelope: string, passphrase: string, signers: readonly Keypair[]): Signed {
  const signed = signWith(envelope, passphrase, ...signers)
  return { envelope: signed, facts: readEnvelope(signed, passphrase) }
}

/** The two doors of Horizon for a transaction. */
export const submitModes = ['async', 'sync'] as const

/** What a farmer has by now. */
export function paidUnits({ local, world }: Pick<Scene, 'local' | 'world'>, farmer = 0): bigint {
  const id = world.farmers[farmer]?.publicKey() ?? ''
  return local.ledger.find(id)?.trustlines[world.key]?.balance ?? 0n
}

/** The first channel's last used number. */
export const sequenceOf = ({ local, world }: Pick<Scene, 'local' | 'world'>) =>
  local.ledger.find(world.channels[0]?.publicKey() ?? '')?.sequence

/** A submission's kind, its code and what it says of the number, to compare with. */
export function shape(outcome: SubmitOutcome): unknown[] {
  if (outcome.kind === 'rejected') return ['rejected', outcome.means.code, outcome.sequence]
  return outcome.kind === 'unclear' ? ['unclear', outcome.why] : ['applied']
}
