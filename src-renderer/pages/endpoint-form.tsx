import { Button, Select, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { endpointSchema, type Network, networkNameSchema } from '../../src-shared/sync.ts'
import { command } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync.networks
const newNetwork = ' new'

/**
 * Adds an endpoint to a network, or a network by its first endpoint: asked who it is before it is saved. `onAdded` gets the
 * network's name.
 */
export function EndpointForm({
  networks,
  network,
  disabled = false,
  onAdded,
}: {
  networks: Network[]
  network?: string | undefined
  disabled?: boolean
  onAdded?: (network: string) => void
}) {
  const [chosen, setChosen] = useState(network ?? networks[0]?.name ?? newNetwork)
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [shown, setShown] = useState(false)
  const isNew = chosen === newNetwork
  const into = isNew ? name.trim() : chosen
  const problems = {
    name: isNew ? (networks.some(one => one.name === into) ? words.taken(into) : problemOf(networkNameSchema.safeParse(into))) : null,
    url: problemOf(endpointSchema.safeParse(url.trim())),
  }
  const adding = useAsk(async (input: { network: string; url: string }, signal) => {
    const answer = await command('network.addEndpoint', input, { signal })
    setUrl('')
    setShown(false)
    onAdded?.(input.network)
    return answer
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setShown(true)
    if (problems.name === null && problems.url === null) adding.run({ network: into, url: url.trim() })
  }
  return (
    <form className={page.form} onSubmit={submit} noValidate aria-label={words.add}>
      <Select
        label={words.addNetwork}
        data={[...networks.map(one => ({ value: one.name, label: one.title || one.name })), { value: newNetwork, label: words.newNetwork }]}
        value={chosen}
        onChange={value => setChosen(value ?? newNetwork)}
        allowDeselect={false}
        disabled={disabled}
      />
      {isNew ? (
        <TextInput
          label={words.newName}
          description={words.newNameHint}
          value={name}
          error={shown ? problems.name : null}
          onChange={event => setName(event.currentTarget.value)}
          disabled={disabled}
          spellCheck={false}
          autoComplete="off"
        />
      ) : null}
      <TextInput
        label={words.url}
        description={words.urlHint}
        value={url}
        error={shown ? problems.url : null}
        onChange={event => setUrl(event.currentTarget.value)}
        disabled={disabled}
        spellCheck={false}
        autoComplete="off"
        inputMode="url"
      />
      {adding.busy && adding.input ? (
        <Asking what={words.checking(adding.input.url)} onCancel={adding.cancel} />
      ) : (
        <div>
          <Button type="submit" variant="default" h={32} disabled={disabled}>
            {words.check}
          </Button>
        </div>
      )}
      {adding.error ? <ErrorPanel error={adding.error} title={words.failed} safe={words.failedSafe} /> : null}
      {adding.answer && adding.input ? (
        <div role="status">
          <StateMark state="up" word={words.added(adding.input.network)} />
          <div className={classes.small}>
            <span>{words.spec(adding.answer.specVersion)}</span>
            <span>{adding.answer.archive ? words.archive : words.notArchive}</span>
            <span className={classes.hash}>
              {words.genesis} {adding.answer.genesis}
            </span>
          </div>
        </div>
      ) : null}
    </form>
  )
}

function problemOf(parsed: { success: boolean; error?: { issues: { message: string }[] } | undefined }): string | null {
  if (parsed.success) return null
  const message = parsed.error?.issues.at(-1)?.message ?? ''
  return message.charAt(0).toUpperCase() + message.slice(1)
}
