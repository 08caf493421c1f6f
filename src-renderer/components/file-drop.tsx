import { Button, type ButtonProps } from '@mantine/core'
import { Dropzone } from '@mantine/dropzone'
import { useEffect, useRef, useState } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { IconImport } from '../icons.tsx'
import page from '../pages/page.module.css'
import { ErrorPanel } from './error-panel.tsx'
import classes from './file-drop.module.css'

export interface FileDropWords {
  drop: string
  /** which files, under it */
  dropWhat: string
  choose: string
  /** the field's name for screen readers */
  field: string
  /** what is said where something else than files is dropped */
  onlyFiles: string
  /** what is safe then */
  safe?: string
}

interface FileDropProps {
  words: FileDropWords
  onFiles: (files: File[]) => void
  /** another way to choose than the browser's dialog; null where there is none */
  choose?: (() => Promise<void>) | null
  variant?: ButtonProps['variant']
}

/** Takes files that are dropped on it or chosen. */
export function FileDrop({ words, onFiles, choose = null, variant = 'filled' }: FileDropProps) {
  const openDialog = useRef<() => void>(null)
  const [error, setError] = useState<AppError | null>(null)
  // a file that misses the field must not replace the whole page
  useEffect(() => {
    const refuse = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
    }
    window.addEventListener('dragover', refuse)
    window.addEventListener('drop', refuse)
    return () => {
      window.removeEventListener('dragover', refuse)
      window.removeEventListener('drop', refuse)
    }
  }, [])
  const onChoose = () => {
    setError(null)
    if (choose) choose().catch((reason: unknown) => setError(toAppError(reason)))
    else openDialog.current?.()
  }
  return (
    <>
      <Dropzone
        className={classes.drop ?? ''}
        openRef={openDialog}
        onDrop={files => {
          setError(null)
          onFiles(files)
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
          <Button variant={variant} onClick={onChoose}>
            {words.choose}
          </Button>
        </div>
      </Dropzone>
      {error ? <ErrorPanel error={error} {...(words.safe === undefined ? {} : { safe: words.safe })} /> : null}
    </>
  )
}
