import type { Command } from 'commander'
import type { BackupPreview } from '../../../src-shared/backup-contract.ts'
import { bytesText, factsText, holdingsText, outcomeLines, partsText, payLines, presentLines } from '../../../src-shared/backup-text.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { resolveDataDir } from '../data-dir.ts'
import { programVersion } from '../program.ts'
import { actor, passphraseOption, sayOn } from './command-group.ts'
import { newPassphrase } from './keys-commands.ts'
import { createSecretInput } from './secret-input.ts'
import type { Terminal } from './terminal.ts'

const load = () => import('../../core/backup-command.ts')

interface BackupOptions {
  data?: string
  encrypt?: boolean
  withFacts?: boolean
  passphraseFd?: number
}

interface RestoreOptions {
  data?: string
  preview?: boolean
  passphraseFd?: number
}

/** `granary backup` and `granary restore`. */
export function addBackupCommands(command: (name: string, description: string) => Command, terminal: Terminal): void {
  const input = createSecretInput(terminal.err)
  const say = sayOn(terminal)
  const context = { signal: terminal.signal, onProgress: terminal.progress }

  command('backup', 'write the books to one file, also while Granary is running; it is read again before it counts')
    .argument('<out>', 'a file that is not there yet, or a folder')
    .option('--encrypt', 'encrypt it with a passphrase')
    .option('--with-facts', "with the chain's data, which could be fetched again")
    .addOption(passphraseOption())
    .action(async (target: string, { data, encrypt, withFacts = false, passphraseFd }: BackupOptions) => {
      const passphrase = encrypt || passphraseFd !== undefined ? await newPassphrase(input, passphraseFd) : null
      const { backUp } = await load()
      const made = await backUp({ dataDir: resolveDataDir(data), target, withFacts, passphrase, version: programVersion() }, context)
      const { path, size, manifest } = made
      say(
        { ...made, isEncrypted: passphrase !== null },
        `${path}\n${bytesText(size)}, read again and whole${passphrase === null ? '' : ', encrypted'}: ${partsText(manifest)}.\nIt holds ${holdingsText(manifest.counts)}, as of ${formatUtc(manifest.madeTs)}.\n`,
      )
    })

  command('restore', 'put a backup in the place of the store; the former store is kept')
    .argument('<file>', 'a backup')
    .option('--preview', 'only say what it holds and what it would replace')
    .addOption(passphraseOption())
    .action(async (path: string, { data, preview, passphraseFd }: RestoreOptions) => {
      const { previewRestore, restore } = await load()
      const dataDir = resolveDataDir(data)
      const withPassphrase = async <T>(work: (passphrase: string) => Promise<T>): Promise<T> => {
        if (passphraseFd !== undefined) return work(await input.secret('Passphrase', passphraseFd))
        try {
          return await work('')
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'backup.passphrase') throw error
          return work(await input.secret('Passphrase'))
        }
      }
      if (preview) {
        const found = await withPassphrase(passphrase => previewRestore({ path, passphrase, dataDir }, context))
        say(found, previewText(found))
        return
      }
      const outcome = await withPassphrase(passphrase => restore({ path, passphrase, dataDir, actor: actor() }, context))
      say(outcome, `${outcomeLines(outcome).join('\n')}\n`)
    })
}

function previewText(found: BackupPreview): string {
  const { path, size, isEncrypted, manifest, facts, notes, runsToReconcile, noNewRunUntilTs } = found
  const present = presentLines(found)
  return [
    `${path}: ${bytesText(size)}${isEncrypted ? ', encrypted' : ''}, whole.`,
    `Made ${formatUtc(manifest.madeTs)} by Granary ${manifest.granary}: ${partsText(manifest)}.`,
    `It holds ${holdingsText(manifest.counts)}.`,
    '',
    present.length === 0 ? 'It would replace nothing: there is no store here.' : 'It would replace:',
    ...present,
    `The chain's data ${factsText[facts]}.`,
    '',
    'After it:',
    ...payLines({ runsToReconcile: runsToReconcile.length, noNewRunUntilTs }),
    ...notes,
    '',
    'Nothing was changed.',
    '',
  ].join('\n')
}
