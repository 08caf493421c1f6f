import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { ChainFileReview, ChainReview, ChainTextFile } from '../../src-shared/chain-contract.ts'
import { command, query } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { mustConfirm, ReviewBody } from '../components/review-sheet.tsx'
import { downloadText } from '../format.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { SignWithKey } from './sign-with-key.tsx'

const words = texts.chain

/** `offline`: it is signed on another machine, also where its key is here. */
export function openChainReview(made: ChainReview, offline = false): void {
  const { keyId, name } = made.request.signer
  const body = offline || keyId === null ? <SignElsewhere made={made} /> : <SignHere made={made} keys={[{ keyId, name }]} />
  openSheet({ title: texts.review.title, body })
}

/** A call of another machine's file, and the signature that goes back. */
export function openChainFile(text: string, shown: ChainFileReview): void {
  openSheet({ title: texts.review.title, body: <SignFile text={text} shown={shown} /> })
}

function say(message: string): void {
  notifications.show({ message })
}

function save({ fileName, text }: ChainTextFile): void {
  downloadText(fileName, text, 'application/json')
}

function SignHere({ made, keys }: { made: ChainReview; keys: readonly { keyId: string; name: string }[] }) {
  const { requestId, payloadHash } = made.request
  const sign = async () => {
    await command('chain.sign', { requestId, payloadHash })
    await command('chain.submit', { requestId })
    say(words.sent)
    closeSheet()
  }
  return (
    <div className={page.stack}>
      <p className={page.dim}>{words.reviewWhat}</p>
      <SignWithKey review={made.review} keys={keys} reopen={() => openChainReview(made)} onSign={sign} />
    </div>
  )
}

function SignElsewhere({ made: { request, review } }: { made: ChainReview }) {
  const sending = useSend()
  const { requestId } = request
  return (
    <div className={page.stack}>
      <ReviewBody review={review} />
      <p>{words.elsewhere}</p>
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
      <div className={page.buttons}>
        <Button loading={sending.busy} onClick={() => sending.send(async () => save(await query('chain.file', { requestId })))}>
          {words.saveFile}
        </Button>
      </div>
    </div>
  )
}

function SignFile({ text, shown }: { text: string; shown: ChainFileReview }) {
  const { review, keys, payloadHash } = shown
  if (keys.length === 0)
    return (
      <div className={page.stack}>
        <ReviewBody review={review} />
        <p>{words.fileNoKey}</p>
      </div>
    )
  const sign = async (keyId: string) => {
    save(await command('chain.signFile', { text, payloadHash, keyId, confirmed: mustConfirm(review) }))
    say(words.fileSigned)
    closeSheet()
  }
  return <SignWithKey review={review} keys={keys} reopen={() => openChainFile(text, shown)} onSign={sign} />
}
