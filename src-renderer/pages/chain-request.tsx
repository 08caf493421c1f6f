import { Button } from '@mantine/core'
import type { ChainRequest } from '../../src-shared/chain-contract.ts'
import { callText, stageText } from '../../src-shared/chain-text.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Facts } from '../components/review-sheet.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { downloadText } from '../format.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { openChainAgain } from './chain-form.tsx'
import { openChainReview } from './chain-review.tsx'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.chain

export function openChainRequest({ requestId, call }: ChainRequest): void {
  openSheet({ title: callText(call), body: <RequestSheet requestId={requestId} /> })
}

/** Where a call stands, as shape and word. */
export function ChainState({ request }: { request: ChainRequest }) {
  const { stage, error, note } = request
  const states: Record<ChainRequest['stage'], NodeState> = {
    prepared: 'asleep',
    signed: 'asleep',
    sent: 'unknown',
    final: error === null ? 'up' : 'down',
    refused: 'down',
    expired: 'at-risk',
    overtaken: 'at-risk',
  }
  return <StateMark state={states[stage]} word={stageText(request)} title={note} />
}

/** One call: how it goes, what came of it, and what can be done about it. */
function RequestSheet({ requestId }: { requestId: string }) {
  const list = useQuery('chain.requests', { limit: 1000 }, ['chain', 'keys'])
  const sending = useSend()
  const request = list.data?.rows.find(found => found.requestId === requestId)
  if (list.error) return <ErrorPanel error={list.error} onRetry={list.refetch} />
  if (!request) return null
  const { stage, note, block, hash, nonce, lastBlock, signer, feeUnits, network, call } = request
  const { details } = words
  const isOpen = stage === 'signed' || stage === 'sent'
  const isWithoutBlock = stage === 'refused' || stage === 'expired' || stage === 'overtaken'
  const submit = () => sending.send(async () => void (await command('chain.submit', { requestId })))
  const look = () => sending.send(async () => openChainReview(await query('chain.review', { requestId })))
  const file = () =>
    sending.send(async () => {
      const { fileName, text } = await query('chain.file', { requestId })
      downloadText(fileName, text, 'application/json')
    })
  const forget = () =>
    sending.send(async () => {
      await command('chain.forget', { requestId })
      closeSheet()
    })
  return (
    <div className={page.stack}>
      <Facts
        list={[
          { name: details.state, value: <ChainState request={request} /> },
          ...(note === '' ? [] : [{ name: details.note, value: `${note.charAt(0).toUpperCase()}${note.slice(1)}` }]),
          ...(block === null ? [] : [{ name: details.block, value: `${block.n} ${block.hash}` }]),
          ...(feeUnits === null ? [] : [{ name: details.cost, value: `${tftExact(feeUnits)} TFT` }]),
          ...(hash === null ? [] : [{ name: details.extrinsic, value: hash }]),
          { name: details.account, value: signer.address },
          { name: details.number, value: String(nonce) },
          { name: details.lastBlock, value: details.blockNumber(lastBlock) },
        ]}
      />
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.followSafe} /> : null}
      <div className={page.buttons}>
        {isOpen ? (
          <Button loading={sending.busy} onClick={submit}>
            {stage === 'signed' ? words.sendNow : words.follow}
          </Button>
        ) : null}
        {stage === 'prepared' ? (
          <>
            <Button loading={sending.busy} onClick={look}>
              {words.look}
            </Button>
            <Button variant="default" loading={sending.busy} onClick={file}>
              {words.saveFile}
            </Button>
          </>
        ) : null}
        {isWithoutBlock ? <Button onClick={() => openChainAgain(network, call, requestId)}>{words.again}</Button> : null}
        {stage === 'sent' ? null : (
          <Button variant="default" loading={sending.busy} onClick={forget}>
            {words.forget}
          </Button>
        )}
      </div>
    </div>
  )
}
