import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import type { QueryOutput } from '../../../src-shared/contract.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import { countText, reviewLines, voteSignReview, votesSignReview } from '../../../src-shared/review-text.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { nextSerial, readSignersFile } from '../../../src-shared/vote-signers.ts'
import { amountText, choiceText, importText, subjectText } from '../../../src-shared/vote-text.ts'
import {
  MAX_AT_ONCE,
  type SignerSet,
  type VoteImport,
  type VoteMatrix,
  type VoteReview,
  type VoteSubject,
} from '../../../src-shared/votes-contract.ts'
import type { OpenVotes } from '../../core/votes-command.ts'
import {
  actor,
  chooseKey,
  createUsing,
  type FolderOptions,
  passphraseOption,
  readInput,
  type SigningOptions,
  sayOn,
} from './command-group.ts'
import { createSecretInput } from './secret-input.ts'
import { jsonText, type Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadVotes = () => import('../../core/votes-command.ts')

interface About extends SigningOptions {
  period?: number
  mint?: string
}

interface SignOptions extends About {
  statement?: string
  signer?: string
  key?: string
  amount?: string
  payouts?: string
  onOneWord?: boolean
  all?: boolean
  out?: string
}

interface SignersOptions extends FolderOptions {
  file?: string
  signer?: string[]
  threshold?: number
  genesis?: string
  serial?: number
  export?: string
}

/** `granary votes` and what stands below it. `onWrong` is called where a vote was refused. */
export function addVotesCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  onWrong: () => void,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const votes = commandGroup('votes', 'signed votes of a network’s signers on what a period or a mint pays')
  const input = createSecretInput(terminal.err)
  const below = (name: string, description: string): Command =>
    command(name, description, votes).option('--network <name>', 'whose votes; default of the network that the data folder holds')
  const about = (to: Command): Command =>
    to
      .addOption(new Option('--period <index>', 'the payouts of this fixed period (rule set v3)').argParser(wholeNumber))
      .option('--mint <id>', 'this mint (rule set node-period), by its id or the beginning of it')
  const say = sayOn(terminal)

  below('list', 'what can be voted on and what was, open ones first').action((options: FolderOptions) =>
    using('read', options, async opened => {
      const list = await opened.answers['votes.list']({ offset: 0, limit: 1000 })
      say(list, listText(list))
    }),
  )

  about(below('matrix', 'who voted what on a period or a mint, and what comes of it')).action((options: About) =>
    using('read', options, async opened => {
      const matrix = await opened.answers['votes.matrix']({ subject: opened.subject(options) })
      say(matrix, matrixText(matrix))
    }),
  )

  below('show', 'every field of votes or statements, as their bytes say it')
    .argument('<file>', 'a file of votes, or one vote as text; - reads standard input')
    .action((file: string, options: FolderOptions) =>
      using('read', options, async opened => {
        const text = /^gr[vs]\d+:/.test(file) ? file : readInput(file)
        const shown = await (await loadVotes()).showVotes(opened, text, error => toAppError(error).message)
        const lines = shown.map(one => `line ${one.line}, ${one.kind}\n${'review' in one ? reviewText(one.review) : `${one.refused}\n`}`)
        say({ votes: shown }, lines.length === 0 ? 'There is no vote in it.\n' : lines.join('\n'))
        if (shown.some(one => 'refused' in one)) onWrong()
      }),
    )

  about(below('sign', 'vote: shows what will be signed, and signs it with a key of the vault'))
    .option('--all', 'everything that the signer has not voted on and Granary works out: one review, one passphrase')
    .option('--statement <file>', 'what somebody prepared (votes export --unsigned), instead of what is worked out here')
    .option('--signer <name>', 'for which signer; default the one whose key is here')
    .option('--key <name>', 'the key; default that of the signer')
    .option('--amount <TFT>', 'of a mint: another amount than Granary works out')
    .option('--payouts <file>', 'of a period: vote for this payouts.csv, byte by byte')
    .option('--on-one-word', 'sign also if it rests on the word of one endpoint, file or person')
    .addOption(passphraseOption())
    .option('--out <file>', 'write the vote there, with what it rests on')
    .action((options: SignOptions) =>
      using('write', options, async opened => {
        if (options.all) return signAll(opened, options)
        const review = await reviewFor(opened, options)
        if (!terminal.json) terminal.out(reviewText(review))
        const keyId = await readyKey(opened, review, options, 'Passphrase to sign it (Ctrl-C leaves it unsigned)')
        const network = opened.network()
        const confirmed = options.onOneWord ?? false
        const { vote } = await opened.run('votes.sign', { network, text: review.text, keyId, confirmed })
        const [, ...basis] = review.text.split('\n')
        if (options.out !== undefined) writeFileSync(options.out, [vote, ...basis, ''].join('\n'))
        say({ vote, hash: review.hash }, `Signed.\n${vote}\n`)
      }),
    )

  /** The key that signs what was reviewed, unlocked. Throws AppError vote.refused where that takes a confirmation. */
  async function readyKey(
    opened: OpenVotes,
    review: Pick<VoteReview, 'singleWord' | 'keys' | 'signerName'>,
    { onOneWord, key, passphraseFd }: SignOptions,
    prompt: string,
  ): Promise<string> {
    if (review.singleWord !== null && !onOneWord)
      throw new AppError(
        'vote.refused',
        `Signing this takes an extra confirmation: ${review.singleWord}. Nothing was signed. Say --on-one-word if you know better.`,
      )
    const keyId = keyFor(review, key)
    const passphrase = await input.secret(prompt, passphraseFd)
    await opened.keys.command('keys.unlock', { keyIds: [keyId], passphrase }, { id: actor() }, randomUUID())
    return keyId
  }

  async function signAll(opened: OpenVotes, options: SignOptions): Promise<void> {
    const { period, mint, statement, amount, payouts, onOneWord: confirmed = false } = options
    if ([period, mint, statement, amount, payouts].some(value => value !== undefined))
      throw new AppError(
        'usage',
        '--all votes for what Granary works out. Leave --period, --mint, --statement, --amount and --payouts out.',
      )
    const { kind, publicKey, name } = await opened.signer(options.signer)
    const subjects = await notVoted(opened, name)
    if (subjects.length === 0) return say({ votes: [] }, `There is nothing that ${cleanName(name)} has not voted on.\n`)
    const review = await opened.answers['votes.prepareMany']({ subjects: subjects.slice(0, MAX_AT_ONCE), signer: { kind, publicKey } })
    const { text, count, sumUnits } = review
    const shown = votesSignReview(review)
    const each = shown.values.map(({ name: what, value }) => `  ${what}: ${value}`)
    if (!terminal.json) terminal.out(`${[...reviewLines(shown), 'Each vote:', ...each].join('\n')}\n`)
    const rest = subjects.length - MAX_AT_ONCE
    if (rest > 0) terminal.err(`${MAX_AT_ONCE} votes are signed in one go. ${rest} more are left: say it again after this.\n`)
    if (count === 0) throw new AppError('vote.refused', 'There is nothing to sign: all of it is left out, as said above.')
    const keyId = await readyKey(opened, review, options, `Passphrase. ${shown.action} (Ctrl-C leaves all unsigned)`)
    const ask = { network: opened.network(), text, keyId, confirmed, count, sumUnits: sumUnits.toString() }
    const { votes: signed } = await opened.run('votes.signMany', ask)
    const lines = [...signed, ...text.split('\n').slice(count), '']
    if (options.out !== undefined) writeFileSync(options.out, lines.join('\n'))
    const where = options.out === undefined ? 'granary votes export hands them out.' : `Written to ${options.out}.`
    say({ votes: signed, count, sumUnits }, `Signed: ${countText(count, 'vote')} for ${amountText(sumUnits)}. ${where}\n`)
  }

  about(below('export', 'votes with what they rest on, one a line; without --period or --mint all that are open'))
    .option('--unsigned', 'a statement for a signer whose key is elsewhere, to be signed there with: votes sign --statement FILE')
    .option('--signer <name>', 'with --unsigned: for which signer')
    .option('--out <file>', 'default standard output')
    .action((options: SignOptions & { unsigned?: boolean }) =>
      using('read', options, async opened => {
        const isOne = options.period !== undefined || options.mint !== undefined
        const text = options.unsigned
          ? `${(await reviewFor(opened, options)).text}\n`
          : (await opened.answers['votes.export'](isOne ? { subject: opened.subject(options) } : {})).text
        if (options.out === undefined) terminal.out(terminal.json ? jsonText({ text }) : text)
        else {
          writeFileSync(options.out, text)
          say({ out: options.out }, `Written to ${options.out}.\n`)
        }
      }),
    )

  below('import', 'take over the votes of files; those that can’t count here are refused with the reason')
    .argument('<file...>', 'files of votes; - reads standard input')
    .action((files: string[], options: FolderOptions) =>
      using('write', options, async opened => {
        const all: (VoteImport & { file: string })[] = []
        for (const file of files) {
          const done = await opened.run('votes.import', { network: opened.network(), text: readInput(file) })
          all.push({ file, ...done })
          if (!terminal.json) terminal.out(`${file}: ${importText(done)}\n`)
          for (const { line, message } of done.refused) if (!terminal.json) terminal.out(`  line ${line}: ${message}\n`)
          if (done.refused.length > 0) onWrong()
        }
        if (terminal.json) terminal.out(jsonText({ files: all }))
      }),
    )

  below('signers', 'who may vote, and how many equal votes it takes; with options it is changed, which makes open votes void')
    .option('--file <file>', 'take over a signers’ file')
    .option(
      '--signer <name=kind:key...>',
      'these signers in place of the present ones: NAME=sr25519:ADDRESS, NAME=ed25519:0xKEY, NAME=stellar:G…',
    )
    .addOption(new Option('--threshold <m>', 'equal votes that it takes, more than half').argParser(wholeNumber))
    .option('--genesis <hash>', 'hash of the chain’s block 0, where it is not known here')
    .addOption(new Option('--serial <n>', 'the set’s number; default the next one').argParser(wholeNumber))
    .option('--export <file>', 'write the signers’ file, for the other signers’ machines')
    .action(async (options: SignersOptions) => {
      const isChange = [options.file, options.signer, options.threshold, options.genesis, options.serial].some(value => value !== undefined)
      await using(isChange ? 'write' : 'read', withFilesNetwork(options), async opened => {
        if (isChange) {
          const { network, set } = await setFor(opened, options)
          await opened.run('votes.setSigners', { network, set })
        }
        const shown = await opened.answers['votes.signers']({})
        if (options.export !== undefined) writeFileSync(options.export, (await opened.answers['votes.signersFile']({})).text)
        say(shown, signersText(shown))
      })
    })
}

