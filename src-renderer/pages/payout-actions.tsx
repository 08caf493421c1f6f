import { Button } from '@mantine/core'
import type { PayAction, RunDetail } from '../../src-shared/pay-contract.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { FeeForm } from './payout-fee.tsx'
import { saveRunFiles } from './payout-files.ts'
import { ImportRunFiles, PlanForm, SignForm } from './payout-forms.tsx'

const words = texts.pay.actions

/** In the order in which they stand; the next one comes before all. */
const order: readonly PayAction[] = [
  'sign',
  'start',
  'raise',
  'resume',
  'replace',
  'export',
  'import',
  'pause',
  'reconcile',
  'use-up',
  'withdraw',
  'cancel',
  'plan',
]

/** What can be done with a run now; whatever pays or ends something names how many rows and how much. */
export function RunActions({ run, readOnly }: { run: RunDetail; readOnly: boolean }) {
  const sending = useSend()
  const { runId, network, can, next } = run
  const act = (work: () => Promise<unknown>) => sending.send(async () => void (await work()))
  const sheet = (title: string, body: React.ReactNode) => () => openSheet({ title, body })
  const doing: Record<PayAction, () => void> = {
    sign: sheet(texts.pay.sign.title, <SignForm runId={runId} />),
    export: () => act(() => saveRunFiles(runId)),
    import: sheet(texts.pay.import, <ImportRunFiles network={network} />),
    plan: sheet(texts.pay.plan, <PlanForm network={network} />),
    start: () => act(() => command('pay.start', { runId })),
    raise: sheet(words.raise, <FeeForm runId={runId} />),
    resume: () => act(() => command('pay.resume', { runId })),
    pause: () => act(() => command('pay.pause', { runId })),
    cancel: () => act(() => command('pay.cancel', { runId })),
    withdraw: () => act(() => command('pay.withdraw', { runId })),
    reconcile: () => act(() => command('pay.reconcile', { runId })),
    replace: () => act(() => command('pay.replace', { runId, kind: 'payment' })),
    'use-up': () => act(() => command('pay.replace', { runId, kind: 'bump' })),
  }
  const sorted = order.filter(action => can.includes(action)).sort((a, b) => Number(b === next.action) - Number(a === next.action))
  return (
    <>
      <div className={page.buttons}>
        {sorted.map(action => (
          <Button
            key={action}
            variant={action === next.action ? 'filled' : 'default'}
            disabled={readOnly && action !== 'export'}
            loading={sending.busy}
            onClick={doing[action]}
            h="auto"
            mih={36}
            py={6}
            styles={wrapped}
          >
            {labelOf(action, run)}
          </Button>
        ))}
      </div>
      {sending.error ? <ErrorPanel error={sending.error} title={texts.pay.error} safe={texts.pay.errorSafe} /> : null}
    </>
  )
}

/** The amount is never cut off. */
const wrapped = { label: { whiteSpace: 'normal', textAlign: 'left', lineHeight: 1.3 } } as const

function labelOf(action: PayAction, { stage, fees, counts, restUnits, assetCode }: RunDetail): string {
  const rest = counts.planned + counts.signed + counts.sent + counts.unclear
  switch (action) {
    case 'start':
      if (stage === 'stopped') return words.sendBumps(fees?.rows ?? 0)
      return words.start(rest, restUnits, assetCode)
    case 'resume':
    case 'cancel':
      return words[action](rest, restUnits, assetCode)
    case 'replace':
      return words.replace(counts.expired)
    default:
      return words[action]
  }
}
