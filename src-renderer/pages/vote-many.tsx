import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { toAppError } from '../../src-shared/errors.ts'
import { votesSignReview } from '../../src-shared/review-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import { MAX_AT_ONCE, type VoteRow, type VoteSigner, type VotesReview } from '../../src-shared/votes-contract.ts'
import { command, query } from '../api.ts'
import { mustConfirm, ReviewBody } from '../components/review-sheet.tsx'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { SignWithKey } from './sign-with-key.tsx'

const words = texts.votes

/** For each signer whose key is here and who has not voted on some of the chosen rows: the way to sign those in one go. */
export function VoteForSelected({ rows, signers, network }: { rows: readonly VoteRow[]; signers: readonly VoteSigner[]; network: string }) {
  const waiting = signers.filter(({ name }) => rows.some(({ waitingFor }) => waitingFor.includes(name)))
  if (waiting.length === 0) return <span className={page.dim}>{words.noKeyHere}</span>
  if (rows.length > MAX_AT_ONCE) return <span className={page.dim}>{words.tooMany(MAX_AT_ONCE)}</span>
  return waiting.map(signer => (
    <Button key={signer.publicKey} size="compact-sm" onClick={() => prepare(rows, signer, network)}>
      {words.voteForAllOf(cleanName(signer.name))}
    </Button>
  ))
}

function prepare(rows: readonly VoteRow[], { kind, publicKey, name }: VoteSigner, network: string): void {
  const subjects = rows.filter(({ waitingFor }) => waitingFor.includes(name)).map(({ subject }) => subject)
  query('votes.prepareMany', { subjects, signer: { kind, publicKey } }).then(
    review => openMany(review, network),
    (error: unknown) => notifications.show({ title: words.failed, message: toAppError(error).message, autoClose: false }),
  )
}

function openMany(review: VotesReview, network: string): void {
  openSheet({ title: texts.review.title, body: <ManySheet review={review} network={network} /> })
}

/** Every vote that will be signed, their number and sum, and one signature action for all. */
function ManySheet({ review, network }: { review: VotesReview; network: string }) {
  const { text, keys, count, sumUnits } = review
  const shown = votesSignReview(review)
  if (count === 0)
    return (
      <div className={page.stack}>
        <p>{words.allLeft}</p>
        {shown.unknown.map(why => (
          <p key={why}>{why}</p>
        ))}
      </div>
    )
  if (keys.length === 0) return <ReviewBody review={shown} />
  const sign = async (keyId: string) => {
    const ask = { network, text, keyId, confirmed: mustConfirm(shown), count, sumUnits: sumUnits.toString() }
    await command('votes.signMany', ask)
    notifications.show({ message: words.signedMany(count) })
    closeSheet()
  }
  return <SignWithKey review={shown} keys={keys} reopen={() => openMany(review, network)} onSign={sign} />
}
