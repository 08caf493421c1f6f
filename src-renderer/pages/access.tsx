import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { ACCESS_TOKEN } from '../../src-shared/treasury/guarantees-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.guarantees.access
const topics = ['treasury'] as const
/** The latest; all of them are on the command line. */
const SHOWN = 100

/** Access to the platform: whether one has it, its fee, and who has it. */
export function AccessPanel({ entityId }: { entityId: string | undefined }) {
  const own = useQuery('access.get', { entityId: entityId ?? '' }, topics, { enabled: entityId !== undefined }).data
  const list = useQuery('access.list', { limit: SHOWN }, topics).data
  return (
    <section className={page.panel} aria-label={words.title}>
      <div className={page.panelHead}>
        <h2>{words.title}</h2>
        {own && !own.hasAccess ? (
          <Button h={32} variant="default" onClick={() => openSheet({ title: words.pay, body: <PayForm feeUnits={own.fee} /> })}>
            {words.pay}
          </Button>
        ) : null}
      </div>
      {own ? (
        <p>
          {own.hasAccess ? <StateMark state="up" word={words.done} /> : own.fee === 0n ? words.isFree : words.fee(writeAmount(own.fee))}
          {own.hasAccess && own.paidTs !== null ? (
            <span className={page.dim}>
              {' '}
              {words.paid(writeAmount(own.paid ?? 0n))}, <DateTime ts={own.paidTs} />
            </span>
          ) : null}
        </p>
      ) : null}
      {list?.rows.length === 0 ? <p className={page.dim}>{words.none}</p> : null}
      {list && list.rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.who}>
            <thead>
              <tr>
                <th scope="col">{words.columns.name}</th>
                <NumHead name={words.columns.paid} help="platform-access" />
                <th scope="col">{words.columns.when}</th>
              </tr>
            </thead>
            <tbody>
              {list.rows.map(({ entityId: id, name, paid, paidTs }) => (
                <tr key={id}>
                  <td className={page.wrap}>{cleanName(name)}</td>
                  <td className={page.num}>
                    <Amount units={paid} token={ACCESS_TOKEN} />
                  </td>
                  <td>
                    <DateTime ts={paidTs} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}

function PayForm({ feeUnits }: { feeUnits: bigint }) {
  const available = useAvailable(ACCESS_TOKEN)
  const sending = useSendOnce()
  const isShort = available !== null && available < feeUnits
  return (
    <TreasuryForm
      name={words.pay}
      how={words.payHow}
      action={feeUnits === 0n ? words.payFree : words.payAction(writeAmount(feeUnits))}
      as="entity"
      sending={sending}
      isReady={!isShort}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('access.pay', { fee: formatAmount(feeUnits) }, { idempotencyKey })
        notifications.show({ message: words.done })
        closeSheet()
      }}
    >
      {isShort ? <Note state="at-risk">{texts.guarantees.auctions.short(writeAmount(available))}</Note> : null}
    </TreasuryForm>
  )
}
