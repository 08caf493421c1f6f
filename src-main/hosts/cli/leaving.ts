import type { Command } from 'commander'

/** Options that name a file that is written. */
const FILE_OPTIONS = ['out', 'csv', 'export']

/** Whether this run of a command lets something of the data folder leave as a file, by which the audit trail is signed. */
export async function leavesAsFile(command: Command): Promise<boolean> {
  const path = pathOf(command)
  // a group with options of its own, as vault, takes those of its commands
  const options = command.optsWithGlobals()
  // straight from an archive it touches no data folder; a key that is shown is no file
  if ((path === 'mint' && options.archive !== undefined) || path.startsWith('keys ')) return false
  if (path.endsWith(' export') || path === 'audit bundle' || FILE_OPTIONS.some(name => options[name] !== undefined)) return true
  return isPrintedFile(path)
}

/** Whether this command of the treasury prints a file. */
async function isPrintedFile(path: string): Promise<boolean> {
  if (!path.startsWith('treasury ')) return false
  const { treasuryEntries } = await import('../../../src-shared/treasury/table.ts')
  return treasuryEntries.some(([, { cli }]) => cli?.prints !== undefined && path === `treasury ${cli.words}`)
}

/** `archive export` */
function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}
