import { Button } from '@mantine/core'
import { callText } from '../../src-shared/chain-text.ts'
import { useQuery } from '../api.ts'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { openChainForm } from './chain-form.tsx'
import { ChainState, openChainRequest } from './chain-request.tsx'
import page from './page.module.css'

const words = texts.chain

/** The calls to the chain that were made here, and those that can be made; nothing where no network can be asked. */
export function ChainCalls({ readOnly }: { readOnly: boolean }) {
  const { network, calls, specVersion } = useChainCalls()
  const requests = useQuery('chain.requests', { limit: 100 }, ['chain', 'keys']).data
  if (network === null && (requests?.total ?? 0) === 0) return null
  const offered = (['payout-address', 'vote'] as const).filter(
    kind => specVersion === null || calls.some(call => call.kind === kind && call.missing === ''),
  )
  return (
    <section className={page.stack} aria-label={words.title}>
      <header className={page.head}>
        <h2 title={words.what}>{words.title}</h2>
        <div className={page.right}>
          {network === null
            ? null
            : offered.map(kind => (
                <Button key={kind} h={32} variant="default" disabled={readOnly} onClick={() => openChainForm(network, kind)}>
                  {words.kinds[kind]}
                </Button>
              ))}
        </div>
      </header>
      {network !== null && specVersion === null ? <p className={page.dim}>{words.unknown(network)}</p> : null}
      {requests === undefined || requests.total === 0 ? (
        <p className={page.dim}>{words.none}</p>
      ) : (
        <div className={`${page.panel} ${page.scroll}`}>
          <table className={page.table} aria-label={words.title}>
            <thead>
              <tr>
                <th scope="col">{words.columns.made}</th>
                <th scope="col">{words.columns.call}</th>
                <th scope="col">{words.columns.state}</th>
                <th scope="col">{words.columns.details}</th>
              </tr>
            </thead>
            <tbody>
              {requests.rows.map(row => (
                <tr key={row.requestId}>
                  <td>
                    <DateTime ts={row.createdTs} />
                  </td>
                  <td>{callText(row.call)}</td>
                  <td>
                    <ChainState request={row} />
                  </td>
                  <td>
                    <Button h={32} variant="default" aria-label={words.open(callText(row.call))} onClick={() => openChainRequest(row)}>
                      {words.columns.open}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** Where the chain has a call for it: claims what a node earned there. */
export function ClaimOnChain({ nodeId }: { nodeId: number }) {
  const { network, calls } = useChainCalls()
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  if (network === null || !calls.some(({ kind, missing }) => kind === 'claim' && missing === '')) return null
  return (
    <div>
      <Button variant="default" disabled={readOnly} onClick={() => openChainForm(network, 'claim', { node: String(nodeId) })}>
        {words.kinds.claim}
      </Button>
    </div>
  )
}

function useChainCalls() {
  const known = useQuery('chain.calls', {}, ['chain', 'facts', 'networks']).data
  return known ?? { network: null, calls: [], specVersion: null }
}
