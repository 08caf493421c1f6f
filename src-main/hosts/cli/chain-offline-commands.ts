import { existsSync, readFileSync } from 'node:fs'
import type { ChainFileReview, ChainReview } from '../../../src-shared/chain-contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import type { OpenChainCalls } from '../../core/chain-command.ts'
import { type ChainGroup, type ChainOptions, requestText, reviewText, writeOut } from './chain-commands.ts'
import { chooseKey, passphraseOption, readInput, type SigningOptions } from './command-group.ts'
import { isStop } from './review-commands.ts'

interface LookOptions extends ChainOptions {
  metadata?: string
  all?: boolean
}

interface SignOptions extends LookOptions, SigningOptions {
  key?: string
  onOneWord?: boolean
  out?: string
}

const WHAT = 'a call by its id or the beginning of it, or the file of one that was made elsewhere; - reads standard input'
const METADATA =
  'of a file: the runtime’s metadata from a source that you trust, its bytes, hex or the answer of state_getMetadata, instead of what is known here'

/** What of `granary chain` has to do with signatures that are made on another machine than the one that sends. */
export function addOfflineCommands({ below, using, terminal, input, say, follow, onWrong }: ChainGroup): void {
  below('show', 'what a call’s signature signs, read from its bytes, and what there is to think about; fails where one should stop')
    .argument('<what>', WHAT)
    .option('--metadata <file>', METADATA)
    .option('--all', 'with the bytes themselves')
    .action((what: string, options: LookOptions) =>
      using('read', options, async opened => {
        const shown = await look(opened, what, options)
        const of = 'file' in shown ? shown.file : shown.own
        say(of, reviewText(of.review, options.all) + ('own' in shown ? `\n${requestText(shown.own.request)}` : ''))
        if (isStop(of.review)) onWrong()
      }),
    )

  below('sign', 'sign a call without sending it: one of another machine’s file (needs no network), or one that was made here')
    .argument('<what>', WHAT)
    .option('--key <name>', 'of a file: the key; default that of the call')
    .option('--metadata <file>', METADATA)
    .option('--on-one-word', 'sign also if what the bytes say is the word of whoever made the file')
    .option('--out <file>', 'of a file: where the signature goes; default the current folder')
    .addOption(passphraseOption())
    .action((what: string, options: SignOptions) =>
      using('write', options, async opened => {
        const shown = await look(opened, what, options)
        const { review } = 'file' in shown ? shown.file : shown.own
        if (!terminal.json) terminal.out(reviewText(review))
        const ask = () => input.secret('Passphrase to sign it (Ctrl-C leaves it unsigned)', options.passphraseFd)
        if ('own' in shown) {
          await opened.sign(shown.own, await ask())
          const after = opened.find(shown.own.request.requestId)
          return say(after, requestText(after))
        }
        const stop = review.warnings.find(({ severity }) => severity === 'stop')
        if (stop && !options.onOneWord)
          throw new AppError(
            'chain.refused',
            `Signing this takes an extra confirmation. ${stop.text} Nothing was signed. Give the runtime’s metadata with --metadata, or say --on-one-word if you know better.`,
          )
        const { keys, payloadHash } = shown.file
        const keyId = chooseKey(keys, options.key, { whose: 'this call', otherwise: 'Sign it where that key is.' })
        const confirmed = options.onOneWord ?? false
        const made = await opened.signFile({ text: shown.text, payloadHash, keyId, confirmed }, await ask(), shown.trusted)
        const path = await writeOut(made, options.out)
        say({ ...shown.file, file: path }, `Signed. Written to ${path}. Bring it back: granary chain import FILE\n`)
      }),
    )

  below('export', 'write a call that is not signed yet as a file, for the machine that has its key')
    .argument('<id>', 'its id or the beginning of it')
    .option('--out <file>', 'default in the current folder')
    .action((id: string, options: ChainOptions & { out?: string }) =>
      using('read', options, async opened => {
        const path = await writeOut(await opened.file(id), options.out)
        say({ file: path }, `Written to ${path}. Sign it where the key is: granary chain sign FILE\n`)
      }),
    )

  below('import', 'take in a signature that was made elsewhere: its file, or 64 bytes as hex; it is checked before it is kept')
    .argument('<file>', 'the file; - reads standard input')
    .action((file: string, options: ChainOptions) =>
      using('write', options, async opened => {
        const request = await opened.takeSignature(readInput(file))
        say(request, `${requestText(request)}Send it: granary chain submit ${request.requestId.slice(0, 8)}\n`)
      }),
    )

  below('submit', 'send a call that is signed, and follow it until it is final')
    .argument('<id>', 'its id or the beginning of it')
    .action((id: string, options: ChainOptions) =>
      using('write', options, async opened => {
        const { requestId } = opened.find(id)
        opened.submit(requestId)
        await follow(opened, requestId)
      }),
    )
}

type Looked = { own: ChainReview } | { file: ChainFileReview; text: string; trusted?: Uint8Array }

async function look(opened: OpenChainCalls, what: string, { metadata }: LookOptions): Promise<Looked> {
  if (what !== '-' && !existsSync(what)) {
    if (metadata !== undefined) throw new AppError('usage', `${what} is no file. --metadata belongs to a file of another machine.`)
    return { own: await opened.review(what) }
  }
  const text = readInput(what)
  const own = metadata === undefined ? undefined : readFileSync(metadata)
  return { file: await opened.readFile(text, own), text, ...(own && { trusted: own }) }
}