const using = createUsing(async ask => (await loadVotes()).openVotes(ask))

async function reviewFor(opened: OpenVotes, options: SignOptions): Promise<VoteReview> {
  const { statement, amount, payouts } = options
  if (statement !== undefined) return opened.answers['votes.review']({ text: readInput(statement) })
  const amountUnits = amount === undefined ? undefined : unitsFromTft(amount.trim())
  if (amountUnits === null) throw new AppError('usage', '--amount takes TFT with up to 7 decimals, such as 279.425.')
  const subject = opened.subject(options)
  const { kind, publicKey } = await opened.signer(options.signer)
  const proposal = payouts === undefined ? undefined : readInput(payouts)
  return opened.answers['votes.prepare']({ subject, signer: { kind, publicKey }, amountUnits, payouts: proposal })
}

/** What a signer whose key is here has not voted on, of what Granary works out, in the order of the list. */
async function notVoted({ answers }: OpenVotes, name: string): Promise<VoteSubject[]> {
  const found: VoteSubject[] = []
  for (let offset = 0; ; offset += MAX_AT_ONCE) {
    const { rows, total } = await answers['votes.list']({ offset, limit: MAX_AT_ONCE })
    for (const { subject, ownUnits, waitingFor } of rows) if (ownUnits !== null && waitingFor.includes(name)) found.push(subject)
    if (offset + MAX_AT_ONCE >= total) return found
  }
}

