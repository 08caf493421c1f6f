import type { Command } from 'commander'
import { auditReportText } from '../../../src-shared/audit-head.ts'
import { resolveDataDir } from '../data-dir.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadAudit = () => import('../../core/audit-command.ts')

interface AuditOptions {
  data?: string
}

/** `granary audit head`, `granary audit export` and `granary audit check`. `onWrong` is called where the trail was altered. */
export function addAuditCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  onWrong: () => void,
  commandGroup: (name: string, description: string) => Command,
): void {
  const audit = commandGroup('audit', 'the audit trail: sign its head for others to hold, check it against heads that they hold')

  command('head', 'sign the trail as it is now; give the file to somebody else, or keep it where this machine can’t write', audit)
    .argument('<out>', 'the file')
    .action(async (target: string, { data }: AuditOptions) => {
      const { entries, hash, publicKey } = (await loadAudit()).writeHead({ dataDir: resolveDataDir(data), target })
      terminal.out(
        terminal.json
          ? jsonText({ file: target, entries, hash, publicKey })
          : `${target}: the trail up to entry ${entries}, ${hash}, signed with this data folder's key ${publicKey}\n`,
      )
    })

  command('export', 'write the trail as CSV, oldest entry first, and sign its head', audit)
    .argument('<out>', 'the file')
    .action(async (target: string, { data }: AuditOptions) => {
      const entries = (await loadAudit()).exportAudit({ dataDir: resolveDataDir(data), target })
      terminal.out(terminal.json ? jsonText({ file: target, entries }) : `${target}: ${entries} ${entries === 1 ? 'entry' : 'entries'}\n`)
    })

  command('check', 'is the trail consistent in itself, and is it the one that was signed; fails (exit 1) where it was altered', audit)
    .argument('[heads...]', 'files that granary audit head wrote, as they were held elsewhere')
    .action(async (files: string[], { data }: AuditOptions) => {
      const { checkAudit, isAuditFine } = await loadAudit()
      const report = checkAudit({ dataDir: resolveDataDir(data), files })
      terminal.out(terminal.json ? jsonText(report) : `${auditReportText(report)}\n`)
      if (!isAuditFine(report)) onWrong()
    })
}
