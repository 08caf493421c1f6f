import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import type { SignReview } from '../../src-shared/review-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { ReviewBody, SignAction } from '../components/review-sheet.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { UnlockForm, useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.review

/**
 * A review and the signature below it, with one of the keys of the vault; it is unlocked first where it has to be. `reopen` shows the same
 * again after that.
 */
export function SignWithKey({
  review,
  keys,
  reopen,
  onSign,
}: {
  review: SignReview
  keys: readonly { keyId: string; name: string }[]
  reopen: () => void
  /** called after the worst warnings were confirmed */
  onSign: (keyId: string) => Promise<void>
}) {
  const [chosen, setChosen] = useState<string | null>(null)
  const sending = useSend()
  const keyId = chosen ?? keys[0]?.keyId ?? ''
  const isOpen = useQuery('keys.list', {}, ['keys']).data?.keys.find(key => key.keyId === keyId)?.unlocked === true
  const unlock = () => openSheet({ title: words.unlock, body: <UnlockForm keyId={keyId} onDone={reopen} /> })
  const choice =
    keys.length < 2 ? null : (
      <Select
        label={words.key}
        data={keys.map(key => ({ value: key.keyId, label: cleanName(key.name) }))}
        value={keyId}
        onChange={setChosen}
        allowDeselect={false}
      />
    )
  return (
    <div className={page.stack}>
      <ReviewBody review={review} />
      {isOpen ? (
        <SignAction review={review} sending={sending} onSign={() => sending.send(() => onSign(keyId))}>
          {choice}
        </SignAction>
      ) : (
        <>
          {choice}
          <div className={page.buttons}>
            <Button onClick={unlock}>{words.unlock}</Button>
          </div>
        </>
      )}
    </div>
  )
}
