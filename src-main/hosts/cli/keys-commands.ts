import { type Command, InvalidArgumentError, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import {
  type KeyKind,
  type KeyRow,
  keyKindSchema,
  PASSPHRASE_LENGTH,
  type SecretForm,
  secretFormSchema,
} from '../../../src-shared/keys-contract.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { OpenKeys } from '../../core/keys-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { userName } from '../user-name.ts'
import { createSecretInput, type SecretInput } from './secret-input.ts'
import { jsonText, type Terminal } from './terminal.ts'

interface Common {
  data?: string
  passphraseFd?: number
}

interface NewKey extends Common {
  name: string
  kind: KeyKind
}

/** `granary keys` and what stands below it. */
export function addKeysCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  commandGroup: (name: string, description: string) => Command,
): void {
  const keys = commandGroup('keys', 'the vault of keys: what you sign with, encrypted under a passphrase')
  const below = (name: string, description: string): Command => command(name, description, keys)
  const name = () => new Option('--name <name>', 'what you call it').makeOptionMandatory()
  const kind = () =>
    new Option('--kind <kind>', 'stellar for an account on Stellar; sr25519 or ed25519 for one of the chain')
      .choices(keyKindSchema.options)
      .makeOptionMandatory()
  const passphraseFd = () =>
    new Option(
      '--passphrase-fd <n>',
      'read the passphrase from this file descriptor; default the terminal, or a line of standard input',
    ).argParser(descriptor)
  const input = createSecretInput(terminal.err)

  below('list', 'every key, with its address and whether it can sign').action(async ({ data }: Common) => {
    const listed = await using('read', data, vault => vault.list())
    terminal.out(terminal.json ? jsonText(listed) : listText(listed.keys))
  })

  below('create', 'make a key of 24 words, which are shown this once')
    .addOption(name())
    .addOption(kind())
    .addOption(passphraseFd())
    .action(({ data, name, kind, passphraseFd }: NewKey) =>
      using('write', data, async vault => {
        const made = await vault.command('keys.create', { name, kind, passphrase: await newPassphrase(input, passphraseFd) })
        const { words, address, ask, keyId } = made
        if (!input.isTerminal || terminal.json) {
          terminal.out(terminal.json ? jsonText(made) : `${words}\n`)
          terminal.err(`Key ${address}. It signs once three of its words were given back: granary keys confirm ${keyId}\n`)
          return
        }
        showOnce(terminal, wordsText(words, address))
        await input.visible('Press Enter when you wrote them down')
        hideShown(terminal)
        await confirmAtTerminal(vault, keyId, ask, input, terminal)
        terminal.out(`Key "${cleanName(name)}" is made: ${address}\n`)
      }),
    )

  below('confirm', 'give back the words that are asked of a key that was made')
    .argument('<key>', 'its name or id')
    .addOption(passphraseFd())
    .action((nameOrId: string, { data, passphraseFd }: Common) =>
      using('write', data, async vault => {
        const key = await vault.find(nameOrId)
        if (key.ask === null) terminal.out('Its words were given back already: it can sign.\n')
        else {
          await vault.command('keys.unlock', { keyIds: [key.keyId], passphrase: await input.secret('Passphrase', passphraseFd) })
          await confirmAtTerminal(vault, key.keyId, key.ask, input, terminal)
          terminal.out(`Key "${cleanName(key.name)}" can sign.\n`)
        }
      }),
    )

  below('import', 'take in a key from its words, its seed, or a polkadot-js file')
    .addOption(name())
    .addOption(kind())
    .option('--path <path>', "of words: a Stellar account's number (default 0), or //hard/soft for an account of the chain")
    .option('--with-password', 'the words have a password of their own (BIP-39), or the file has: it is asked for after them')
    .addOption(
      new Option(
        '--secret-fd <n>',
        'read the secret from this file descriptor; default the terminal, or a line of standard input',
      ).argParser(descriptor),
    )
    .addOption(passphraseFd())
    .action(
      ({
        data,
        name,
        kind,
        path = '',
        withPassword,
        secretFd,
        passphraseFd,
      }: NewKey & { path?: string; withPassword?: boolean; secretFd?: number }) =>
        using('write', data, async vault => {
          const secret = await input.secret(
            kind === 'stellar' ? 'Words, or seed (S…)' : 'Words, or seed (0x…), or the text of the file',
            secretFd,
          )
          const secretPassword = withPassword || secret.trimStart().startsWith('{') ? await input.secret('Its own password') : ''
          const passphrase = await newPassphrase(input, passphraseFd)
          const { address } = await vault.command('keys.import', { name, kind, secret, secretPassword, path, passphrase })
          terminal.out(terminal.json ? jsonText({ address }) : `Key "${cleanName(name)}" is in the vault: ${address}\n`)
        }),
    )

  below('watch', 'keep an address whose secret is elsewhere')
    .addOption(name())
    .addOption(kind())
    .argument('<address>', 'G…, or SS58')
    .action((address: string, { data, name, kind }: NewKey) =>
      using('write', data, async vault => {
        const done = await vault.command('keys.watch', { name, kind, address })
        terminal.out(terminal.json ? jsonText(done) : `"${cleanName(name)}" is watched: ${done.address}\n`)
      }),
    )

  below('export', "show a key's secret, this once")
    .argument('<key>', 'its name or id')
    .addOption(new Option('--form <form>', 'default as it came in').choices(secretFormSchema.options))
    .addOption(passphraseFd())
    .action((nameOrId: string, { data, form, passphraseFd }: Common & { form?: SecretForm }) =>
      using('write', data, async vault => {
        const { keyId } = await vault.find(nameOrId)
        const passphrase = await input.secret('Passphrase', passphraseFd)
        const shown = await vault.command('keys.export', { keyId, passphrase, ...(form && { form }) })
        if (terminal.json) terminal.out(jsonText(shown))
        else {
          terminal.out(`${shown.secret}\n`)
          if (shown.path !== '') terminal.err(`Its path: ${shown.path}\n`)
          if (shown.secretPassword !== '') terminal.err('The words have a password of their own; --json shows it.\n')
        }
      }),
    )

  below('rename', 'call a key otherwise')
    .argument('<key>', 'its name or id')
    .argument('<name>', 'its new name')
    .action((nameOrId: string, name: string, { data }: Common) =>
      using('write', data, async vault => {
        const { keyId } = await vault.find(nameOrId)
        await vault.command('keys.rename', { keyId, name })
        terminal.out(terminal.json ? jsonText({ keyId, name }) : `It is called "${cleanName(name)}" now.\n`)
      }),
    )

  below('remove', 'take a key out of the vault; it comes back from its words only')
    .argument('<key>', 'its name or id')
    .option('--confirm <name>', 'its name once more; asked for at a terminal')
    .action((nameOrId: string, { data, confirm }: Common & { confirm?: string }) =>
      using('write', data, async vault => {
        const { keyId, name, address } = await vault.find(nameOrId)
        if (confirm === undefined && !input.isTerminal)
          throw new AppError('usage', 'Removing a key takes its name once more: --confirm NAME. Nothing was removed.')
        const entered = confirm ?? (await input.visible(`This removes ${address}. Enter its name, "${cleanName(name)}"`))
        await vault.command('keys.remove', { keyId, name: entered.trim() })
        terminal.out(
          terminal.json ? jsonText({ keyId }) : `Key "${cleanName(name)}" is removed. Its words, if you have them, bring it back.\n`,
        )
      }),
    )
}

