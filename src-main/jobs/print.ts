import { toPrintError } from '../../src-shared/errors.ts'

/**
 * Writes to standard output, and waits until it is taken, so that nothing gathers here before a slower reader. Rejects with AppError io.*: a stream
 * that failed never drains.
 */
export function print(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, error => (error ? reject(toPrintError(error)) : resolve()))
  })
}
