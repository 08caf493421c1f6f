import { Button, Checkbox, NumberInput, Skeleton, Textarea, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, query, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { downloadText } from '../format.ts'
import { IconDownload } from '../icons.tsx'
import { useSendOnce } from '../send-once.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.rewards

export function openProof(id: string): void {
  openSheet({ title: words.proofSheet(id), body: <ProofSheet id={id} /> })
}

/** Submits a proof of knowledge; what it is rewarded with is shown with the proof. */
export function ProveForm() {
  const [module, setModule] = useState('')
  const [difficulty, setDifficulty] = useState<number | string>('')
  const [score, setScore] = useState('')
  const [completed, setCompleted] = useState(false)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const missing = (isThere: boolean) => (tried && !isThere ? words.missing : null)
  const isNamed = module.trim() !== ''
  const isGraded = typeof difficulty === 'number'
  const isScored = score.trim() !== ''
  return (
    <TreasuryForm
      name={words.prove}
      how={words.proveHow}
      action={isNamed ? words.proveAction(module.trim()) : words.prove}
      as="entity"
      sending={sending}
      isReady={isNamed && isGraded && isScored && completed}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        const input = { moduleId: module.trim(), difficulty: Number(difficulty), scoreText: score.trim(), completed }
        const { proof, reward } = await command('rewards.prove', input, { idempotencyKey })
        notifications.show({ message: words.proved(writeAmount(reward)) })
        openProof(proof.id)
      }}
    >
      <TextInput
        data-autofocus
        label={words.module}
        value={module}
        onChange={event => setModule(event.currentTarget.value)}
        error={missing(isNamed)}
        maxLength={100}
        autoComplete="off"
      />
      <NumberInput
        label={words.difficulty}
        value={difficulty}
        onChange={setDifficulty}
        error={missing(isGraded)}
        min={1}
        max={10}
        allowDecimal={false}
        maw={200}
      />
      <TextInput
        label={words.score}
        description={words.scoreHint}
        value={score}
        onChange={event => setScore(event.currentTarget.value)}
        error={missing(isScored)}
        maxLength={40}
        inputMode="decimal"
        autoComplete="off"
        maw={240}
      />
      <Checkbox
        label={words.completed}
        checked={completed}
        onChange={event => setCompleted(event.currentTarget.checked)}
        error={tried && !completed ? words.completedMissing : null}
      />
    </TreasuryForm>
  )
}

/** A proof with what verifying it again says, what its hash covers, and its file. */
function ProofSheet({ id }: { id: string }) {
  const found = useQuery('rewards.proof', { id }, ['treasury'])
  const file = useQuery('rewards.exportProof', { id }, ['treasury']).data
  if (found.error && !found.data) return <ErrorPanel error={found.error} onRetry={found.refetch} />
  if (!found.data) return <Skeleton height={260} />
  const { proof, userName, reward, state, submittedTs, paidTs, entry, problems, record } = found.data
  const { proofColumns: heads } = words
  const facts: Fact[] = [
    [heads.state, <StateMark key="state" state={state === 'paid' ? 'up' : 'asleep'} word={words.proofStates[state]} />],
    [heads.reward, writeAmount(reward)],
    [heads.module, cleanName(proof.moduleId)],
    [heads.user, cleanName(userName)],
    [heads.difficulty, String(proof.difficulty)],
    [heads.score, proof.score],
    [heads.submitted, <DateTime key="submitted" ts={submittedTs} form="both" />],
  ]
  if (paidTs !== null) facts.push([heads.paid, <DateTime key="paid" ts={paidTs} form="both" />])
  if (entry !== null) facts.push([heads.entry, String(entry)])
  facts.push([
    heads.hash,
    <span key="hash" className={page.hash}>
      {proof.hash}
    </span>,
  ])
  return (
    <div className={page.stack}>
      <Verdict problems={problems} />
      <FactList facts={facts} />
      <section aria-label={words.record}>
        <h3>{words.record}</h3>
        <p className={`${page.hash} ${page.note}`}>{record}</p>
      </section>
      {file ? (
        <div className={page.buttons}>
          <Button
            h={32}
            variant="default"
            leftSection={<IconDownload />}
            onClick={() => downloadText(file.fileName, file.text, 'application/json')}
          >
            {words.export}
          </Button>
          <CopyButton text={file.text} label={words.copy} />
        </div>
      ) : null}
    </div>
  )
}

function Verdict({ problems }: { problems: readonly { about: string; text: string }[] }) {
  if (problems.length === 0) return <Note state="up">{words.holds}</Note>
  return (
    <Note state="down">
      {words.fails} {problems.map(({ text }) => text).join(' ')}
    </Note>
  )
}

/** Verifies a proof that is pasted, wherever it comes from. */
export function VerifyForm() {
  const [text, setText] = useState('')
  const asking = useAsk((given: string, signal: AbortSignal) => query('rewards.verify', { text: given }, signal))
  const { answer, error } = asking
  return (
    <form
      className={page.stack}
      aria-label={words.verify}
      onSubmit={event => {
        event.preventDefault()
        if (text.trim() !== '') asking.run(text)
      }}
    >
      <p className={page.dim}>{words.verifyHow}</p>
      <Textarea
        data-autofocus
        label={words.verifyText}
        value={text}
        onChange={event => {
          setText(event.currentTarget.value)
          asking.cancel()
        }}
        rows={12}
        maxLength={20_000}
        spellCheck={false}
        classNames={{ input: page.hash ?? '' }}
      />
      <div>
        <Button type="submit" loading={asking.busy} disabled={text.trim() === ''}>
          {words.verifyAction}
        </Button>
      </div>
      <div role="status">
        {error ? <ErrorPanel error={toAppError(error)} /> : null}
        {answer ? (
          <>
            <Verdict problems={answer.problems} />
            <p>{words.books[answer.books]}</p>
          </>
        ) : null}
      </div>
    </form>
  )
}
