import { Button, Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import { isLinkId, linkText } from '../../src-shared/app-links.ts'
import type { MintRow } from '../../src-shared/mints-contract.ts'
import { useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { nodePath, periodPath } from '../links.ts'
import { texts } from '../texts.ts'
import { RefusedText } from './linked.tsx'
import { openMint } from './mint-sheet.tsx'
import page from './page.module.css'

const words = texts.desktop.receipt

/** A receipt by its hash, as a link names it: of a fixed period, or the mint of a node's own. */
export function ReceiptPage({ params }: { params: Record<string, string | undefined> }) {
  const hash = params.hash ?? ''
  return isLinkId('receipt', hash) ? <Receipt key={hash} hash={hash} /> : <RefusedText kind="link" text={`#/receipt/${hash}`} />
}

function Receipt({ hash }: { hash: string }) {
  const found = useQuery('search.find', { text: hash, limit: 1 }, ['facts', 'results'])
  const mints = useQuery('mints.list', { search: hash, limit: 1 }, ['mints'])
  const error = found.error ?? mints.error
  if (error)
    return (
      <ErrorPanel
        error={error}
        onRetry={() => {
          found.refetch()
          mints.refetch()
        }}
      />
    )
  if (!found.data || !mints.data)
    return (
      <div className={page.page} aria-busy="true">
        <h1 className={page.title}>{words.title}</h1>
        <p role="status">{words.looking}</p>
        <Skeleton height={240} />
      </div>
    )
  const receipt = found.data.find(({ kind, id }) => kind === 'receipt' && id === hash)
  const mint = mints.data.rows.find(({ id }) => id === hash)
  if (receipt && receipt.nodeId !== null && receipt.period !== null)
    return <OfPeriod hash={hash} nodeId={receipt.nodeId} period={receipt.period} />
  if (mint) return <OfNode hash={hash} mint={mint} rules={mints.data.rules} />
  return <Missing hash={hash} />
}

function OfPeriod({ hash, nodeId, period }: { hash: string; nodeId: number; period: number }) {
  const facts: Fact[] = [
    [
      words.nodeName,
      <Link key="node" href={nodePath(nodeId, period)}>
        {words.node(nodeId)}
      </Link>,
    ],
    [
      words.periodName,
      <Link key="period" href={periodPath(period)}>
        {words.period(period)}
      </Link>,
    ],
  ]
  return (
    <Shown hash={hash} facts={facts}>
      <section className={page.panel} aria-label={words.why}>
        <h2>{words.why}</h2>
        <ExplainBody nodeId={nodeId} period={period} />
      </section>
    </Shown>
  )
}

function OfNode({ hash, mint, rules }: { hash: string; mint: MintRow; rules: Parameters<typeof openMint>[1] }) {
  const facts: Fact[] = [
    [
      words.nodeName,
      <Link key="node" href={nodePath(mint.nodeId)}>
        {words.node(mint.nodeId)}
      </Link>,
    ],
    [words.periodName, words.mint],
  ]
  return (
    <Shown hash={hash} facts={facts}>
      <div className={page.buttons}>
        <Button h={36} onClick={() => openMint(mint, rules)}>
          {words.showMint}
        </Button>
      </div>
    </Shown>
  )
}

function Shown({ hash, facts, children }: { hash: string; facts: readonly Fact[]; children: React.ReactNode }) {
  const link = linkText({ kind: 'receipt', id: hash })
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>
          {words.title} {hash.slice(0, 12)}…
        </h1>
        <div className={page.right}>
          <CopyButton text={hash} label={words.copyHash} />
          <span title={words.linkWhat}>
            <CopyButton text={link} label={words.copyLink} />
          </span>
        </div>
      </header>
      <section className={page.panel} aria-label={words.about}>
        <FactList facts={[...facts, [words.hash, <code key="hash">{hash}</code>]]} />
      </section>
      {children}
    </div>
  )
}

function Missing({ hash }: { hash: string }) {
  const demo = useQuery('status.get', {}, ['facts']).data?.demo === true
  return (
    <div className={page.page}>
      <h1 className={page.title}>{words.missing}</h1>
      <section className={page.panel} aria-label={words.missing}>
        <p>{words.missingText}</p>
        {demo ? <p>{words.missingDemo}</p> : null}
        <FactList facts={[[words.hash, <code key="hash">{hash}</code>]]} />
      </section>
      <section className={page.panel} aria-label={words.where}>
        <h2>{words.where}</h2>
        <ul>
          {(
            [
              ['/periods', words.periods],
              ['/sync', words.sync],
              ['/import', words.import],
              ['/audit', words.audit],
            ] as const
          ).map(([href, text]) => (
            <li key={href}>
              <Link href={href}>{text}</Link>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}
