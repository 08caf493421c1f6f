import { type Command, Option } from 'commander'
import {
  type Alert,
  type AlertRule,
  alertForms,
  alertKindSchema,
  alertKinds,
  alertSeverities,
  alertSeveritySchema,
  type QuietHours,
  thresholdText,
} from '../../../src-shared/alerts.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { resolveDataDir } from '../data-dir.ts'
import { actor, sayOn } from './command-group.ts'
import type { Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadAlerts = () => import('../../core/alerts-command.ts')

interface Options {
  data?: string
}

interface HistoryOptions extends Options {
  kind?: string
  severity?: string
  state?: 'open' | 'over'
  search?: string
  limit: number
  offset: number
}

interface SetOptions extends Options {
  on?: true
  off?: true
  threshold?: number
  severity?: string
}

interface QuietOptions extends Options {
  on?: true
  off?: true
  from?: string
  to?: string
  zone?: string
  except?: string
}

/** `granary alerts`: what is open, what was, by which rules, and when nobody is told. */
export function addAlertsCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const say = sayOn(terminal)
  const folder = ({ data }: Options) => ({ dataDir: resolveDataDir(data), actor: actor() })
  const alerts = commandGroup('alerts', 'what needs somebody: nodes, mints, votes, payouts, the treasury, the sync')
  const whole = (flags: string, description: string) => new Option(flags, description).argParser(wholeNumber)
  const severity = (flags: string, description: string) => new Option(flags, description).choices([...alertSeverities])

  command('list', 'the open alerts, the most severe first, as of the last look of the Granary that runs', alerts).action(
    async (options: Options) => {
      const { rows, total } = (await loadAlerts()).askAlerts(folder(options), 'alerts.list', { limit: 1000 })
      const more = total > rows.length ? `and ${total - rows.length} more\n` : ''
      say({ rows, total }, total === 0 ? 'No alert is open.\n' : `${rows.map(openText).join('\n')}\n${more}`)
    },
  )

  command('history', 'all alerts, the latest first: when they began and ended, and when they were told', alerts)
    .addOption(new Option('--kind <kind>', 'of one kind').choices([...alertKinds]))
    .addOption(severity('--severity <severity>', 'of one severity'))
    .addOption(new Option('--state <state>', 'open ones, or those that are over').choices(['open', 'over']))
    .option('--search <text>', 'in what and subject')
    .addOption(whole('--limit <n>', 'how many, up to 1000').default(50))
    .addOption(whole('--offset <n>', 'after so many').default(0))
    .action(async ({ kind, severity, state, search, limit, offset, ...options }: HistoryOptions) => {
      if (limit < 1 || limit > 1000) throw new AppError('usage', '--limit takes 1 to 1000.')
      const found = (await loadAlerts()).askAlerts(folder(options), 'alerts.history', {
        ...{ limit, offset },
        ...(kind !== undefined && { kind: alertKindSchema.parse(kind) }),
        ...(severity !== undefined && { severity: alertSeveritySchema.parse(severity) }),
        ...(state !== undefined && { state }),
        ...(search !== undefined && { search: search.slice(0, 200) }),
      })
      const shown = table(['began', 'ended', 'severity', 'told', 'what'], found.rows.map(historyCells), 'No alert fits.')
      say(found, found.total > found.rows.length ? `${shown}${found.rows.length} of ${found.total}\n` : shown)
    })

  command('rules', 'the rules with their thresholds, and the quiet hours', alerts).action(async (options: Options) => {
    const found = (await loadAlerts()).askAlerts(folder(options), 'alerts.rules', {})
    const rules = table(['rule', 'is', 'threshold', 'severity', 'what'], found.rules.map(ruleCells), 'There are no rules.')
    say(found, `${rules}\n${quietText(found.quiet)}`)
  })

  command('set', 'change a rule; what is not named stays', alerts)
    .addOption(new Option('--on', 'watch it').conflicts('off'))
    .option('--off', 'do not watch it; its open alerts end, and nobody is told')
    .addOption(whole('--threshold <n>', 'in the unit that granary alerts rules shows'))
    .addOption(severity('--severity <severity>', 'how severe its alerts are'))
    .argument('<rule>', alertKinds.join(', '))
    .action(async (name: string, { on, off, threshold, severity, ...options }: SetOptions) => {
      const kind = alertKindSchema.safeParse(name).data
      if (!kind) throw new AppError('usage', `"${name.slice(0, 60)}" is no rule. There are: ${alertKinds.join(', ')}.`)
      if (on === undefined && off === undefined && threshold === undefined && severity === undefined)
        throw new AppError('usage', 'Say what to change: --on, --off, --threshold N or --severity S.')
      const rule = await (await loadAlerts()).changeRule(folder(options), {
        kind,
        ...((on || off) && { on: on === true }),
        ...(threshold !== undefined && { threshold }),
        ...(severity !== undefined && { severity: alertSeveritySchema.parse(severity) }),
      })
      say(rule, table(['rule', 'is', 'threshold', 'severity', 'what'], [ruleCells(rule)], ''))
    })

  command('quiet', 'change the hours in which nobody is told; what is not named stays', alerts)
    .addOption(new Option('--on', 'keep them').conflicts('off'))
    .option('--off', 'keep none')
    .option('--from <time>', 'HH:MM, by the clock of the zone')
    .option('--to <time>', 'HH:MM; before --from: the next day')
    .option('--zone <name>', 'a time zone, e.g. Europe/Brussels')
    .addOption(
      new Option('--except <severity>', 'what is told all the same: this severity and worse').choices([...alertSeverities, 'none']),
    )
    .action(async ({ on, off, from, to, zone, except, ...options }: QuietOptions) => {
      const quiet = await (await loadAlerts()).changeQuiet(folder(options), {
        ...((on || off) && { on: on === true }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        ...(zone !== undefined && { zone }),
        ...(except !== undefined && { except: except === 'none' ? null : alertSeveritySchema.parse(except) }),
      })
      say(quiet, quietText(quiet))
    })
}

const severityWords: Record<Alert['severity'], string> = { down: 'urgent', 'at-risk': 'at risk', info: 'notice' }

function openText({ severity, title, reason, wayOut, openedTs, asOfTs }: Alert): string {
  return `${severityWords[severity]}: ${title}\n  ${reason}\n  ${wayOut}\n  since ${formatUtc(openedTs)}, as of ${formatUtc(asOfTs)}`
}

function historyCells({ severity, title, openedTs, overTs, end, toldTs }: Alert): string[] {
  const ended = overTs === null ? 'open' : `${formatUtc(overTs)}${end === 'over' ? '' : ` (${end})`}`
  return [formatUtc(openedTs), ended, severityWords[severity], toldTs === null ? 'not told' : formatUtc(toldTs), title]
}

function ruleCells(rule: AlertRule): string[] {
  const { what, threshold } = alertForms[rule.kind]
  const side = threshold === null ? '' : `${threshold.side === 'above' ? 'at least' : 'below'} ${thresholdText(rule)}`
  return [rule.kind, rule.on ? 'on' : 'off', side, severityWords[rule.severity], what]
}

function quietText({ on, from, to, zone, except }: QuietHours): string {
  if (!on) return 'Quiet hours: none.\n'
  const told =
    except === null
      ? 'nothing is told in them'
      : `in them only ${except === 'info' ? 'everything' : `${severityWords[except]}${except === 'down' ? '' : ' and worse'}`} is told`
  return `Quiet hours: ${from} to ${to} (${zone}); ${told}.\n`
}
