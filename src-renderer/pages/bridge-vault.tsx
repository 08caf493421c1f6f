import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Figure } from '../components/figure.tsx'
import { shortAddress } from '../components/names.tsx'
import { StateShape } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { type Summand, SumOf } from './sum-by-farm.tsx'
import classes from './vault.module.css'
import { TransferForm } from './vault-form.tsx'
import { ImportTransfers } from './vault-import.tsx'
import { VaultLedger } from './vault-ledger.tsx'
import { VaultLists } from './vault-lists.tsx'

const words = texts.vault

export type VaultOverview = QueryOutput<'vault.get'>
/** One whose network is known. */
export type KnownVault = VaultOverview & { network: string }

/** Is what was minted backed, what is missing, and what to do about it. */
export function BridgeVaultPage() {
  const vault = useQuery('vault.get', {}, ['vault', 'mints', 'facts', 'sync'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const { data } = vault
  if (vault.error && !data)
    return (
      <div className={page.page}>
        <h1 className={page.title}>{words.title}</h1>
        <ErrorPanel error={vault.error} onRetry={vault.refetch} />
      </div>
    )
  if (data && data.network === null)
    return (
      <div className={page.page}>
        <h1 className={page.title}>{words.title}</h1>
        <EmptyState title={words.noNetworkTitle} action={<Link href="/sync/setup">{words.noNetworkAction}</Link>}>
          {words.noNetwork}
        </EmptyState>
      </div>
    )
  const known = data as KnownVault | undefined
  return (
    <div className={page.page} data-fill>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {known ? <span className={page.dim}>{words.of(known.network)}</span> : null}
        {known ? (
          <div className={page.right}>
            {readOnly ? <span className={page.dim}>{words.readOnly}</span> : null}
            <ImportTransfers network={known.network} disabled={readOnly} />
            <Button
              h={32}
              disabled={readOnly}
              onClick={() => openSheet({ title: words.enter, body: <TransferForm network={known.network} mode={known.mode} /> })}
            >
              {words.enter}
            </Button>
          </div>
        ) : null}
      </header>
      {known ? (
        <>
          <Verdict vault={known} />
          <VaultLedger vault={known} readOnly={readOnly} />
          <VaultLists vault={known} readOnly={readOnly} />
        </>
      ) : null}
    </div>
  )
}

const shapes = { none: null, covered: 'up', waiting: 'at-risk', misplaced: 'at-risk', short: 'down' } as const

function Verdict({ vault }: { vault: KnownVault }) {
  const { verdict, rules, mints, mode, address, differenceUnits } = vault
  const shape = shapes[verdict.state]
  const nothing = rules === 'v3' && mints === 0
  const difference = differenceUnits < 0n ? words.more : words.notBacked
  return (
    <section className={`${page.panel} ${classes.verdict}`} aria-label={words.verdict}>
      <div className={classes.words}>
        <div className={classes.title} role="status">
          {shape && !nothing ? <StateShape state={shape} size={12} /> : null}
          <h2>{nothing ? words.v3Title : verdict.title}</h2>
        </div>
        {nothing ? null : <p>{verdict.wayOut}</p>}
        {rules === 'v3' ? <p>{words.v3}</p> : null}
      </div>
      <dl className={page.figures}>
        <Fact name={words.minted}>
          <Figure
            label={words.minted}
            help="minted"
            explain={() => <SumOf label={words.minted} help="minted" rule={words.mintedHow} nameHead={words.part} {...mintedSum(vault)} />}
          >
            <Amount units={vault.mintedUnits} unit />
          </Figure>
        </Fact>
        <Fact name={words.vaulted}>
          <Figure
            label={words.vaulted}
            help="vaulted"
            explain={() => (
              <SumOf label={words.vaulted} help="vaulted" rule={words.vaultedHow} nameHead={words.part} {...vaultedSum(vault)} />
            )}
          >
            <Amount units={vault.vaultedUnits} unit />
          </Figure>
        </Fact>
        <Fact name={difference}>
          <Figure label={difference} help="not-backed" explain={() => <Difference vault={vault} />}>
            <Amount units={differenceUnits < 0n ? -differenceUnits : differenceUnits} unit />
          </Figure>
        </Fact>
      </dl>
      <div className={classes.setup}>
        <dl>
          <div>
            <dt>{words.mode}</dt>
            <dd>
              {words.modes[mode]}: {words.modeMeaning[mode]}
            </dd>
          </div>
          <div>
            <dt>{words.address}</dt>
            <dd>
              {address === '' ? (
                words.noAddress
              ) : (
                <>
                  <code title={address}>{shortAddress(address)}</code>
                  <CopyButton text={address} label={texts.table.copy} name={words.copyAddress} compact />
                </>
              )}
            </dd>
          </div>
        </dl>
        <Link href="/settings" className={page.link}>
          {words.change}
        </Link>
      </div>
    </section>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={page.figure}>
      <dt>{name}</dt>
      <dd className={page.number}>{children}</dd>
    </div>
  )
}

function mintedSum({ decided, paid, mintedUnits }: VaultOverview): { lines: Summand[]; total: bigint } {
  return {
    lines: [
      { id: 1, name: words.mintedParts.paid(formatCount(paid.count)), units: paid.units },
      { id: 2, name: words.mintedParts.decided(formatCount(decided.count)), units: decided.units },
    ],
    total: mintedUnits,
  }
}

function vaultedSum({ uses, vaultedUnits }: VaultOverview): { lines: Summand[]; total: bigint } {
  return {
    lines: uses.map(({ word, count, units }, id) => ({ id, name: `${word} (${formatCount(count)})`, units })),
    total: vaultedUnits,
  }
}

/** Minted less vaulted; and where transfers belong to mints, the same from their differences. */
function Difference({ vault }: { vault: VaultOverview }) {
  const { mintedUnits, vaultedUnits, differenceUnits, uncoveredUnits, excessUnits, mode } = vault
  const parts = words.differenceParts
  const line = (id: number, name: string, units: bigint): Summand => ({ id, name, units })
  return (
    <div className={page.stack}>
      <SumOf
        label={words.notBacked}
        help="not-backed"
        rule={words.differenceHow}
        nameHead={words.part}
        lines={[line(1, parts.minted, mintedUnits), line(2, parts.vaulted, -vaultedUnits)]}
        total={differenceUnits}
      />
      {mode === 'manual' ? null : (
        <SumOf
          label={words.notBacked}
          help="not-backed"
          rule={words.inDetail}
          nameHead={words.part}
          lines={[line(1, parts.uncovered, uncoveredUnits), line(2, parts.excess, -excessUnits)]}
          total={differenceUnits}
        />
      )}
    </div>
  )
}
