import { resolve } from 'node:path'
import envPaths from 'env-paths'

/** The data folder: what was asked for, else GRANARY_DATA, else the platform's place for an application's data. Absolute. */
export function resolveDataDir(given?: string): string {
  const chosen = given || process.env.GRANARY_DATA
  return chosen ? resolve(chosen) : envPaths('granary', { suffix: '' }).data
}
