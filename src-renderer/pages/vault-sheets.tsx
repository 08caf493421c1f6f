import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import type { VaultMintRow, VaultTransferRow } from '../../src-shared/vault-contract.ts'
import { base64OfHex } from '../../src-shared/vault-fields.ts'
import { command } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { nodePath } from '../links.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import type { KnownVault } from './bridge-vault.tsx'
import page from './page.module.css'
import settings from './settings.module.css'
import classes from './vault.module.css'
import { coverStates, Farm, transferStates } from './vault-columns.tsx'
import { TransferForm } from './vault-form.tsx'
import { BuildButton } from './vault-ledger.tsx'

const words = texts.vault

/** All 7 decimals: a sheet has room for them, and they are what somebody sends. */
function exact(units: bigint): string {
  return group(tftExact(units))
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={settings.wrap}>{children}</dd>
    </div>
  )
}

/** How a mint stands with the vault, and what would back it. */
export function MintSheet({ row, vault, readOnly }: { row: VaultMintRow; vault: KnownVault; readOnly: boolean }) {
  const { network, mode, address } = vault
  const amount = exact(row.lackingUnits)
  const enter = () =>
    openSheet({
      title: words.enter,
      body: <TransferForm network={network} mode={mode} initial={{ amount: tftExact(row.lackingUnits), memo: row.id }} />,
    })
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <Fact name={words.mintColumns.state}>
          <StateMark state={coverStates[row.state]} word={row.word} />
          <div>{row.why}</div>
        </Fact>
        <Fact name={words.mintColumns.amount}>{exact(row.amountUnits)}</Fact>
        <Fact name={words.mintColumns.lacking}>{exact(row.lackingUnits)}</Fact>
        <Fact name={words.mintColumns.decided}>
          <DateTime ts={row.ts} form="both" />
        </Fact>
        <Fact name={words.mintColumns.paid}>{row.paid ? words.yes : words.no}</Fact>
        <Fact name={words.mintColumns.node}>
          <Link href={nodePath(row.nodeId)} onClick={closeSheet}>
            {words.node(row.nodeId)}
          </Link>
        </Fact>
        <Fact name={words.mintColumns.farm}>
          <span className={classes.farm}>
            <Farm id={row.farmId} name={row.farmName} />
          </span>
        </Fact>
        <Fact name={words.mintId}>
          <span className={page.hash}>{row.id}</span>
          <div className={page.buttons}>
            <CopyButton text={row.id} label={texts.table.copy} name={words.copyId} compact />
            <CopyButton text={() => base64OfHex(row.id)} label={words.base64} name={words.copyBase64} compact />
          </div>
        </Fact>
        <Fact name={words.transfersOf}>
          {row.txs.length === 0 ? (
            words.none
          ) : (
            <ul className={classes.txs}>
              {row.txs.map(tx => (
                <li key={tx} className={page.hash}>
                  {tx}
                </li>
              ))}
            </ul>
          )}
        </Fact>
      </dl>
      {row.lackingUnits > 0n ? (
        <section className={page.stack} aria-label={words.back}>
          <h3>{words.back}</h3>
          <p>{words.backHow[mode](amount)}</p>
          <p>
            {words.address}: {address === '' ? words.noAddress : <code className={page.hash}>{address}</code>}{' '}
            {address === '' ? null : <CopyButton text={address} label={texts.table.copy} name={words.copyAddress} compact />}
          </p>
          {mode === 'per-mint' ? (
            <div className={page.buttons}>
              {readOnly ? null : <Button onClick={enter}>{words.enterIts}</Button>}
              {address === '' ? null : <BuildButton network={network} mintId={row.id} amountUnits={row.lackingUnits} />}
            </div>
          ) : null}
        </section>
      ) : null}
    </div>
  )
}

/** What a transfer is for, and the way to take it out of the books. */
export function TransferSheet({ row, network, readOnly }: { row: VaultTransferRow; network: string; readOnly: boolean }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const amount = exact(row.amountUnits)
  const remove = () => {
    setBusy(true)
    setError(null)
    command('vault.removeTransfer', { network, tx: row.tx })
      .then(
        () => {
          closeSheet()
          notifications.show({ message: words.removed(amount) })
        },
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <Fact name={words.transferColumns.state}>
          <StateMark state={transferStates[row.state]} word={row.word} />
          <div>{row.why}</div>
        </Fact>
        <Fact name={words.transferColumns.amount}>{exact(row.amountUnits)}</Fact>
        <Fact name={words.transferColumns.excess}>{exact(row.excessUnits)}</Fact>
        <Fact name={words.transferColumns.time}>
          <DateTime ts={row.ts} form="both" />
        </Fact>
        <Fact name={words.standsFor}>
          {row.mints === 0 ? words.none : words.mintsCount(row.mints)}
          {row.mints === 1 && row.firstMintId !== null ? <div className={page.hash}>{row.firstMintId}</div> : null}
        </Fact>
        <Fact name={words.transferColumns.tx}>
          <span className={page.hash}>{row.tx}</span>
          <CopyButton text={row.tx} label={texts.table.copy} name={words.copyTx} compact />
        </Fact>
        <Fact name={words.transferColumns.memo}>{row.memo === null ? words.none : <span className={page.hash}>{row.memo}</span>}</Fact>
        <Fact name={words.transferColumns.note}>{row.note === '' ? words.none : <span className={page.note}>{row.note}</span>}</Fact>
      </dl>
      {error ? <ErrorPanel error={error} /> : null}
      {readOnly ? (
        <p className={page.dim}>{words.readOnly}</p>
      ) : (
        <div className={page.stack}>
          <p className={page.dim}>{words.removeHow}</p>
          <div>
            <Button variant="default" loading={busy} onClick={remove}>
              {words.remove(amount)}
            </Button>
          </div>
        </div>
      )}
    </div>
  )
}