function keyFor({ keys, signerName }: Pick<VoteReview, 'keys' | 'signerName'>, wanted: string | undefined): string {
  return chooseKey(keys, wanted, {
    whose: `"${cleanName(signerName)}"`,
    otherwise: 'Import it (granary keys import), or export the statement (granary votes export --unsigned) and sign it where the key is.',
  })
}

/** A file brings its network where the data folder has none. */
function withFilesNetwork(options: SignersOptions): SignersOptions {
  if (options.file === undefined) return options
  const { network } = readSignersFile(readInput(options.file))
  if (options.network !== undefined && options.network !== network)
    throw new AppError('usage', `The file is of network "${network}", not "${options.network}". Nothing was changed.`)
  return { ...options, network }
}

async function setFor(opened: OpenVotes, options: SignersOptions): Promise<{ network: string; set: SignerSet }> {
  if (options.file !== undefined) {
    if (options.signer ?? options.threshold ?? options.genesis ?? options.serial)
      throw new AppError('usage', 'A signers’ file says all of it. Leave the other options out.')
    return readSignersFile(readInput(options.file))
  }
  const { readSigner } = await loadVotes()
  const { set: before, genesis: known } = await opened.answers['votes.signers']({})
  const genesis = (options.genesis ?? before?.genesis ?? known ?? '').replace(/^0x/i, '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(genesis))
    throw new AppError('usage', 'The hash of this chain’s block 0 is not known here. Follow the chain once, or give it: --genesis 0x….')
  const signers = options.signer ? await Promise.all(options.signer.map(text => readSigner(opened, text))) : (before?.signers ?? [])
  const threshold = options.threshold ?? (options.signer ? Math.floor(signers.length / 2) + 1 : (before?.threshold ?? 1))
  const after = { genesis, threshold, signers }
  return { network: opened.network(), set: { ...after, serial: options.serial ?? nextSerial(before, after) } }
}

function listText({ network, rows, total, trigger }: QueryOutput<'votes.list'>): string {
  if (network === null) return 'No network is known here yet.\n'
  const cells = rows.map(row => [
    subjectText(row.subject),
    row.state,
    String(row.votes),
    String(row.agreeing),
    row.ownUnits === null ? '-' : tftExact(row.ownUnits),
    row.waitingFor.map(cleanName).join(', ') || '-',
  ])
  const list = table(['subject', 'state', 'votes', 'agree', 'TFT', 'waits for'], cells, 'There is nothing to vote on.')
  const more = total > rows.length ? `${total - rows.length} more are not shown.\n` : ''
  return `${list}${more}Trigger: ${trigger}.\n`
}

function matrixText(matrix: VoteMatrix): string {
  const { subject, state, own, ownWhy, threshold, cells, outcomes, executed, verified } = matrix
  const rows = cells.map(({ signer, vote }) => [
    cleanName(signer.name),
    vote ? tftExact(vote.choice.amountUnits) : '-',
    vote ? vote.choice.planHash.slice(0, 16) : '-',
    vote ? formatUtc(vote.castTs) : '-',
    vote ? (vote.counts ? 'counts' : vote.why) : 'did not vote',
    vote ? (vote.basis.length === 0 ? 'not told' : vote.singleWord === null ? 'several endpoints' : 'one word') : '-',
  ])
  const lines = [
    `Votes on ${subjectText(subject)}: ${state}`,
    own ? `Granary works out ${choiceText(own)}` : ownWhy,
    ...(verified ? ['Only votes equal to that count.'] : []),
    table(['signer', 'TFT', 'plan', 'cast', 'state', 'rests on'], rows, 'No signers.').trimEnd(),
    ...outcomes.map(
      ({ choice, signers, enough, isOwn }) =>
        `${signers.length} ${signers.length === 1 ? 'vote' : 'votes'} (${threshold} needed) for ${choiceText(choice)}${isOwn ? ', as Granary works it out' : ''}${enough ? ': agreed' : ''} (${signers.map(cleanName).join(', ')})`,
    ),
    ...(executed === '' ? [] : [`Executed: ${executed}`]),
  ]
  return `${lines.join('\n')}\n`
}

function reviewText(review: VoteReview): string {
  return `${reviewLines(voteSignReview(review)).join('\n')}\n`
}

function signersText({ network, set, signersHash, voided, open }: QueryOutput<'votes.signers'>): string {
  if (!set)
    return `Network ${network ?? '(none known yet)'} has no signers with keys. Enter them: granary votes signers --signer NAME=KIND:KEY … --threshold M\n`
  const lines = [
    `Signers of ${network}, number ${set.serial}, 0x${signersHash}`,
    `${set.threshold} equal votes of ${set.signers.length} decide. Chain: 0x${set.genesis}`,
    ...set.signers.map(({ name, kind, publicKey }) => `  ${cleanName(name)}  ${kind}  0x${publicKey}`),
    `${open} open ${open === 1 ? 'vote' : 'votes'}; ${voided} void.`,
  ]
  return `${lines.join('\n')}\n`
}
