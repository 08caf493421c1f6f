import { NumberInput, SegmentedControl, Select, Skeleton, Switch, TagsInput, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { ConfigProblemRow } from '../../src-shared/mints-contract.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import { type MintConfig, triggerSchema, vaultModeSchema } from '../../src-shared/node-period.ts'
import { periodAt } from '../../src-shared/time.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { SaveOrDiscard } from '../components/save-or-discard.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { formatCount, formatDateTime } from '../format.ts'
import { texts } from '../texts.ts'
import { chainText } from './mint-model.ts'
import page from './page.module.css'
import classes from './settings.module.css'

const words = texts.mints.settings
const MAX_PERIOD = 100_000
const narrow = { wrapper: { maxWidth: 160 } } as const

/** How the network that is shown mints and pays by rule set node-period. */
export function MintRules({ readOnly }: { readOnly: boolean }) {
  const { data, error, refetch } = useQuery('mintConfig.get', {}, ['mints', 'facts', 'sync'])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={420} />
  if (data.network === null) return <p className={page.dim}>{words.none}</p>
  return (
    <>
      <p className={page.dim}>{words.network(data.network)}</p>
      {readOnly ? <p className={page.dim}>{texts.sync.readOnly}</p> : null}
      {/* what somebody else saved meanwhile begins a new form */}
      <RulesForm key={`${data.network} ${JSON.stringify(data.config)}`} kept={data.config} readOnly={readOnly} />
      <ChainCalls chain={data.chain} />
    </>
  )
}

function ChainCalls({ chain }: { chain: QueryOutput<'mintConfig.get'>['chain'] }) {
  return (
    <div>
      <h3>{words.chain.title}</h3>
      <p className={page.dim}>{chainText(chain)}</p>
    </div>
  )
}

function RulesForm({ kept, readOnly }: { kept: MintConfig; readOnly: boolean }) {
  const [config, setConfig] = useState(kept)
  const [problems, setProblems] = useState<ConfigProblemRow[]>([])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const change = (part: Partial<MintConfig>) => {
    setConfig({ ...config, ...part })
    setProblems([])
  }
  const changed = JSON.stringify(config) !== JSON.stringify(kept)
  const problemOf = (field: string) => problems.find(problem => problem.field === field)?.message ?? null
  const save = async (): Promise<void> => {
    const found = await query('mintConfig.check', { config })
    setProblems(found)
    if (found.length === 0) await command('mintConfig.set', { config })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    save()
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  const votes = config.trigger === 'offline-amount' || config.trigger === 'verified-amount'
  return (
    <form className={page.form} onSubmit={submit} noValidate aria-label={words.title}>
      <fieldset className={classes.fieldset} disabled={readOnly}>
        <legend>{words.rules}</legend>
        <SegmentedControl
          data={(['v3', 'node-period'] as const).map(value => ({ value, label: words.ruleNames[value] }))}
          value={config.rules}
          onChange={rules => change({ rules: rules as MintConfig['rules'] })}
          transitionDuration={0}
        />
        <p className={page.dim}>{words.ruleHints[config.rules]}</p>
      </fieldset>
      <NumberInput
        label={words.first}
        description={
          config.firstNodePeriod === null
            ? words.firstHint
            : `${words.firstHint} ${words.firstAt(formatDateTime(periodAt(config.firstNodePeriod).start))}`
        }
        value={config.firstNodePeriod ?? ''}
        onChange={value => change({ firstNodePeriod: typeof value === 'number' ? value : null })}
        min={1}
        max={MAX_PERIOD}
        clampBehavior="strict"
        allowDecimal={false}
        allowNegative={false}
        disabled={readOnly}
        styles={narrow}
      />
      <Select
        label={words.trigger}
        description={texts.mints.triggers[config.trigger].how}
        data={triggerSchema.options.map(value => ({ value, label: texts.mints.triggers[value].name }))}
        value={config.trigger}
        onChange={value => change({ trigger: triggerSchema.parse(value ?? config.trigger) })}
        allowDeselect={false}
        disabled={readOnly}
      />
      {votes || config.signers.length > 0 ? (
        <>
          <TagsInput
            label={words.signers}
            description={words.signersHint}
            value={config.signers}
            onChange={signers => change({ signers: names(signers) })}
            error={problemOf('signers')}
            maxTags={100}
            disabled={readOnly}
          />
          <NumberInput
            label={words.threshold}
            description={words.thresholdHint}
            value={config.threshold}
            onChange={value => change({ threshold: typeof value === 'number' ? value : 1 })}
            min={1}
            max={100}
            clampBehavior="strict"
            allowDecimal={false}
            allowNegative={false}
            error={problemOf('threshold')}
            disabled={readOnly}
            styles={narrow}
          />
        </>
      ) : null}
      <TagsInput
        label={words.administrators}
        description={words.administratorsHint}
        value={config.administrators}
        onChange={administrators => change({ administrators: names(administrators) })}
        error={problemOf('administrators')}
        maxTags={100}
        disabled={readOnly}
      />
      <Switch
        label={words.carbon}
        description={words.carbonHint}
        checked={config.carbon.on}
        onChange={event => change({ carbon: { ...config.carbon, on: event.currentTarget.checked } })}
        disabled={readOnly}
      />
      {config.carbon.on ? (
        <TextInput
          label={words.carbonWallet}
          value={config.carbon.wallet}
          onChange={event => change({ carbon: { ...config.carbon, wallet: event.currentTarget.value } })}
          error={problemOf('carbon.wallet')}
          maxLength={100}
          disabled={readOnly}
          spellCheck={false}
          autoComplete="off"
        />
      ) : null}
      <Switch
        label={words.locking}
        description={words.lockingHint}
        checked={config.locking.on}
        onChange={event => change({ locking: { on: event.currentTarget.checked } })}
        disabled={readOnly}
      />
      <Select
        label={words.vaultMode}
        data={vaultModeSchema.options.map(value => ({ value, label: texts.mints.vaultModes[value] }))}
        value={config.vault.mode}
        onChange={value => change({ vault: { ...config.vault, mode: vaultModeSchema.parse(value ?? config.vault.mode) } })}
        allowDeselect={false}
        disabled={readOnly}
      />
      <TextInput
        label={words.vaultAddress}
        description={words.vaultAddressHint}
        value={config.vault.address}
        onChange={event => change({ vault: { ...config.vault, address: event.currentTarget.value } })}
        error={problemOf('vault.address')}
        maxLength={100}
        disabled={readOnly}
        spellCheck={false}
        autoComplete="off"
      />
      <Consequences config={config} kept={kept} />
      <SaveOrDiscard
        words={words}
        changed={changed}
        readOnly={readOnly}
        busy={busy}
        onDiscard={() => {
          setConfig(kept)
          setProblems([])
        }}
      />
      {error ? <ErrorPanel error={error} title={words.failed} /> : null}
    </form>
  )
}

/** Spaces at the ends make no other name. */
function names(list: string[]): string[] {
  return list.map(name => name.trim().slice(0, 100)).filter(name => name !== '')
}

/** What saving does at once and can't be taken back. */
function Consequences({ config, kept }: { config: MintConfig; kept: MintConfig }) {
  const anyone = config.rules === 'node-period' && config.trigger === 'permissionless'
  const before = kept.rules === 'node-period' && kept.trigger === 'permissionless'
  const open = useQuery('mints.list', { limit: 1, stage: 'claimable' }, ['mints'], { enabled: anyone && !before }).data
  const anew = config.firstNodePeriod !== kept.firstNodePeriod || config.carbon.on !== kept.carbon.on
  return (
    <>
      {anyone && !before && open && open.claimable > 0 ? (
        <p>
          <StateMark
            state="at-risk"
            word={words.anyone(texts.mints.figures.mints(formatCount(open.claimable)), group(tftExact(open.claimableUnits)))}
          />
        </p>
      ) : null}
      {anew ? <p className={page.dim}>{words.worksAnew}</p> : null}
    </>
  )
}
