import { crc32 } from 'node:zlib'
import { AppError } from '../../src-shared/errors.ts'
import type { EventName } from '../../src-shared/grid.ts'

/** The kinds of events in the order of their bits; new ones go to the end. */
const kinds: Record<EventName, number> = {
  'TfgridModule.NodeStored': 0,
  'TfgridModule.NodeUpdated': 1,
  'TfgridModule.NodeDeleted': 2,
  'TfgridModule.NodeUptimeReported': 3,
  'TfgridModule.PowerTargetChanged': 4,
  'TfgridModule.PowerStateChanged': 5,
  'TfgridModule.FarmUpdated': 6,
  'TfgridModule.FarmingPolicyStored': 7,
  'TfgridModule.FarmingPolicyUpdated': 8,
  'TfgridModule.ConnectionPriceSet': 9,
  'SmartContractModule.ContractCreated': 10,
  'SmartContractModule.UpdatedUsedResources': 11,
  'SmartContractModule.NruConsumptionReportReceived': 12,
  'SmartContractModule.NodeContractCanceled': 13,
  'SmartContractModule.RentContractCanceled': 14,
}
/** The set of kinds that this program follows; it stands in every stored chunk. A chunk that lacks a wanted kind is a gap. */
export const FOLLOWED = Object.values(kinds).reduce((set, bit) => set | (1 << bit), 0)

/** Version 1 had no packed changes of power, version 2 no runs and no rest; what they wrote is read as before. */
export const CODEC_VERSION = 3
/** from which version on a bucket has its runs */
export const RUNS_VERSION = 3
/** version (1 byte), followed kinds (4), CRC-32 (4) of the place, these members and the rest */
export const ENVELOPE_BYTES = 9

/** Where a blob belongs; part of its checksum, so that one that was moved is noticed too. */
export interface Place {
  period: number
  chunk: number
  /** a bucket's number, or -1 for the chunk's head */
  bucket: number
  /** the events of a bucket that are told in runs */
  part?: 'rest'
}

/** Fills in the first ENVELOPE_BYTES of `blob`. */
export function seal(blob: Uint8Array, place: Place): void {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  view.setUint8(0, CODEC_VERSION)
  view.setUint32(1, FOLLOWED, true)
  view.setUint32(5, checksum(blob, place), true)
}

/** Checks a blob that was read. Throws AppError store.corrupt naming period, chunk and bucket, or store.newer. */
export function unseal(blob: Uint8Array | undefined, place: Place): Uint8Array {
  if (!blob) throw damaged(place, 'it is missing')
  if (blob.length < ENVELOPE_BYTES) throw damaged(place, 'it is cut short')
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  if (view.getUint32(5, true) !== checksum(blob, place)) throw damaged(place, 'its checksum is wrong')
  if (blob[0]! > CODEC_VERSION)
    throw new AppError('store.newer', `Chunk ${place.chunk} of period ${place.period} was written by a newer Granary. Update Granary.`, {
      details: { ...place },
    })
  return blob
}

/** The kinds that a checked blob followed. */
export function followedBy(blob: Uint8Array): number {
  return new DataView(blob.buffer, blob.byteOffset, blob.byteLength).getUint32(1, true)
}

export function damaged(place: Place, what: string): AppError {
  const isHead = place.bucket < 0
  const part = isHead ? 'its head' : `bucket ${place.bucket}`
  const wayOut = isHead
    ? 'Move facts.db in the data folder aside and import the archives again.'
    : 'Import the archive of this period again: that puts it right.'
  return new AppError(
    'store.corrupt',
    `The stored events of period ${place.period} are damaged: chunk ${place.chunk}, ${part}: ${what}. The books are not touched. ${wayOut}`,
    { details: { ...place } },
  )
}

function checksum(blob: Uint8Array, place: Place): number {
  const seed = crc32(`${place.period}/${place.chunk}/${place.bucket}${place.part ? `/${place.part}` : ''}`)
  return crc32(blob.subarray(ENVELOPE_BYTES), crc32(blob.subarray(0, 5), seed))
}