async function using<T>(mode: 'read' | 'write', data: string | undefined, work: (vault: OpenKeys) => Promise<T>): Promise<T> {
  const { openKeys } = await import('../../core/keys-command.ts')
  const vault = openKeys({ dataDir: resolveDataDir(data), actor: `cli:${userName()}`, mode })
  try {
    return await work(vault)
  } finally {
    vault.close()
  }
}

/** A passphrase that is chosen; at a terminal it is entered twice, for nobody sees what was typed. */
export async function newPassphrase(input: SecretInput, fd: number | undefined): Promise<string> {
  const passphrase = await input.secret(`Choose a passphrase of at least ${PASSPHRASE_LENGTH} characters`, fd)
  if (input.isTerminal && fd === undefined && (await input.secret('The same passphrase once more')) !== passphrase)
    throw new AppError('usage', 'The two passphrases differ. Nothing was kept. Try again.')
  return passphrase
}

async function confirmAtTerminal(vault: OpenKeys, keyId: string, ask: number[], input: SecretInput, terminal: Terminal): Promise<void> {
  for (let places = ask; ; ) {
    const words: string[] = []
    for (const place of places) words.push(await input.secret(`Word ${place}`))
    try {
      await vault.command('keys.confirmWords', { keyId, words })
      return
    } catch (error) {
      if (!input.isTerminal || !(error instanceof AppError) || error.code !== 'keys.secret') throw error
      terminal.err(`${error.message}\n`)
      places = (await vault.find(keyId)).ask ?? []
    }
  }
}

/** On a screen of its own, which leaves nothing in the terminal's history. */
function showOnce(terminal: Terminal, text: string): void {
  terminal.err(`\u001b[?1049h\u001b[H${text}`)
}

function hideShown(terminal: Terminal): void {
  terminal.err('\u001b[2J\u001b[?1049l')
}

function wordsText(words: string, address: string): string {
  const all = words.split(' ')
  const lines = all.map((word, at) => `${String(at + 1).padStart(3)}  ${word}`)
  return [`The words of ${address}, in this order. They are the key: write them on paper, show them to nobody.`, '', ...lines, '', ''].join(
    '\n',
  )
}

function listText(keys: KeyRow[]): string {
  if (keys.length === 0) return 'No keys yet. "granary keys create" makes one, "granary keys import" takes one in.\n'
  const state = (key: KeyRow) => (key.origin === 'watch' ? 'watched' : key.confirmed ? 'can sign' : 'words not given back yet')
  const cells = keys.map(key => [cleanName(key.name), key.kind, state(key), key.boundTo ?? '-', formatUtc(key.createdTs), key.address])
  const header = ['name', 'kind', 'state', 'bound to', 'since', 'address']
  const widths = header.map((title, at) => Math.max(title.length, ...cells.map(row => row[at]!.length)))
  return `${[header, ...cells]
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

/** For options that name a file descriptor. */
export function descriptor(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) throw new InvalidArgumentError('It takes the number of an open file descriptor.')
  return Number(text)
}
