import { Button, Checkbox, Select } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { voteSignReview } from '../../src-shared/review-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import { amountText, choiceText } from '../../src-shared/vote-text.ts'
import type { VoteCell, VoteReview } from '../../src-shared/votes-contract.ts'
import { command, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { QrPicture } from '../components/qr-picture.tsx'
import { ReviewBody } from '../components/review-sheet.tsx'
import { downloadText } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { UnlockForm, useSend } from './key-forms.tsx'
import page from './page.module.css'
import settings from './settings.module.css'
import classes from './votes.module.css'

const words = texts.votes

/** `onSigned`: where to go then. */
export function openReview(review: VoteReview, network: string, onSigned: () => void): void {
  openSheet({ title: words.reviewTitle, body: <ReviewSheet review={review} network={network} onSigned={onSigned} /> })
}

/** What will be signed, field by field as its bytes say it; what there is to think about; and the signature. */
function ReviewSheet({ review, network, onSigned }: { review: VoteReview; network: string; onSigned: () => void }) {
  const { hash, singleWord, keys, statement, signerName, text } = review
  const [keyId, setKeyId] = useState(keys[0]?.keyId ?? null)
  const [confirmed, setConfirmed] = useState(false)
  const [tried, setTried] = useState(false)
  const sending = useSend()
  const unlocked = useQuery('keys.list', {}, ['keys']).data?.keys.find(key => key.keyId === keyId)?.unlocked === true
  const mustConfirm = singleWord !== null && !confirmed
  const sign = () => {
    setTried(true)
    if (keyId === null || mustConfirm) return
    sending.send(async () => {
      await command('votes.sign', { network, text, keyId, confirmed })
      notifications.show({ message: words.signed, closeButtonProps: { 'aria-label': texts.sheet.close } })
      onSigned()
    })
  }
  const unlock = () =>
    openSheet({
      title: words.unlockFirst,
      body: <UnlockForm {...(keyId !== null && { keyId })} onDone={() => openReview(review, network, onSigned)} />,
    })
  return (
    <div className={page.stack}>
      <ReviewBody review={voteSignReview(review)} />
      {singleWord === null ? null : (
        <div>
          <Checkbox
            label={words.confirm}
            checked={confirmed}
            error={tried && mustConfirm ? words.confirmMissing : null}
            onChange={event => setConfirmed(event.currentTarget.checked)}
          />
        </div>
      )}
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
      {keys.length === 0 ? (
        <Elsewhere text={text} fileName={`statement-${hash.slice(0, 12)}.txt`} />
      ) : (
        <div className={page.stack}>
          {keys.length > 1 ? (
            <Select
              label={words.key}
              data={keys.map(key => ({ value: key.keyId, label: cleanName(key.name) }))}
              value={keyId}
              onChange={setKeyId}
              allowDeselect={false}
            />
          ) : null}
          <div className={page.buttons}>
            {unlocked ? (
              <Button loading={sending.busy} onClick={sign} h="auto" mih={36} py={6}>
                {words.sign(amountText(statement.amountUnits), cleanName(signerName))}
              </Button>
            ) : (
              <Button onClick={unlock}>{words.unlockFirst}</Button>
            )}
          </div>
        </div>
      )}
    </div>
  )
}

function Rests({ basis }: { basis: readonly string[] }) {
  return (
    <section aria-label={words.rests}>
      <h3>{words.rests}</h3>
      {basis.length === 0 ? (
        <p>{words.restsUnknown}</p>
      ) : (
        <ul className={classes.list}>
          {basis.map(sentence => (
            <li key={sentence} className={settings.wrap}>
              {sentence}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** The statement on its way to the machine that has the key. */
function Elsewhere({ text, fileName }: { text: string; fileName: string }) {
  return (
    <div className={page.stack}>
      <p>{words.noKey}</p>
      <div className={page.buttons}>
        <Button variant="default" onClick={() => downloadText(fileName, `${text}\n`, 'text/plain')}>
          {words.saveStatement}
        </Button>
        <CopyButton text={text} label={texts.table.copy} name={words.copyStatement} />
      </div>
      <Qr text={text.split('\n')[0] ?? ''} />
    </div>
  )
}

function Qr({ text }: { text: string }) {
  return (
    <section aria-label={words.qr} className={page.stack}>
      <h3>{words.qr}</h3>
      <QrPicture className={classes.qr} text={text} label={words.qrLabel} />
      <p className={page.dim}>{words.qrHow(text.length)}</p>
    </section>
  )
}

/** One vote that is here: what it is for, what it rests on, and its text for others. */
export function VoteSheet({ name, vote }: { name: string; vote: NonNullable<VoteCell['vote']> }) {
  const { choice, basis, singleWord, text } = vote
  return (
    <div className={page.stack}>
      <p>{choiceText(choice)}</p>
      <p className={page.hash}>{choice.planHash}</p>
      <Rests basis={basis} />
      {singleWord === null ? null : <Note state="at-risk">{`${singleWord.charAt(0).toUpperCase()}${singleWord.slice(1)}.`}</Note>}
      <div className={page.buttons}>
        <CopyButton text={text} label={texts.table.copy} name={`${words.copyVote}: ${name}`} />
      </div>
      <Qr text={text} />
    </div>
  )
}
