import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Token } from '../../src-shared/treasury/tokens-table.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount, formatShare } from '../format.ts'
import { tokenPath } from '../links.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { ActingAs } from './acting.tsx'
import page from './page.module.css'
import { TokenCharts } from './token-charts.tsx'
import { BurnForm, FundForm, InitializeForm, MintForm } from './token-forms.tsx'
import { TokenFlows, TokenHolders } from './token-holders.tsx'
import { TokenRevenue } from './token-revenue.tsx'
import classes from './tokens.module.css'

const words = texts.tokens

/** How much there is of each token and who has it; one of them in detail. */
export function TokensPage({ params }: { params: Record<string, string | undefined> }) {
  const { data, error, refetch } = useQuery('tokens.list', {}, ['treasury', 'pay'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const ready = data?.filter(({ isInitialised, isMirror }) => isInitialised && !isMirror) ?? []
  const chosen = data?.find(({ token }) => token === params.token) ?? ready.find(({ token }) => token === 'AZR') ?? ready[0]
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {data && ready.length > 0 ? <span className={page.dim}>{words.summary(ready.length)}</span> : null}
        <div className={page.right}>{readOnly ? <span className={page.dim}>{texts.treasury.readOnly}</span> : <ActingAs />}</div>
      </header>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={300} /> : null}
      {data ? (
        <>
          {ready.length === 0 ? (
            <EmptyState title={words.none} action={<Initialize tokens={data} readOnly={readOnly} />}>
              {words.noneWhat}
            </EmptyState>
          ) : null}
          <TokenTable tokens={data} current={chosen?.token} />
          {ready.length > 0 && data.some(({ isInitialised }) => !isInitialised) ? (
            <div className={page.buttons}>
              <Initialize tokens={data} readOnly={readOnly} />
            </div>
          ) : null}
          {chosen ? <Chosen token={chosen} readOnly={readOnly} /> : null}
        </>
      ) : null}
    </div>
  )
}

function Initialize({ tokens, readOnly }: { tokens: readonly Token[]; readOnly: boolean }) {
  return (
    <Button h={32} disabled={readOnly} onClick={() => openSheet({ title: words.initialize, body: <InitializeForm tokens={tokens} /> })}>
      {words.initialize}
    </Button>
  )
}

/** The entries of the glossary behind the columns. */
const terms = {
  supply: 'supply',
  circulating: 'circulating-supply',
  treasury: 'in-all',
  share: 'share-of-the-supply',
  max: 'maximum',
  holders: 'holders',
} as const

function TokenTable({ tokens, current }: { tokens: readonly Token[]; current: string | undefined }) {
  const { columns, hints } = words
  return (
    <div className={`${page.panel} ${page.scroll}`}>
      <table className={`${page.table} ${classes.list}`} aria-label={words.list}>
        <thead>
          <tr>
            <th scope="col">{columns.token}</th>
            <th scope="col">{columns.purpose}</th>
            {(['supply', 'circulating', 'treasury', 'share', 'max', 'holders'] as const).map(id => (
              <NumHead key={id} name={columns[id]} help={terms[id]} hint={hints[id]} />
            ))}
          </tr>
        </thead>
        <tbody>
          {tokens.map(token => (
            <TokenRow key={token.token} of={token} isCurrent={token.token === current} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TokenRow({ of, isCurrent }: { of: Token; isCurrent: boolean }) {
  const { token, purpose, isInitialised, isMirror, supply, circulating, treasury, max, holders } = of
  const share = formatShare(treasury, supply)
  const isThere = isInitialised || isMirror
  const amount = (units: bigint): ReactNode => (isThere ? <Amount units={units} token={token} /> : '')
  return (
    <tr className={isCurrent ? classes.current : undefined}>
      <th scope="row">
        <Link href={tokenPath(token)} className={classes.token} aria-current={isCurrent ? 'true' : undefined}>
          {token}
        </Link>
      </th>
      <td className={classes.purpose} title={isMirror ? words.mirrorHint : purpose}>
        {isMirror ? words.mirror : purpose}
      </td>
      <td className={page.num}>{isThere ? amount(supply) : <span className={page.dim}>{words.notYet}</span>}</td>
      <td className={page.num}>{amount(circulating)}</td>
      <td className={page.num}>{isMirror ? '' : amount(treasury)}</td>
      <td className={page.num}>{isMirror || share === null ? '' : `${share} %`}</td>
      <td className={page.num}>{max === null ? <span className={page.dim}>{words.noMax}</span> : <Amount units={max} token={token} />}</td>
      <td className={page.num}>{isThere ? formatCount(holders) : ''}</td>
    </tr>
  )
}

/** One token: its charts, who has it, who gave it to whom, and what the administrator does with it. */
function Chosen({ token, readOnly }: { token: Token; readOnly: boolean }) {
  const { token: name, isMirror } = token
  const sheet = (title: string, body: ReactNode) => () => openSheet({ title, body })
  return (
    <section className={page.stack} aria-label={words.chosen(name)}>
      <div className={page.head}>
        <h2 className={page.title}>{name}</h2>
        <span className={page.dim}>{isMirror ? words.mirrorHint : token.purpose}</span>
        {isMirror || !token.isInitialised ? null : (
          <div className={page.right}>
            <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.forms.fundTitle(name), <FundForm token={token} />)}>
              {words.fund}
            </Button>
            <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.forms.mintTitle(name), <MintForm token={token} />)}>
              {words.mint}
            </Button>
            <Button h={32} variant="default" disabled={readOnly} onClick={sheet(words.forms.burnTitle(name), <BurnForm token={token} />)}>
              {words.burn}
            </Button>
          </div>
        )}
      </div>
      <div className={page.columns}>
        <TokenCharts token={name} />
        <div className={page.stack}>
          <TokenHolders token={token} />
          <TokenFlows token={name} />
        </div>
      </div>
      {isMirror || !token.isInitialised ? null : <TokenRevenue token={name} readOnly={readOnly} />}
    </section>
  )
}
