import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { Network, SyncConfig, SyncState } from '../../src-shared/sync.ts'
import { command, query, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Choice, choiceScope, choiceText, type EstimateInput, scopeChoice, setupDefaults } from '../sync-words.ts'
import { texts } from '../texts.ts'
import { EndpointForm } from './endpoint-form.tsx'
import page from './page.module.css'
import { ScopeChoice } from './scope-choice.tsx'
import classes from './sync.module.css'
import { Estimate } from './sync-estimate.tsx'
import { useFarmNames } from './sync-names.ts'

const words = texts.sync.setup
const periodChoices = [1, 2, 3, 6, 12, 24]
const shareChoices = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1]

/** Chooses network, scope and depth, shows what that takes, and begins it. Nothing is asked of a network before a button says so. */
export function SyncSetup({ state, readOnly }: { state: SyncState; readOnly: boolean }) {
  const networks = useQuery('networks.list', {}, ['networks'])
  const status = useQuery('status.get', {}, ['facts'])
  const names = useFarmNames()
  const [, navigate] = useLocation()
  const list = networks.data ?? []
  const preset = setupDefaults(state.config, list, status.data?.demo ? null : (status.data?.network ?? null))
  // what was not touched follows what is known; that may arrive after the first look
  const [changed, setChanged] = useState<Partial<SyncConfig>>({})
  const [chosen, setChosen] = useState<Choice | null>(null)
  const config = { ...preset, ...changed }
  const preChosen = scopeChoice(preset.scope, names)
  const choice = chosen ?? (preChosen === 'all' ? { farms: [], nodes: [] } : preChosen)
  const whole = config.scope === 'all'
  const scope = choiceScope(whole ? 'all' : choice)
  const network = list.find(one => one.name === config.network)
  const estimate = useAsk((input: EstimateInput, signal) => query('sync.estimate', input, signal))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)

  const set = (change: Partial<SyncConfig>) => setChanged(old => ({ ...old, ...change }))
  // farms and nodes have other numbers on another network
  const setNetwork = (name: string) => {
    set({ network: name })
    if (name !== config.network) setChosen(name === state.config?.network ? null : { farms: [], nodes: [] })
  }
  const input = scope === null ? null : { network: config.network, scope, periods: config.periods }
  const begin = () => {
    if (!input) return
    setBusy(true)
    setError(null)
    command('sync.configure', { ...input, compareShare: config.compareShare })
      .then(
        () => navigate('/sync'),
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }
  const what = choiceText(whole ? 'all' : choice)
  const paused = state.phase === 'paused'
  const current = estimate.input !== null && JSON.stringify(estimate.input) === JSON.stringify(input)
  const blocked = readOnly
    ? texts.sync.readOnly
    : input === null
      ? words.needChoice
      : network?.endpoints.length === 0
        ? words.needNetwork
        : null

  return (
    <>
      {state.config ? null : <p className={classes.message}>{words.intro}</p>}
      <section className={page.panel} aria-label={words.network}>
        {networks.error && !networks.data ? <ErrorPanel error={networks.error} onRetry={networks.refetch} /> : null}
        <NetworkChoice networks={list} value={config.network} onChange={setNetwork} readOnly={readOnly} />
      </section>
      <section className={page.panel} aria-label={words.what}>
        <ScopeChoice
          network={config.network}
          whole={whole}
          onWhole={all => set({ scope: all ? 'all' : { farms: [], nodes: [] } })}
          choice={choice}
          onChoice={setChosen}
        />
      </section>
      <section className={page.panel} aria-label={words.back}>
        <div className={classes.fields}>
          <Select
            label={words.back}
            description={words.backHint}
            data={withOwn(periodChoices, config.periods ?? 1)
              .map(count => ({ value: String(count), label: words.periods(count) }))
              .concat({ value: 'all', label: words.periods(null) })}
            value={config.periods === null ? 'all' : String(config.periods)}
            onChange={value => set({ periods: value === 'all' || value === null ? null : Number(value) })}
            allowDeselect={false}
          />
          {(network?.endpoints.length ?? 0) > 1 ? (
            <Select
              label={words.compare}
              description={words.compareHint}
              data={withOwn(shareChoices, config.compareShare).map(share => ({
                value: String(share),
                label: words.share(shareText(share)),
              }))}
              value={String(config.compareShare)}
              onChange={value => set({ compareShare: Number(value ?? 0) })}
              allowDeselect={false}
            />
          ) : null}
        </div>
      </section>
      <section className={page.panel} aria-label={words.estimate}>
        <h2>{words.estimate}</h2>
        {estimate.busy && current ? (
          <Asking what={words.estimating(config.network)} onCancel={estimate.cancel} />
        ) : current && estimate.answer ? (
          <Estimate estimate={estimate.answer} what={what} />
        ) : (
          <>
            <p className={page.dim}>{words.estimateHint}</p>
            <div>
              <Button h={36} disabled={blocked !== null} onClick={() => input && estimate.run(input)}>
                {words.estimateAsk}
              </Button>
            </div>
          </>
        )}
        {current && estimate.error ? (
          <ErrorPanel
            error={estimate.error}
            title={estimate.error.code === 'chain.not-archive' ? words.notArchive : words.estimateFailed}
            safe={words.estimateSafe}
          />
        ) : null}
        {blocked === null ? null : <p className={page.dim}>{blocked}</p>}
        {current && (estimate.answer || estimate.error) ? (
          <div>
            <Button h={36} variant={estimate.answer ? 'filled' : 'default'} loading={busy} disabled={blocked !== null} onClick={begin}>
              {paused ? words.save : estimate.answer ? words.follow(what) : words.anyway}
            </Button>
          </div>
        ) : null}
        {paused ? <p className={page.dim}>{words.saveHint}</p> : null}
        {error ? <ErrorPanel error={error} title={words.notBegun} onRetry={begin} /> : null}
      </section>
    </>
  )
}

function NetworkChoice(props: { networks: Network[]; value: string; onChange: (name: string) => void; readOnly: boolean }) {
  const { networks, value, onChange, readOnly } = props
  const [adding, setAdding] = useState(false)
  return (
    <>
      <fieldset className={classes.step}>
        <legend>{words.network}</legend>
        <p className={page.dim}>{words.networkHint}</p>
        <div className={classes.networks}>
          {networks.map(network => (
            <label key={network.name} className={classes.network}>
              <input
                type="radio"
                name="network"
                value={network.name}
                checked={network.name === value}
                onChange={() => onChange(network.name)}
              />
              <span>
                <strong>{network.title || network.name}</strong> {network.known ? null : <span className={page.dim}>({words.own})</span>}
              </span>
              <span className={classes.small}>
                {network.endpoints.length === 0
                  ? words.noEndpoints
                  : network.endpoints.map(endpoint => <span key={endpoint.url}>{endpoint.url.replace(/^wss:\/\//, '')}</span>)}
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div>
        <Button variant="subtle" h={32} px={8} aria-expanded={adding} onClick={() => setAdding(!adding)}>
          {words.addOpen}
        </Button>
      </div>
      {adding ? <EndpointForm networks={networks} network={value} disabled={readOnly} onAdded={onChange} /> : null}
    </>
  )
}

/** The usual choices, and the one that was set elsewhere (on the command line). */
function withOwn(usual: number[], own: number): number[] {
  return usual.includes(own) ? usual : [...usual, own].sort((a, b) => a - b)
}

function shareText(share: number): string {
  return String(Number((share * 100).toFixed(2)))
}
