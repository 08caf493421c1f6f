import { AppError } from './errors.ts'
import { networkNameSchema } from './sync.ts'
import { type SignerSet, signerSetSchema } from './votes-contract.ts'

/** The form of a signers' file, by which machines come to the same set: its hash stands in every vote. */
const SIGNERS_FORMAT = 'granary-signers'

export function signersFile(network: string, set: SignerSet): { fileName: string; text: string } {
  const text = `${JSON.stringify({ format: SIGNERS_FORMAT, version: 1, network, ...set }, null, 2)}\n`
  return { fileName: `signers-${network}-${set.serial}.json`, text }
}

/** The number of a set that takes the place of another one: only where keys or M change is it a new one, which makes open votes void. */
export function nextSerial(before: SignerSet | null, after: Omit<SignerSet, 'serial'>): number {
  if (!before) return 1
  const votersOf = ({ genesis, threshold, signers }: Omit<SignerSet, 'serial'>) =>
    JSON.stringify([genesis, threshold, signers.map(({ kind, publicKey }) => `${kind} ${publicKey}`).sort()])
  return votersOf(before) === votersOf(after) ? before.serial : before.serial + 1
}

/** What a signers' file holds. Throws AppError usage. */
export function readSignersFile(text: string): { network: string; set: SignerSet } {
  const { format, version, network, ...members } = objectOf(text)
  const set = signerSetSchema.safeParse(members)
  const name = networkNameSchema.safeParse(network)
  if (format !== SIGNERS_FORMAT || version !== 1 || !set.success || !name.success)
    throw new AppError(
      'usage',
      'This is no signers’ file of Granary (version 1). Nothing was changed. Ask for one: page Votes, Signers, or granary votes signers --export FILE.',
    )
  return { network: name.data, set: set.data }
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
