import { Button, NumberInput, Skeleton, TagsInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { fixed, group, tftExact } from '../../src-shared/money.ts'
import type { PayEntry, PayProblem } from '../../src-shared/pay-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, query, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { shortAddress } from '../components/names.tsx'
import { NumHead } from '../components/num-head.tsx'
import { SaveOrDiscard } from '../components/save-or-discard.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.pay.settings
const narrow = { wrapper: { maxWidth: 160 } } as const
const SEC_PER_HOUR = 3600

/** How the network that is shown pays on Stellar; each error stands at its field. */
export function PaySettings({ readOnly }: { readOnly: boolean }) {
  const { data, error, refetch } = useQuery('pay.config', {}, ['pay', 'facts', 'sync'])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={420} />
  if (data.network === null) return <p className={page.dim}>{words.none}</p>
  return (
    <>
      <p className={page.dim}>
        {words.network(data.network)} {words.intro}
      </p>
      {/* what somebody else saved meanwhile begins a new form */}
      <ConfigForm key={`${data.network} ${JSON.stringify(data.config)}`} network={data.network} kept={data.config} readOnly={readOnly} />
      {data.problems.length === 0 ? <Accounts /> : null}
    </>
  )
}

function ConfigForm({ network, kept, readOnly }: { network: string; kept: PayEntry; readOnly: boolean }) {
  const [config, setConfig] = useState(kept)
  const [problems, setProblems] = useState<PayProblem[]>([])
  const sending = useSend()
  const change = (part: Partial<PayEntry>) => {
    setConfig({ ...config, ...part })
    setProblems([])
  }
  const changed = JSON.stringify(config) !== JSON.stringify(kept)
  const problemOf = (field: keyof PayEntry) => problems.find(problem => problem.field === field)?.message ?? null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    sending.send(async () => {
      const found = await query('pay.checkConfig', { config })
      setProblems(found)
      if (found.length === 0) await command('pay.setConfig', { network, config })
    })
  }
  const text = (field: 'horizon' | 'passphrase' | 'assetCode' | 'issuer' | 'payer', hint?: string) => (
    <TextInput
      label={words[field]}
      description={hint}
      value={config[field]}
      onChange={event => change({ [field]: event.currentTarget.value })}
      error={problemOf(field)}
      maxLength={200}
      disabled={readOnly}
      spellCheck={false}
      autoComplete="off"
    />
  )
  return (
    <form className={page.form} onSubmit={submit} noValidate aria-label={words.title}>
      {text('horizon', words.horizonHint)}
      {text('passphrase', words.passphraseHint)}
      {text('assetCode')}
      {text('issuer')}
      {text('payer')}
      <TagsInput
        label={words.channels}
        description={words.channelsHint}
        value={config.channels}
        onChange={channels => change({ channels: channels.map(channel => channel.trim()) })}
        error={problemOf('channels')}
        maxTags={100}
        disabled={readOnly}
        splitChars={[',', ' ']}
      />
      <NumberInput
        label={words.fee}
        description={words.feeHint}
        value={config.feeStroops}
        onChange={value => change({ feeStroops: Number(value) })}
        error={problemOf('feeStroops')}
        min={0}
        allowDecimal={false}
        disabled={readOnly}
        styles={narrow}
      />
      <NumberInput
        label={words.signHours}
        description={words.signHint}
        value={config.signSec / SEC_PER_HOUR}
        onChange={value => change({ signSec: Math.round(Number(value) * SEC_PER_HOUR) })}
        error={problemOf('signSec')}
        min={0}
        decimalScale={2}
        disabled={readOnly}
        styles={narrow}
      />
      <p className={page.dim}>{words.vault}</p>
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      <SaveOrDiscard
        words={words}
        changed={changed}
        readOnly={readOnly}
        busy={sending.busy}
        onDiscard={() => {
          setConfig(kept)
          setProblems([])
        }}
      />
    </form>
  )
}

/** Thresholds, signers and balances as Stellar has them; asked on request. */
function Accounts() {
  const asking = useAsk((_: true, signal: AbortSignal) => query('pay.accounts', {}, signal))
  const { accounts: heads } = words
  return (
    <>
      <div className={page.buttons}>
        <Button variant="default" loading={asking.busy} onClick={() => asking.run(true)}>
          {words.ask}
        </Button>
      </div>
      {asking.error ? <ErrorPanel error={asking.error} /> : null}
      {asking.answer ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={heads.list}>
            <caption className={page.hidden}>{heads.list}</caption>
            <thead>
              <tr>
                <th scope="col">{heads.role}</th>
                <th scope="col">{heads.address}</th>
                <NumHead name={heads.xlm} help="to-spend" />
                <NumHead name={heads.asset} help="to-spend" />
                <NumHead name={heads.needs} help="threshold" />
                <th scope="col">{heads.signers}</th>
              </tr>
            </thead>
            <tbody>
              {asking.answer.accounts.map(({ address, role, exists, thresholds, signers, spendableStroops, assetUnits }) => (
                <tr key={`${role} ${address}`}>
                  <td>{heads.roles[role]}</td>
                  <td title={address}>
                    {shortAddress(address)}
                    {exists ? '' : `, ${heads.missing}`}
                  </td>
                  <td className={page.num}>{spendableStroops === null ? '' : group(fixed(spendableStroops, 7))}</td>
                  <td className={page.num}>{assetUnits === null ? '' : group(tftExact(assetUnits))}</td>
                  <td className={page.num}>{thresholds ? Math.max(1, thresholds.med) : ''}</td>
                  <td className={page.wrap}>
                    {signers.map(({ key, weight, name }) => `${name === null ? shortAddress(key) : cleanName(name)}: ${weight}`).join(', ')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={page.dim}>
            {words.asOf} <DateTime ts={asking.answer.closeTs} />
          </p>
        </div>
      ) : null}
    </>
  )
}
