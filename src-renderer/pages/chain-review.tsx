import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'
import type { ChainReview } from '../../src-shared/chain-contract.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { UnlockForm, useSend } from './key-forms.tsx'
import page from './page.module.css'
import settings from './settings.module.css'

const words = texts.chain

export function openChainReview(review: ChainReview): void {
  openSheet({ title: words.reviewTitle, body: <Review review={review} /> })
}

/** What will be signed, as its bytes say it, and what there is to think about before. */
function Review({ review }: { review: ChainReview }) {
  const { request, fields, warnings, feeUnits, freeUnits } = review
  const { requestId, payloadHash, signer } = request
  const sending = useSend()
  const key = useQuery('keys.list', {}, ['keys']).data?.keys.find(({ keyId }) => keyId === signer.keyId)
  const send = () =>
    sending.send(async () => {
      await command('chain.sign', { requestId, payloadHash })
      await command('chain.submit', { requestId })
      notifications.show({ message: words.sent, closeButtonProps: { 'aria-label': texts.sheet.close } })
      closeSheet()
    })
  const unlock = () =>
    openSheet({
      title: words.unlock,
      body: <UnlockForm {...(signer.keyId !== null && { keyId: signer.keyId })} onDone={() => openChainReview(review)} />,
    })
  return (
    <div className={page.stack}>
      <p className={page.dim}>{words.reviewWhat}</p>
      <Facts
        rows={[
          ...fields,
          { name: words.fee, value: feeUnits === null ? words.feeUnknown : `${tftExact(feeUnits)} TFT` },
          ...(freeUnits === null ? [] : [{ name: words.balance, value: `${group(tftExact(freeUnits))} TFT` }]),
          { name: words.hash, value: payloadHash },
        ]}
      />
      {warnings.length === 0 ? null : (
        <section aria-label={words.notes}>
          <h3>{words.notes}</h3>
          {warnings.map(warning => (
            <Note key={warning} state="at-risk">
              {warning}
            </Note>
          ))}
        </section>
      )}
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
      <div className={page.buttons}>
        {key?.unlocked ? (
          <Button loading={sending.busy} onClick={send}>
            {words.sign}
          </Button>
        ) : (
          <Button onClick={unlock}>{words.unlock}</Button>
        )}
      </div>
    </div>
  )
}

export function Facts({ rows }: { rows: readonly { name: string; value: ReactNode }[] }) {
  return (
    <dl className={settings.facts}>
      {rows.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={settings.wrap}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
