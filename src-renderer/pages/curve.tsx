import { Button, Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { CurveShown } from '../../src-shared/treasury/curve-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { FigureList, TokenSums } from '../components/token-sums.tsx'
import { Amount } from '../components/values.tsx'
import { writePpm, writePrice } from '../curve-words.ts'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import { CurveChain } from './curve-chain.tsx'
import { CurveEvents, openCurveDetails } from './curve-details.tsx'
import { BurnFeesForm, DepositForm, MakeCurveForm, SlopeForm } from './curve-forms.tsx'
import { CurveMarket } from './curve-market.tsx'
import { BurnForm } from './curve-trade.tsx'
import page from './page.module.css'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.curve
const topics = ['treasury'] as const
/** More than anybody has. */
const MOST = 1000

/** What tokens cost that are minted on a curve, what a payment gives, and what happened. */
export function CurvePage() {
  const session = useSession().data
  const entityId = session?.entity?.entityId
  const isAdministrator = session?.isAdministrator === true
  const curves = useQuery('curve.list', { limit: MOST }, topics)
  const [ui, setUi] = useUi<{ curve: string | null }>('curve', { curve: null })
  const rows = curves.data?.rows
  const curve = rows?.find(({ id }) => id === ui.curve) ?? rows?.[0]
  const make = (
    <Button h={32} onClick={() => openSheet({ title: words.make, body: <MakeCurveForm /> })}>
      {words.make}
    </Button>
  )
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {isAdministrator && curve ? make : null}
      </TreasuryHead>
      {curves.error && !rows ? <ErrorPanel error={curves.error} onRetry={curves.refetch} /> : null}
      {!rows && !curves.error ? <Skeleton height={320} /> : null}
      {rows?.length === 0 ? (
        <EmptyState title={words.none} action={isAdministrator ? make : undefined}>
          {words.noneWhat}
        </EmptyState>
      ) : null}
      {session && entityId === undefined && curve ? <p className={page.dim}>{words.nobody}</p> : null}
      {rows && rows.length > 1 && curve ? <Curves rows={rows} shown={curve.id} onShow={id => setUi({ curve: id })} /> : null}
      {curve ? (
        <>
          <CurveHead curve={curve} entityId={entityId} isAdministrator={isAdministrator} />
          <CurveFigures curve={curve} entityId={entityId} />
          <CurveMarket key={curve.id} curve={curve} canAct={entityId !== undefined} />
          <CurveEvents key={`${curve.id} events`} curveId={curve.id} />
        </>
      ) : null}
      <CurveChain />
    </div>
  )
}

function Curves({ rows, shown, onShow }: { rows: readonly CurveShown[]; shown: string; onShow: (id: string) => void }) {
  const { columns: heads } = words
  return (
    <section className={page.panel} aria-label={words.list}>
      <div className={page.scroll}>
        <table className={page.table} aria-label={words.list}>
          <thead>
            <tr>
              <th scope="col">{heads.curve}</th>
              <th scope="col">{heads.asset}</th>
              <th scope="col">{heads.foreign}</th>
              <th scope="col">{heads.kind}</th>
              <NumHead name={heads.price} help="curve-price" />
              <NumHead name={heads.floor} help="floor" />
              <NumHead name={heads.supply} help="minted-on-the-curve" />
              <NumHead name={heads.pool} help="pool-price" />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, asset, foreignAsset, kind, price, floor, supply, pool }) => (
              <tr key={id}>
                <td>
                  {id === shown ? (
                    <strong aria-current="true">{id}</strong>
                  ) : (
                    <Button variant="subtle" h={32} px={0} aria-label={words.show(id)} onClick={() => onShow(id)}>
                      {id}
                    </Button>
                  )}
                </td>
                <td>{asset}</td>
                <td>{foreignAsset}</td>
                <td>
                  <KindMark kind={kind} />
                </td>
                <td className={page.num}>{writePrice(price)}</td>
                <td className={page.num}>{floor === null ? '' : writePrice(floor)}</td>
                <td className={page.num}>
                  <Amount units={supply} token={asset} />
                </td>
                <td className={page.num}>{pool.price === null ? '' : writePrice(pool.price)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function KindMark({ kind }: { kind: CurveShown['kind'] }) {
  return <StateMark state={kind === 'ledger' ? 'up' : 'unknown'} word={words.kinds[kind]} title={words.kindHints[kind]} />
}

function CurveHead({ curve, entityId, isAdministrator }: { curve: CurveShown; entityId: string | undefined; isAdministrator: boolean }) {
  const { id, asset, foreignAsset, kind, feesWaiting } = curve
  const opens = (title: string, body: ReactNode) => (
    <Button h={32} variant="default" onClick={() => openSheet({ title, body })}>
      {title}…
    </Button>
  )
  return (
    <div className={page.head}>
      <h2 className={page.title}>{words.name(asset, foreignAsset)}</h2>
      <span className={page.dim}>{id}</span>
      <KindMark kind={kind} />
      {kind === 'simulated' ? <span className={page.dim}>{words.kindHints.simulated}</span> : null}
      <div className={page.right}>
        {entityId === undefined ? null : opens(words.burn, <BurnForm curve={curve} />)}
        {isAdministrator ? opens(words.changeSlope, <SlopeForm curve={curve} />) : null}
        {isAdministrator && feesWaiting > 0n ? opens(words.burnFees, <BurnFeesForm curve={curve} />) : null}
        {isAdministrator && kind === 'simulated' ? opens(words.deposit, <DepositForm curve={curve} />) : null}
        <Button h={32} variant="subtle" aria-label={words.detailsTitle(id)} onClick={() => openCurveDetails(curve.id)}>
          {words.details}
        </Button>
      </div>
    </div>
  )
}

function CurveFigures({ curve, entityId }: { curve: CurveShown; entityId: string | undefined }) {
  const { asset, foreignAsset, price, floor, supply, issuance, pool } = curve
  const holding = useQuery('curve.holding', { curveId: curve.id, ...(entityId !== undefined && { entityId }) }, topics, {
    enabled: entityId !== undefined,
  }).data
  const { figures } = words
  const priced = (value: bigint) => (
    <>
      {writePrice(value)} <span className={page.unit}>{foreignAsset}</span>
    </>
  )
  return (
    <FigureList
      figures={[
        { name: figures.price, help: 'curve-price', hint: figures.priceHint, value: priced(price) },
        {
          name: figures.floor,
          help: 'floor',
          hint: figures.floorHint,
          value: floor === null ? <span className={page.dim}>{figures.noneYet}</span> : priced(floor),
          note: floor === null ? figures.noFloor : floor === 0n ? figures.floorTiny : null,
        },
        {
          name: figures.supply,
          help: 'minted-on-the-curve',
          hint: figures.supplyHint,
          value: <TokenSums sums={[[asset, supply]]} none={figures.noneYet} />,
          note: figures.issuance(`${writeAmount(issuance)} ${asset}`),
        },
        {
          name: figures.pool,
          help: 'pool-price',
          hint: figures.poolHint,
          value: pool.price === null ? <span className={page.dim}>{figures.poolEmpty}</span> : priced(pool.price),
          note: figures.poolFee(writePpm(pool.feePpm)),
        },
        ...(holding
          ? [
              {
                name: figures.have,
                help: 'your-balance' as const,
                value: <TokenSums sums={[[asset, holding.asset]]} none={figures.noneYet} />,
                note: `${writeAmount(holding.foreign)} ${foreignAsset}`,
              },
            ]
          : []),
      ]}
    />
  )
}
