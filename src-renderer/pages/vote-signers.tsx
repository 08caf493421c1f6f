import { Button, NumberInput, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useState } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { nextSerial, readSignersFile } from '../../src-shared/vote-signers.ts'
import { MAX_SIGNERS, type SignerSet } from '../../src-shared/votes-contract.ts'
import { command, query } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { downloadText } from '../format.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import settings from './settings.module.css'
import { TextFileButton } from './vote-exchange.tsx'
import classes from './votes.module.css'

const words = texts.votes
const KINDS = ['sr25519', 'ed25519', 'stellar'] as const
type Kind = (typeof KINDS)[number]

/** A signer as it is being entered. */
interface Entry {
  id: number
  name: string
  kind: Kind
  key: string
}

async function keep(network: string, set: SignerSet): Promise<void> {
  const { voided } = await command('votes.setSigners', { network, set })
  notifications.show({ message: words.savedSigners(voided) })
  closeSheet()
}

/** Takes over the signers of another signer's machine, also where no network is known here yet. */
export function TakeSignersFile() {
  const take = (read: Promise<string>) => {
    read
      .then(text => {
        const { network, set } = readSignersFile(text)
        return keep(network, set)
      })
      .catch((error: unknown) => notifications.show({ title: words.failed, message: toAppError(error).message, autoClose: false }))
  }
  return <TextFileButton label={words.takeFile} onText={take} />
}

/** Who may vote, and M. */
export function SignersForm({ signers, readOnly }: { signers: QueryOutput<'votes.signers'>; readOnly: boolean }) {
  const { network, set, signersHash, voided, open } = signers
  const kept = set?.signers.map(({ name, kind, publicKey }, id): Entry => ({ id, name, kind, key: `0x${publicKey}` }))
  const [entries, setEntries] = useState<Entry[]>(kept ?? [emptyEntry(0)])
  const [threshold, setThreshold] = useState(set?.threshold ?? 1)
  const [genesis, setGenesis] = useState(set?.genesis ?? signers.genesis ?? '')
  const [tried, setTried] = useState(false)
  const sending = useSend()
  const plainGenesis = genesis.trim().replace(/^0x/i, '').toLowerCase()
  const isGenesis = /^[0-9a-f]{64}$/.test(plainGenesis)
  const change = (id: number, part: Partial<Entry>) => setEntries(entries.map(entry => (entry.id === id ? { ...entry, ...part } : entry)))
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!isGenesis || entries.some(({ name, key }) => name.trim() === '' || key.trim() === '')) return
    sending.send(async () => {
      const read = await Promise.all(
        entries.map(({ name, kind, key }) => query('votes.readSigner', { name: name.trim(), kind, key: key.trim() })),
      )
      const after = { genesis: plainGenesis, threshold, signers: read }
      await keep(network ?? '', { ...after, serial: nextSerial(set, after) })
    })
  }
  const saveFile = () =>
    sending.send(async () => {
      const { fileName, text } = await query('votes.signersFile', {})
      downloadText(fileName, text, 'application/json')
    })
  return (
    <form className={page.form} aria-label={words.signersTitle} onSubmit={save} noValidate>
      <p className={page.dim}>{words.signersHow}</p>
      {set ? (
        <dl className={settings.facts}>
          <div>
            <dt>{words.number}</dt>
            <dd>{set.serial}</dd>
          </div>
          <div>
            <dt>{words.fingerprint}</dt>
            <dd className={`${settings.wrap} ${page.hash}`}>{signersHash}</dd>
          </div>
        </dl>
      ) : null}
      {entries.map((entry, at) => (
        <SignerFields
          key={entry.id}
          entry={entry}
          n={at + 1}
          tried={tried}
          readOnly={readOnly}
          onChange={part => change(entry.id, part)}
          onRemove={() => setEntries(entries.filter(({ id }) => id !== entry.id))}
        />
      ))}
      <div>
        <Button
          variant="default"
          disabled={readOnly || entries.length >= MAX_SIGNERS}
          onClick={() => setEntries([...entries, emptyEntry(Math.max(-1, ...entries.map(({ id }) => id)) + 1)])}
        >
          {words.add}
        </Button>
      </div>
      <NumberInput
        label={words.threshold}
        description={words.thresholdHint}
        value={threshold}
        onChange={value => setThreshold(typeof value === 'number' ? value : 1)}
        min={1}
        max={MAX_SIGNERS}
        clampBehavior="strict"
        allowDecimal={false}
        allowNegative={false}
        disabled={readOnly}
      />
      <TextInput
        label={words.genesis}
        description={words.genesisHint}
        value={genesis}
        error={tried && !isGenesis ? words.genesisWrong : null}
        disabled={readOnly || signers.genesis !== null}
        spellCheck={false}
        autoComplete="off"
        onChange={event => setGenesis(event.currentTarget.value)}
      />
      <p className={page.dim}>
        {set ? words.signersVoid(open) : null} {voided > 0 ? words.voided(voided) : null}
      </p>
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy} disabled={readOnly}>
          {words.saveSigners}
        </Button>
        {set ? (
          <Button variant="default" onClick={saveFile}>
            {words.saveFile}
          </Button>
        ) : null}
        {readOnly ? null : <TakeSignersFile />}
      </div>
    </form>
  )
}

function emptyEntry(id: number): Entry {
  return { id, name: '', kind: 'sr25519', key: '' }
}

function SignerFields(props: {
  entry: Entry
  n: number
  tried: boolean
  readOnly: boolean
  onChange: (part: Partial<Entry>) => void
  onRemove: () => void
}) {
  const { entry, n, tried, readOnly, onChange, onRemove } = props
  const missing = (text: string) => (tried && text.trim() === '' ? words.missing : null)
  return (
    <fieldset className={classes.signer} disabled={readOnly}>
      <legend>{words.signerOf(n)}</legend>
      <TextInput
        label={words.name}
        value={entry.name}
        error={missing(entry.name)}
        maxLength={100}
        autoComplete="off"
        onChange={event => onChange({ name: event.currentTarget.value })}
      />
      <Select
        label={words.kind}
        data={KINDS.map(value => ({ value, label: words.kinds[value] }))}
        value={entry.kind}
        onChange={value => onChange({ kind: KINDS.find(kind => kind === value) ?? 'sr25519' })}
        allowDeselect={false}
      />
      <TextInput
        className={classes.wide ?? ''}
        label={words.publicKey}
        description={words.publicKeyHint}
        value={entry.key}
        error={missing(entry.key)}
        maxLength={100}
        spellCheck={false}
        autoComplete="off"
        onChange={event => onChange({ key: event.currentTarget.value })}
      />
      <div className={classes.wide}>
        <Button variant="default" h={32} aria-label={words.takeOut(entry.name.trim())} onClick={onRemove}>
          {words.takeOutShort}
        </Button>
      </div>
    </fieldset>
  )
}
