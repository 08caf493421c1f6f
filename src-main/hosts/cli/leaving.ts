import type { Command } from 'commander'
import { treasuryEntries } from '../../../src-shared/treasury/table.ts'

/** Options that name a file that is written. */
const FILE_OPTIONS = ['out', 'csv', 'export']
const PRINTED = new Set(treasuryEntries.flatMap(([, { cli }]) => (cli?.prints === undefined ? [] : [`treasury ${cli.words}`])))

/** Whether this run of a command lets something of the data folder leave as a file, by which the audit trail is signed. */
export function leavesAsFile(command: Command): boolean {
  const path = pathOf(command)
  // a group with options of its own, as vault, takes those of its commands
  const options = command.optsWithGlobals()
  // straight from an archive it touches no data folder; a key that is shown is no file
  if ((path === 'mint' && options.archive !== undefined) || path.startsWith('keys ')) return false
  return path.endsWith(' export') || path === 'audit bundle' || PRINTED.has(path) || FILE_OPTIONS.some(name => options[name] !== undefined)
}

/** `archive export` */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}
