import { Button, FileInput, Skeleton, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useState } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { tftExact, unitsFromTft } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { amountText, choiceText, subjectText } from '../../src-shared/vote-text.ts'
import { isVotable, MAX_VOTES_CHARS, type VoteCell, type VoteMatrix, type VoteSubject } from '../../src-shared/votes-contract.ts'
import { query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { downloadText } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { openReview, VoteSheet } from './vote-review.tsx'

const words = texts.votes
export const voteTopics = ['votes', 'mints', 'results', 'facts', 'sync', 'keys'] as const

/** Hands out a file of votes: of one subject, or of all that are open. */
export function saveVotes(subject?: VoteSubject): void {
  query('votes.export', subject ? { subject } : {}).then(
    ({ fileName, text }) => downloadText(fileName, text, 'text/plain'),
    (error: unknown) => notifications.show({ title: words.failed, message: toAppError(error).message, autoClose: false }),
  )
}

export function openMatrix(subject: VoteSubject, network: string, readOnly: boolean): void {
  const title = subjectText(subject)
  openSheet({
    title: title.charAt(0).toUpperCase() + title.slice(1),
    body: <MatrixSheet subject={subject} network={network} readOnly={readOnly} />,
  })
}

/** Who voted what on one subject, what comes of it, and the way to vote. */
export function MatrixSheet({ subject, network, readOnly }: { subject: VoteSubject; network: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('votes.matrix', { subject }, voteTopics)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={240} />
  const { own, ownWhy, executed, cells, state } = data
  return (
    <div className={page.stack}>
      <p>
        <strong>{words.own}:</strong> {own ? choiceText(own) : ownWhy}
      </p>
      {executed === '' ? null : (
        <p role="status">
          <strong>{words.executed}:</strong> {executed}
        </p>
      )}
      <Outcomes matrix={data} />
      <section aria-label={words.matrix} className={page.scroll}>
        <table className={page.table}>
          <thead>
            <tr>
              {Object.values(words.matrixColumns).map(name => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cells.map(cell => (
              <Row key={cell.signer.publicKey} cell={cell} />
            ))}
          </tbody>
        </table>
      </section>
      {cells.some(({ vote }) => vote !== null) ? (
        <div>
          <Button variant="default" title={words.exportHow} onClick={() => saveVotes(subject)}>
            {words.exportOne}
          </Button>
        </div>
      ) : null}
      {readOnly || state === 'executed' ? null : <CastForms matrix={data} network={network} />}
    </div>
  )
}

function Row({ cell: { signer, vote } }: { cell: VoteCell }) {
  const name = cleanName(signer.name)
  const rests = vote && (vote.basis.length === 0 ? words.notTold : vote.singleWord === null ? words.several : words.oneWord)
  const show = vote ? () => openSheet({ title: words.voteOf(name), body: <VoteSheet name={name} vote={vote} /> }) : null
  return (
    <tr>
      <td title={`${signer.kind} 0x${signer.publicKey}`}>{name}</td>
      <td>{vote ? <span title={vote.choice.planHash}>{amountText(vote.choice.amountUnits)}</span> : words.notVoted}</td>
      <td>{vote ? <DateTime ts={vote.castTs} /> : null}</td>
      <td className={page.wrap}>
        {vote ? vote.counts ? <StateMark state="up" word={words.counts} /> : <Note state="at-risk">{vote.why}</Note> : null}
      </td>
      <td>{rests}</td>
      <td>
        {show ? (
          <Button h={32} variant="default" aria-label={words.showVoteOf(name)} onClick={show}>
            {words.showVote}
          </Button>
        ) : null}
      </td>
    </tr>
  )
}

function Outcomes({ matrix: { outcomes, threshold } }: { matrix: VoteMatrix }) {
  if (outcomes.length === 0) return null
  return (
    <section aria-label={words.outcomes} className={page.stack}>
      <h3>{words.outcomes}</h3>
      {outcomes.map(({ choice, signers, enough, isOwn }) => (
        <div key={`${choice.planHash} ${choice.amountUnits} ${JSON.stringify(choice.options)}`}>
          <StateMark state={enough ? 'up' : 'unknown'} word={enough ? words.enough : words.outcome(signers.length, threshold)} />{' '}
          {choiceText(choice)}
          {isOwn ? `, ${words.asOwn}` : ''}
          <div className={page.dim}>{signers.map(cleanName).join(', ')}</div>
        </div>
      ))}
    </section>
  )
}

/** For each signer the way to a statement: of those whose keys are here first. */
function CastForms({ matrix, network }: { matrix: VoteMatrix; network: string }) {
  const cells = [...matrix.cells].sort((a, b) => Number(b.isHere) - Number(a.isHere))
  const { subject, own } = matrix
  const [text, setText] = useState(own ? tftExact(own.amountUnits) : '')
  const [file, setFile] = useState<File | null>(null)
  const sending = useSend()
  const isMint = subject.rules === 'node-period'
  const units = unitsFromTft(text.trim().replaceAll(',', ''))
  const isWrong = isMint && (units === null || !isVotable(units))
  const prepare = (cell: VoteCell) =>
    sending.send(async () => {
      if (isWrong) throw new AppError('usage', words.amountWrong)
      if (file && file.size > MAX_VOTES_CHARS) throw new AppError('usage', words.tooLarge)
      const { kind, publicKey } = cell.signer
      const review = await query('votes.prepare', {
        subject,
        signer: { kind, publicKey },
        ...(isMint && units !== null && { amountUnits: units.toString() }),
        ...(file && { payouts: await file.text() }),
      })
      openReview(review, network, () => openMatrix(subject, network, false))
    })
  const submit = (event: FormEvent) => event.preventDefault()
  return (
    <form className={page.form} aria-label={words.vote} onSubmit={submit} noValidate>
      <h3>{words.vote}</h3>
      <p className={page.dim}>{words.prepareHow}</p>
      {isMint ? (
        <TextInput
          label={words.amount}
          description={words.amountHint}
          value={text}
          inputMode="decimal"
          autoComplete="off"
          error={isWrong && text !== '' ? words.amountWrong : null}
          onChange={event => setText(event.currentTarget.value)}
        />
      ) : (
        <FileInput
          label={words.payouts}
          description={words.payoutsHint}
          accept=".csv,text/csv"
          placeholder={words.none}
          value={file}
          onChange={setFile}
          clearable
        />
      )}
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
      <div className={page.buttons}>
        {cells.map(cell => (
          <Button
            key={cell.signer.publicKey}
            variant={cell.isHere ? 'filled' : 'default'}
            title={cell.isHere ? words.prepareHow : words.elsewhere}
            loading={sending.busy}
            onClick={() => prepare(cell)}
          >
            {words.voteFor(cleanName(cell.signer.name))}
          </Button>
        ))}
      </div>
    </form>
  )
}
