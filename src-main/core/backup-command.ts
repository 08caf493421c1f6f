import { existsSync } from 'node:fs'
import type { BackupPreview, RestoreOutcome } from '../../src-shared/backup-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { PASSPHRASE_LENGTH } from '../../src-shared/keys-contract.ts'
import type { Lock } from '../jobs/backup/format.ts'
import { type MadeBackup, makeBackup } from '../jobs/backup/make.ts'
import { previewBackup, type RestoreOrder, restoreBackup } from '../jobs/backup/restore.ts'
import type { JobContext } from '../jobs/context.ts'
import { newStretching, stretch } from '../signing/key-box.ts'

/** Stretches a passphrase for backups. Rejects with AppError usage where it is too short. */
export async function lockOf(passphrase: string, stretchLogN?: number): Promise<Lock> {
  if ([...passphrase].length < PASSPHRASE_LENGTH)
    throw new AppError(
      'usage',
      `The passphrase needs ${PASSPHRASE_LENGTH} characters or more: whoever has the file can guess as long as they like. Nothing was written.`,
    )
  const stretching = newStretching(stretchLogN)
  return { stretched: await stretch(passphrase, stretching), stretching }
}

/** `granary backup`: also beside a Granary that is running. Rejects as makeBackup, and with usage (passphrase). */
export async function backUp(
  { passphrase, ...order }: { dataDir: string; target: string; withFacts: boolean; passphrase: string | null; version: string },
  context: JobContext,
): Promise<MadeBackup> {
  if (!existsSync(order.dataDir))
    throw new AppError('io.missing', `There is no data folder ${order.dataDir}. Name the right one with --data.`)
  const lock = passphrase === null ? null : await lockOf(passphrase)
  return makeBackup({ ...order, lock, nowTs: nowTs() }, context)
}

/** `granary restore --preview`. */
export function previewRestore(order: Omit<RestoreOrder, 'nowTs' | 'actor'>, context: JobContext): Promise<BackupPreview> {
  return previewBackup({ ...order, nowTs: nowTs() }, context)
}

/** `granary restore`. */
export function restore(order: Omit<RestoreOrder, 'nowTs'>, context: JobContext): Promise<RestoreOutcome> {
  return restoreBackup({ ...order, nowTs: nowTs() }, context)
}

const nowTs = () => Math.floor(Date.now() / 1000)
