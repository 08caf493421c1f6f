import { Button, Checkbox, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FileDrop } from '../components/file-drop.tsx'
import { texts } from '../texts.ts'
import { beginAudit } from './audit-run.ts'
import page from './page.module.css'

const words = texts.audit

/** What is to be audited: a period of the own store, or files of others. */
export function AuditBegin() {
  const periods = useQuery('periods.list', {}, ['facts', 'results'])
  const [chosen, setChosen] = useState<string | null>(null)
  const [stellar, setStellar] = useState(false)
  const over = (periods.data ?? []).filter(({ running }) => !running).sort((a, b) => b.index - a.index)
  const index = chosen ?? String(over[0]?.index ?? '')
  return (
    <>
      <Checkbox
        label={words.stellar}
        description={words.stellarWhat}
        checked={stellar}
        onChange={event => setStellar(event.currentTarget.checked)}
      />
      <section className={page.panel} aria-label={words.ofPeriod}>
        <h2>{words.ofPeriod}</h2>
        {periods.error ? <ErrorPanel error={periods.error} onRetry={periods.refetch} /> : null}
        {over.length === 0 ? (
          <p className={page.dim}>{periods.data ? words.noPeriod : ''}</p>
        ) : (
          <div className={page.buttons}>
            <NativeSelect
              aria-label={words.choosePeriod}
              value={index}
              onChange={event => setChosen(event.currentTarget.value)}
              data={over.map(period => ({ value: String(period.index), label: `${words.period} ${period.index}` }))}
            />
            <Button h={36} onClick={() => void beginAudit({ period: Number(index), files: [], stellar })}>
              {words.begin(index)}
            </Button>
          </div>
        )}
      </section>
      <section className={page.panel} aria-label={words.ofFiles}>
        <h2>{words.ofFiles}</h2>
        <FileDrop words={words} variant="default" onFiles={files => void beginAudit({ period: null, files, stellar })} />
      </section>
    </>
  )
}
