import { ActionIcon, Button, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useRef, useState } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { MAX_PRICES_CHARS } from '../../src-shared/exports-contract.ts'
import { currencySchema, type PriceImport, type PriceList } from '../../src-shared/statement.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { formatCount } from '../format.ts'
import { IconClose, IconImport } from '../icons.tsx'
import { texts } from '../texts.ts'
import classes from './exports.module.css'
import page from './page.module.css'

const words = texts.exports.prices

/** Which prices are here; a file of one's own to take in, all of it or nothing. */
export function PricesPanel({ prices, onImported }: { prices: PriceList[]; onImported: (currency: string) => void }) {
  const [error, setError] = useState<AppError | null>(null)
  const [done, setDone] = useState<PriceImport | null>(null)
  const attempt = <T,>(work: Promise<T>, then: (value: T) => void) => {
    setError(null)
    setDone(null)
    work.then(then, (reason: unknown) => setError(toAppError(reason)))
  }
  const remove = (currency: string) =>
    attempt(command('prices.remove', { currency }), () => notifications.show({ message: words.removed(currency) }))
  return (
    <section className={page.panel} aria-label={words.title}>
      <h2>{words.title}</h2>
      <p className={page.dim}>{words.what}</p>
      {prices.length === 0 ? <p>{words.none}</p> : prices.map(one => <Kept key={one.currency} list={one} onRemove={remove} />)}
      <ImportForm
        onChoose={(currency, file) =>
          attempt(bring(currency, file), found => {
            setDone(found)
            onImported(found.currency)
          })
        }
      />
      <div role="status">{done ? <Done found={done} /> : null}</div>
      {error ? <ErrorPanel error={error} title={words.failed} safe={words.safe} /> : null}
    </section>
  )
}

function Kept({ list: { currency, days, firstDay, lastDay, gaps }, onRemove }: { list: PriceList; onRemove: (currency: string) => void }) {
  return (
    <div className={classes.prices}>
      <strong>{currency}</strong>
      <span>{words.span(formatCount(days), firstDay, lastDay)}</span>
      <span className={page.dim}>{gaps === 0 ? words.whole : words.gaps(formatCount(gaps))}</span>
      <ActionIcon aria-label={words.remove(currency)} title={words.remove(currency)} onClick={() => onRemove(currency)}>
        <IconClose size={14} />
      </ActionIcon>
    </div>
  )
}

function Done({ found: { currency, added, changed, unchanged, gapDays } }: { found: PriceImport }) {
  return (
    <>
      <Note state="up">{words.imported(currency, formatCount(added), formatCount(changed), formatCount(unchanged))}</Note>
      {gapDays > 0 ? <Note state="at-risk">{words.importGaps(formatCount(gapDays))}</Note> : null}
    </>
  )
}

function ImportForm({ onChoose }: { onChoose: (currency: string, file: File) => void }) {
  const chooser = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const parsed = currencySchema.safeParse(text)
  return (
    <div className={classes.fields}>
      <TextInput
        label={words.currency}
        placeholder={words.currencyHint}
        value={text}
        maxLength={10}
        error={text !== '' && !parsed.success ? words.currencyWrong : undefined}
        onChange={event => setText(event.currentTarget.value)}
      />
      <input
        ref={chooser}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={words.import}
        onChange={event => {
          const [file] = event.currentTarget.files ?? []
          // the same file, mended, can be chosen again
          event.currentTarget.value = ''
          if (file && parsed.success) onChoose(parsed.data, file)
        }}
      />
      <Button
        h={32}
        w="auto"
        variant="default"
        leftSection={<IconImport />}
        disabled={!parsed.success}
        onClick={() => chooser.current?.click()}
      >
        {words.import}
      </Button>
    </div>
  )
}

async function bring(currency: string, file: File): Promise<PriceImport> {
  const text = file.size > MAX_PRICES_CHARS ? null : await file.text()
  if (text === null) throw new AppError('usage', words.tooLarge)
  return command('prices.import', { currency, text })
}
