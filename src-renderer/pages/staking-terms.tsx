import { Button, Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { formatDuration, formatUtc } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { STAKING_TOKEN } from '../../src-shared/treasury/staking.ts'
import { writeAmount } from '../amount-entry.ts'
import { useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, useNowTs } from '../components/values.tsx'
import { formatBps, formatCount, formatDayYear } from '../format.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { openStaking } from './staking-form.tsx'

const words = texts.staking
const topics = ['treasury'] as const
/** What ends next, as much as is looked at; the rest is counted. */
const SOON = 12

/** The fixed terms side by side, for an amount. */
export function StakingTerms({ canAct }: { canAct: boolean }) {
  const amount = useAmount(STAKING_TOKEN)
  const [asked] = useDebouncedValue(amount.units === null ? '' : formatAmount(amount.units), 200)
  const terms = useQuery('staking.terms', asked === '' ? {} : { amount: asked }, topics, { keepPrevious: true })
  const { data } = terms
  const { termColumns: heads } = words
  return (
    <section className={page.panel} aria-label={words.terms}>
      <h2>{words.terms}</h2>
      <AmountField label={words.termsFor} amount={amount} />
      {terms.error ? <ErrorPanel error={terms.error} /> : null}
      {!data && !terms.error ? <Skeleton height={160} /> : null}
      {data && !terms.error ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.terms}>
            <thead>
              <tr>
                <th scope="col">{heads.days}</th>
                <NumHead name={heads.apy} help="apy" />
                <NumHead name={`${heads.reward}, ${writeAmount(data.amount)} ${data.token}`} help="reward-of-a-term" />
                <th scope="col">{heads.waits}</th>
                {canAct ? (
                  <th scope="col">
                    <span className={page.hidden}>{words.stake}</span>
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {data.rows.map(({ days, apyBps, reward, unstakingSec }) => (
                <tr key={days}>
                  <td>{words.termOf(formatCount(days))}</td>
                  <td className={page.num}>
                    <strong>{formatBps(apyBps)}</strong>
                  </td>
                  <td className={page.num}>
                    <Amount units={reward} token={data.token} />
                  </td>
                  <td>{unstakingSec === 0 ? words.noWait : formatDuration(unstakingSec)}</td>
                  {canAct ? (
                    <td>
                      <Button
                        variant="default"
                        h={32}
                        px={10}
                        aria-label={words.stakeTerm(formatCount(days))}
                        onClick={() => openStaking({ days })}
                      >
                        {words.stake}
                      </Button>
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}

/** What of one's own ends when. */
export function StakingCalendar({ entityId }: { entityId: string }) {
  const calendar = useQuery('staking.calendar', { stakerId: entityId, limit: SOON }, topics)
  const nowTs = useNowTs()
  const { data } = calendar
  const { calendarColumns: heads } = words
  return (
    <section className={page.panel} aria-label={words.calendar}>
      <h2 title={words.calendarHint}>{words.calendar}</h2>
      {calendar.error && !data ? <ErrorPanel error={calendar.error} onRetry={calendar.refetch} /> : null}
      {!data && !calendar.error ? <Skeleton height={160} /> : null}
      {data?.rows.length === 0 ? <p className={page.dim}>{words.noCalendar}</p> : null}
      {data && data.rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.calendar}>
            <thead>
              <tr>
                <th scope="col">{heads.when}</th>
                <th scope="col">{heads.what}</th>
                <NumHead name={heads.amount} help="stake" />
                <NumHead name={heads.reward} help="staking-reward" />
              </tr>
            </thead>
            <tbody>
              {data.rows.map(({ id, ts, what, amount, token, reward, rewardToken }) => (
                <tr key={id}>
                  <td>{ts <= nowTs ? words.since : <span title={formatUtc(ts)}>{formatDayYear(ts)}</span>}</td>
                  <td className={page.wrap}>
                    {id} {words.endings[what]}
                  </td>
                  <td className={page.num}>
                    <Amount units={amount} token={token} unit />
                  </td>
                  <td className={page.num}>
                    <Amount units={reward} token={rewardToken} unit />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {data && data.total > data.rows.length ? <p className={page.dim}>{words.more(formatCount(data.total - data.rows.length))}</p> : null}
    </section>
  )
}

/** Whether the wallet that rewards of fixed terms come from can pay them. */
export function StakingWallet() {
  const { data } = useQuery('staking.wallet', {}, topics)
  if (!data) return null
  const { available, owed, owedStakes, earning, toCome, mintOwed } = data
  const shortUnits = owed + earning - available
  return (
    <section className={page.panel} aria-label={words.wallet}>
      <div className={page.facts}>
        <span>
          {words.wallet}. {words.walletHas(writeAmount(available))}
        </span>
        {shortUnits > 0n ? (
          <StateMark state="at-risk" word={words.walletShort(writeAmount(shortUnits))} />
        ) : (
          <StateMark state="up" word={words.walletFine} />
        )}
        {owed > 0n ? <span>{words.walletOwes(writeAmount(owed), words.walletStakes(formatCount(owedStakes)))}</span> : null}
        {toCome > 0n ? <span>{words.walletToCome(writeAmount(toCome))}</span> : null}
        {mintOwed > 0n ? <span>{words.walletMint(writeAmount(mintOwed))}</span> : null}
        {shortUnits > 0n ? <span>{words.walletFund}</span> : null}
      </div>
    </section>
  )
}
