import { Button, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { Network } from '../../src-shared/sync.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { texts } from '../texts.ts'
import { EndpointForm } from './endpoint-form.tsx'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync.networks

/** Every network with its endpoints; the user's own can be removed, others added. */
export function Networks({ readOnly }: { readOnly: boolean }) {
  const { data, error, refetch } = useQuery('networks.list', {}, ['networks'])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={260} />
  return (
    <>
      <p className={page.dim}>{words.intro}</p>
      {data.length === 0 ? <p className={page.dim}>{words.empty}</p> : null}
      <ul className={classes.endpoints}>
        {data.map(network => (
          <li key={network.name}>
            <NetworkEntry network={network} readOnly={readOnly} />
          </li>
        ))}
      </ul>
      <h3>{words.add}</h3>
      {readOnly ? <p className={page.dim}>{texts.sync.readOnly}</p> : null}
      <EndpointForm networks={data} disabled={readOnly} />
    </>
  )
}

function NetworkEntry({ network, readOnly }: { network: Network; readOnly: boolean }) {
  const last = !network.known && network.endpoints.length === 1
  return (
    <>
      <div className={classes.line}>
        <span>
          <strong>{network.title || network.name}</strong>{' '}
          <span className={page.dim}>
            {network.title && network.title !== network.name ? network.name : ''}
            {network.known ? '' : ` (${words.ownNetwork})`}
          </span>
        </span>
      </div>
      <div className={classes.small}>
        <span>
          {words.genesis} {network.genesis === '' ? words.genesisNone : <span className={classes.hash}>{network.genesis}</span>}
        </span>
      </div>
      {network.endpoints.length === 0 ? <p className={page.dim}>{words.none}</p> : null}
      {network.endpoints.map(endpoint => (
        <EndpointEntry key={endpoint.url} network={network.name} {...endpoint} last={last} readOnly={readOnly} />
      ))}
    </>
  )
}

function EndpointEntry(props: { network: string; url: string; own: boolean; last: boolean; readOnly: boolean }) {
  const { network, url, own, last, readOnly } = props
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const remove = () => {
    setBusy(true)
    setError(null)
    command('network.removeEndpoint', { network, url })
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  return (
    <div>
      <div className={classes.line}>
        <span>
          <span className={classes.url}>{url}</span> {own ? <span className={page.dim}>{words.own}</span> : null}
        </span>
        {own ? (
          <Button
            variant="subtle"
            color="gray"
            h={32}
            loading={busy}
            disabled={readOnly}
            onClick={remove}
            aria-label={words.removeName(url, network)}
            title={readOnly ? texts.sync.readOnly : last ? words.removeLast : undefined}
          >
            {words.remove}
          </Button>
        ) : null}
      </div>
      {own && last ? <p className={page.dim}>{words.removeLast}</p> : null}
      {error ? <ErrorPanel error={error} title={words.removeFailed} onRetry={remove} /> : null}
    </div>
  )
}
