import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { voteSignReview } from '../../src-shared/review-text.ts'
import { choiceText } from '../../src-shared/vote-text.ts'
import type { VoteCell, VoteReview } from '../../src-shared/votes-contract.ts'
import { command } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Note } from '../components/note.tsx'
import { QrPicture } from '../components/qr-picture.tsx'
import { mustConfirm, ReviewBody } from '../components/review-sheet.tsx'
import { downloadText } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import settings from './settings.module.css'
import { SignWithKey } from './sign-with-key.tsx'
import classes from './votes.module.css'

const words = texts.votes

/** `onSigned`: where to go then. */
export function openReview(review: VoteReview, network: string, onSigned: () => void): void {
  openSheet({ title: texts.review.title, body: <ReviewSheet review={review} network={network} onSigned={onSigned} /> })
}

/** What will be signed, as its bytes say it, and the signature; or the way to the machine that has the key. */
function ReviewSheet({ review, network, onSigned }: { review: VoteReview; network: string; onSigned: () => void }) {
  const { hash, keys, text } = review
  const shown = voteSignReview(review)
  if (keys.length === 0)
    return (
      <div className={page.stack}>
        <ReviewBody review={shown} />
        <Elsewhere text={text} fileName={`statement-${hash.slice(0, 12)}.txt`} />
      </div>
    )
  const sign = async (keyId: string) => {
    await command('votes.sign', { network, text, keyId, confirmed: mustConfirm(shown) })
    notifications.show({ message: words.signed })
    onSigned()
  }
  return <SignWithKey review={shown} keys={keys} reopen={() => openReview(review, network, onSigned)} onSign={sign} />
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
