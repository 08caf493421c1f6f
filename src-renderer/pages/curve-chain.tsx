import { Button } from '@mantine/core'
import { useEffect } from 'react'
import type { ChainCurve, ChainCurveAccount, ChainCurvesRead } from '../../src-shared/chain-curves.ts'
import { group } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { query, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime, useNowTs } from '../components/values.tsx'
import { writePrice } from '../curve-words.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.curveChain

const topics = ['chain', 'networks', 'sync'] as const
/** What was read longer ago is read again, while the page is open. */
const FRESH_SEC = 60
const OWN_TOKEN = 0

/** The curves of the chain that is followed: as they were read last, or that it has none. Follows them while the page is open. */
export function CurveChain() {
  const known = useQuery('chain.curves', {}, topics)
  const asking = useAsk((network: string, signal) => query('chain.curves', { network, now: true }, signal))
  const nowTs = useNowTs()
  const { network, readTs } = known.data ?? { network: null, readTs: null }
  const isOld = readTs === null || nowTs - readTs > FRESH_SEC
  const { run } = asking
  useEffect(() => {
    if (network !== null && isOld) run(network)
  }, [network, isOld, run])
  if (known.error && !known.data) return <ErrorPanel error={known.error} onRetry={known.refetch} />
  if (!known.data) return null
  const problem = asking.answer?.problem ?? null
  const { read } = known.data
  return (
    <section className={page.stack} aria-label={words.title}>
      <header className={page.head}>
        <h2 title={words.what}>{words.title}</h2>
        {read && network !== null ? (
          <span className={page.dim}>
            {words.asOf} {group(String(read.block))}, <DateTime ts={read.blockTs} form="both" />
          </span>
        ) : null}
        <div className={page.right}>
          {network === null ? null : asking.busy ? (
            <Asking what={words.reading} onCancel={asking.cancel} />
          ) : (
            <Button h={32} variant="default" onClick={() => run(network)}>
              {words.read}
            </Button>
          )}
        </div>
      </header>
      {asking.error ? <ErrorPanel error={asking.error} /> : null}
      {problem === null || asking.busy ? null : <Note state="at-risk">{read ? `${words.stale} ${problem}` : problem}</Note>}
      {network === null ? <p className={page.dim}>{words.noNetwork}</p> : read ? <Found read={read} network={network} /> : null}
      {network !== null && !read && !asking.busy ? <p className={page.dim}>{words.never(network)}</p> : null}
    </section>
  )
}

function Found({ read, network }: { read: ChainCurvesRead; network: string }) {
  const { pallet, specVersion, curves, account, precision } = read
  if (pallet === null)
    return (
      <p className={page.dim} title={words.noneHint(specVersion)}>
        {words.none(network)}
      </p>
    )
  return (
    <>
      {curves.length === 0 ? <p className={page.dim}>{words.noCurves(network)}</p> : <Curves curves={curves} precision={precision} />}
      {account ? <Account account={account} pallet={pallet} specVersion={specVersion} /> : null}
    </>
  )
}

function Curves({ curves, precision }: { curves: readonly ChainCurve[]; precision: bigint }) {
  const { columns: heads } = words
  return (
    <div className={`${page.panel} ${page.scroll}`}>
      <table className={page.table} aria-label={words.list}>
        <thead>
          <tr>
            <th scope="col">{heads.asset}</th>
            <th scope="col">{heads.foreign}</th>
            <NumHead name={heads.price} help="curve-price" hint={words.priceHint} />
            <NumHead name={heads.first} help="price-of-the-first" />
            <NumHead name={heads.supply} help="minted-on-the-curve" />
            <NumHead name={heads.issuance} help="issued-on-the-chain" />
            <NumHead name={heads.held} help="held-by-the-pallet" hint={words.heldHint} />
          </tr>
        </thead>
        <tbody>
          {curves.map(({ asset, foreignAsset, price, initialPrice, supply, issuance, held }) => (
            <tr key={asset}>
              <td>{nameOf(asset)}</td>
              <td>{nameOf(foreignAsset)}</td>
              <td className={page.num}>{price === null ? words.unknown : priced(price, precision)}</td>
              <td className={page.num}>{priced(initialPrice, precision)}</td>
              {[supply, issuance, held].map((units, at) => (
                <td key={[heads.supply, heads.issuance, heads.held][at]} className={page.num}>
                  <Units asset={asset} units={units} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function nameOf(asset: number): string {
  return asset === OWN_TOKEN ? words.own : words.asset(asset)
}

/** Of one unit in units of the other, however many digits the chain keeps of it. */
function priced(price: bigint, precision: bigint): string {
  return writePrice((price * 10n ** 12n) / precision)
}

function Units({ asset, units }: { asset: number; units: bigint | null }) {
  if (units === null) return <span className={page.dim}>{words.unknown}</span>
  if (asset === OWN_TOKEN) return <Amount units={units} unit />
  return (
    <span title={words.unitsHint}>
      {group(String(units))} <span className={page.dim}>{words.units}</span>
    </span>
  )
}

function Account({ account, pallet, specVersion }: { account: ChainCurveAccount; pallet: string; specVersion: number }) {
  const { address, check, saidPalletId, saidAddress, exists } = account
  const said =
    check === 'unsaid'
      ? words.checks.unsaid
      : check === 'same'
        ? words.checks.same(cleanName(saidPalletId ?? ''))
        : words.checks.differs(cleanName(saidPalletId ?? ''), saidAddress ?? '')
  const { facts: heads } = words
  return (
    <section aria-label={words.account}>
      <h3>{words.account}</h3>
      <FactList
        facts={[
          [
            heads.address,
            <>
              <span className={page.wrap} title={words.addressHint}>
                {address}
              </span>{' '}
              <CopyButton text={address} label={texts.table.copy} compact />
            </>,
          ],
          [heads.check, <StateMark key="check" state={check === 'same' ? 'up' : check === 'differs' ? 'down' : 'unknown'} word={said} />],
          [heads.exists, exists ? words.exists : words.existsNot],
          [heads.pallet, cleanName(pallet)],
          [heads.runtime, specVersion],
        ]}
      />
    </section>
  )
}
