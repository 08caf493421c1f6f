import { type Command, InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { toAppError } from '../../../src-shared/errors.ts'
import { memberOfText, unwrapped } from '../../../src-shared/treasury/member-text.ts'
import type { TreasuryRow } from '../../../src-shared/treasury/row.ts'
import { type TreasuryCommandName, type TreasuryName, type TreasuryQueryName, treasuryEntries } from '../../../src-shared/treasury/table.ts'
import type { OpenTreasury } from '../../core/treasury-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { actor, readInput } from './command-group.ts'
import { descriptor, newPassphrase } from './keys-commands.ts'
import { createSecretInput, type SecretInput } from './secret-input.ts'
import { jsonText, type Terminal } from './terminal.ts'
import { treasuryText } from './treasury-text.ts'

const loadTreasury = () => import('../../core/treasury-command.ts')

interface TreasuryOptions {
  data?: string
  as?: string
  [member: string]: unknown
}

/**
 * `granary treasury …`, all of it from the table of commands. Who acts is named by --as; passphrases are asked for, or are lines of standard
 * input: first the entity's, then the administrator's, then what the command itself takes.
 */
export function addTreasuryCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  commandGroup: (name: string, description: string) => Command,
): void {
  const treasury = commandGroup('treasury', 'tokens, entities and what they do with each other')
  const groups = new Map<string, Command>()
  const input = createSecretInput(terminal.err)

  function groupOf(word: string): Command {
    let group = groups.get(word)
    if (!group) {
      group = treasury
        .command(word)
        .description(`treasury commands for ${word}`)
        .exitOverride()
        .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
        .showHelpAfterError('Add --help to see what it takes.')
      groups.set(word, group)
    }
    return group
  }

  for (const [name, row] of treasuryEntries) {
    if (row.cli === null) continue
    const [group = '', ...words] = row.cli.words.split(' ')
    const made = command(words.join('-'), row.about, groupOf(group))
    const args = (row.cli.args ?? []) as readonly string[]
    for (const member of args) made.argument(isOptional(row, member) ? `[${member}]` : row.cli.file === member ? `<file>` : `<${member}>`)
    for (const [member, schema] of Object.entries(row.in.shape as Record<string, z.ZodType>))
      if (!args.includes(member) && !row.secrets?.includes(member)) made.addOption(optionOf(member, schema))
    if (row.who !== 'anyone') {
      const as = new Option('--as <entity>', asHelp[row.who])
      made.addOption(row.who === 'entity' ? as.makeOptionMandatory() : as).addOption(fdOption('asFd', 'the passphrase of --as'))
      if (row.who !== 'entity') made.addOption(fdOption('administratorFd', 'the administrator passphrase'))
    }
    for (const secret of row.secrets ?? []) made.addOption(fdOption(`${secret}Fd`, `the ${labelOf(secret).toLowerCase()}`))
    if (row.kind === 'command') made.option('--idempotency-key <key>', 'any text: the same one again does it once, and answers the same')
    made.action(async (...given: unknown[]) => {
      const options = given[args.length] as TreasuryOptions
      const members = inputOf(row, args, given, options)
      const answer = await answerOf(name, row, members, options, input)
      const prints: string | undefined = row.cli?.prints
      const shown = prints === undefined ? undefined : (answer as Record<string, unknown>)[prints]
      terminal.out(terminal.json ? jsonText(answer) : typeof shown === 'string' ? shown : treasuryText(answer))
    })
  }
}

const asHelp = {
  entity: 'the entity that acts, by name or id',
  administrator: 'the entity that acts, besides the administrator',
  owner: 'the entity that it belongs to, by name or id; absent: the administrator asks',
}

async function answerOf(
  name: TreasuryName,
  row: TreasuryRow,
  members: Record<string, unknown>,
  options: TreasuryOptions,
  input: SecretInput,
): Promise<unknown> {
  const { openTreasury } = await loadTreasury()
  // who unlocks something writes: it stands in the audit trail
  const mode = row.kind === 'query' && row.who === 'anyone' ? 'read' : 'write'
  const treasury = openTreasury({ dataDir: resolveDataDir(options.data), actor: actor(), mode })
  try {
    if (options.as !== undefined) await treasury.actAs(options.as, await input.secret(`Passphrase of ${options.as}`, fdOf(options, 'asFd')))
    if (row.who === 'administrator' || (row.who === 'owner' && options.as === undefined))
      await treasury.command('administrator.unlock', {
        passphrase: await input.secret('Administrator passphrase', fdOf(options, 'administratorFd')),
      })
    if (row.kind === 'query') return treasury.query(name as TreasuryQueryName, members)
    Object.assign(members, await secretsOf(name, row, { members, options }, treasury, input))
    const key = options.idempotencyKey
    return await treasury.command(name as TreasuryCommandName, members, typeof key === 'string' ? key : undefined)
  } finally {
    await treasury.close()
  }
}

/** The members that hold secrets, in their order; one that need not be there only where the command can't do without. */
async function secretsOf(
  name: TreasuryName,
  { secrets = [] }: TreasuryRow,
  { members, options }: { members: Record<string, unknown>; options: TreasuryOptions },
  treasury: OpenTreasury,
  input: SecretInput,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const session = treasury.query('session.get', {}) as { hasAdministrator: boolean }
  for (const secret of secrets) {
    if (name === 'administrator.set' && secret === 'passphrase' && !session.hasAdministrator) continue
    if (name === 'entities.create' && members.keyId !== undefined) continue
    const isNew = secret.startsWith('new') || name === 'entities.create'
    const fd = fdOf(options, `${secret}Fd`)
    found[secret] = isNew ? await newPassphrase(input, fd) : await input.secret(labelOf(secret), fd)
  }
  return found
}

function inputOf(row: TreasuryRow, args: readonly string[], given: readonly unknown[], options: TreasuryOptions): Record<string, unknown> {
  const members: Record<string, unknown> = {}
  for (const member of Object.keys(row.in.shape)) {
    const at = args.indexOf(member)
    const text = given[at] as string | undefined
    const value =
      at === -1
        ? options[member]
        : row.cli?.file === member && text !== undefined
          ? readInput(text)
          : readMember(row.in.shape[member] as z.ZodType, text)
    if (value !== undefined) members[member] = value
  }
  return members
}

function optionOf(member: string, schema: z.ZodType): Option {
  const flag = flagOf(member)
  const { core, isNeeded } = unwrapped(schema)
  if (core.type === 'boolean') return new Option(flag, schema.description ?? '')
  const option = new Option(`${flag} <${core.type === 'number' ? 'n' : 'text'}>`, schema.description ?? '')
  if (core.type === 'enum') option.choices((core as unknown as z.ZodEnum).options.map(String))
  else option.argParser(text => readMember(schema, text))
  return isNeeded ? option.makeOptionMandatory() : option
}

function flagOf(member: string): string {
  return `--${member.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

function fdOption(member: string, what: string): Option {
  return new Option(
    `${flagOf(member)} <n>`,
    `read ${what} from this file descriptor; default the terminal, or a line of standard input`,
  ).argParser(descriptor)
}

function fdOf(options: TreasuryOptions, member: string): number | undefined {
  const fd = options[member]
  return typeof fd === 'number' ? fd : undefined
}

function readMember(schema: z.ZodType, text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return memberOfText(schema, text)
  } catch (error) {
    throw new InvalidArgumentError(toAppError(error).message)
  }
}

function isOptional(row: TreasuryRow, member: string): boolean {
  return !unwrapped(row.in.shape[member] as z.ZodType).isNeeded
}

function labelOf(secret: string): string {
  const words = secret.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
