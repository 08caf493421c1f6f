import { Button } from '@mantine/core'
import { useRef, useState } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { MAX_TRANSFERS_BYTES } from '../../src-shared/vault-contract.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { formatCount } from '../format.ts'
import { IconImport } from '../icons.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.vault

/** Takes a CSV file of transfers, all of it or nothing; what came of it, or the line and column that are wrong, stands in the side sheet. */
export function ImportTransfers({ network, disabled }: { network: string; disabled: boolean }) {
  const chooser = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const take = (file: File) => {
    const name = cleanName(file.name)
    setBusy(true)
    bring(network, file)
      .then(
        ({ added, unchanged }) => <StateMark state="up" word={words.imported(name, formatCount(added), formatCount(unchanged))} />,
        (reason: unknown) => <ErrorPanel error={toAppError(reason)} title={words.importTitle(name)} safe={words.importSafe} />,
      )
      .then(body =>
        openSheet({
          title: words.import,
          body: (
            <div className={page.stack} role="status">
              {body}
              <p className={page.dim}>{words.importHow}</p>
            </div>
          ),
        }),
      )
      .finally(() => setBusy(false))
  }
  return (
    <>
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
          if (file) take(file)
        }}
      />
      <Button
        variant="default"
        h={32}
        leftSection={<IconImport />}
        title={words.importHow}
        disabled={disabled}
        loading={busy}
        onClick={() => chooser.current?.click()}
      >
        {words.import}
      </Button>
    </>
  )
}

async function bring(network: string, file: File): Promise<{ added: number; unchanged: number }> {
  const text = file.size > MAX_TRANSFERS_BYTES ? null : await file.text()
  if (text === null || new Blob([JSON.stringify(text)]).size > MAX_TRANSFERS_BYTES) throw new AppError('usage', words.tooLarge)
  return command('vault.importTransfers', { network, text })
}
