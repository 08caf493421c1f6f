import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useEffect, useRef, useState } from 'react'
import { command, useQuery } from '../api.ts'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { SheetForm, useSend } from './key-forms.tsx'
import classes from './keys.module.css'
import page from './page.module.css'

const words = texts.keys

/** The words of a key that was just made; they are gone with this sheet. */
export function NewWords({ made, address, onWritten }: { made: string; address: string; onWritten: () => void }) {
  return (
    <div className={page.stack}>
      <p>{words.madeHow(address)}</p>
      <ol className={classes.words} translate="no" aria-label={words.made}>
        {made.split(' ').map((word, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a word's place is what it is known by, and one may stand twice
          <li key={at}>{word}</li>
        ))}
      </ol>
      <div className={page.buttons}>
        <Button onClick={onWritten}>{words.written}</Button>
      </div>
    </div>
  )
}

/** Asks three words back; after wrong ones the core asks for others. */
export function ConfirmForm({ keyId, ask }: { keyId: string; ask: readonly number[] }) {
  const listed = useQuery('keys.list', {}, ['keys']).data?.keys.find(key => key.keyId === keyId)
  const places = listed ? (listed.ask ?? []) : ask
  const entries = useRef(new Map<number, SecretHandle>())
  const sending = useSend()
  const give = () =>
    sending.send(async () => {
      const given = places.map(place => entries.current.get(place)?.take() ?? '')
      await command('keys.confirmWords', { keyId, words: given })
      notifications.show({ message: words.confirmed })
      closeSheet()
    })
  return (
    <SheetForm name={words.confirm} how={words.confirmHow} action={words.nextAction} sending={sending} onSubmit={give}>
      {places.map((place, at) => (
        <WordEntry key={place} place={place} autoFocus={at === 0} entries={entries.current} />
      ))}
    </SheetForm>
  )
}

function WordEntry({ place, autoFocus, entries }: { place: number; autoFocus: boolean; entries: Map<number, SecretHandle> }) {
  const ref = useRef<SecretHandle>(null)
  const [label] = useState(words.fields.word(place))
  useEffect(() => {
    if (ref.current) entries.set(place, ref.current)
    return () => void entries.delete(place)
  }, [entries, place])
  return <SecretEntry ref={ref} label={label} autoFocus={autoFocus} />
}
