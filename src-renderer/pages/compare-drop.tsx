import { Button } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useRef, useState } from 'react'
import { AppError } from '../../src-shared/errors.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { IconImport } from '../icons.tsx'
import { texts } from '../texts.ts'
import { compareWith } from './compare-files.ts'
import classes from './import.module.css'
import page from './page.module.css'

const words = texts.compare

/** Takes another signer's files. */
export function CompareDrop({ period }: { period: number }) {
  const choose = useRef<() => void>(null)
  const [error, setError] = useState<AppError | null>(null)
  return (
    <>
      <Dropzone
        className={classes.drop ?? ''}
        openRef={choose}
        onDrop={files => {
          setError(null)
          void compareWith(period, files)
        }}
        onReject={() => setError(new AppError('usage', words.onlyFiles))}
        activateOnClick={false}
        activateOnKeyboard={false}
        enablePointerEvents
        useFsAccessApi={false}
        inputProps={{ 'aria-label': words.field }}
      >
        <div className={classes.dropInner}>
          <IconImport size={24} />
          <p>
            <strong>{words.drop}</strong>
            <br />
            <span className={page.dim}>{words.dropWhat}</span>
          </p>
          <Button onClick={() => choose.current?.()}>{words.choose}</Button>
        </div>
      </Dropzone>
      {error ? <ErrorPanel error={error} safe={words.safe} /> : null}
    </>
  )
}
