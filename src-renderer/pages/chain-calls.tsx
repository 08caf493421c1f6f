import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { callText } from '../../src-shared/chain-text.ts'
import { tftExact } from '../../src-shared/money.ts'
import { command, query, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { openChainForm } from './chain-form.tsx'
import { ChainState, openChainRequest } from './chain-request.tsx'
import { openChainFile } from './chain-review.tsx'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { TextFileButton } from './vote-exchange.tsx'

const words = texts.chain

/** The calls to the chain that were made here, and those that can be made; nothing where no network can be asked. */
export function ChainCalls({ readOnly }: { readOnly: boolean }) {
  const { network, calls, specVersion } = useChainCalls()
  const requests = useQuery('chain.requests', { limit: 100 }, ['chain', 'keys']).data
  const keys = useQuery('keys.list', {}, ['keys']).data?.keys ?? []
  const hasKey = keys.some(({ kind, origin }) => kind !== 'stellar' && origin !== 'watch')
  const sending = useSend()
  // a machine without a network signs what others made
  if (network === null && (requests?.total ?? 0) === 0 && !hasKey) return null
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
          {hasKey ? <TextFileButton label={words.signFile} disabled={readOnly} onText={read => sending.send(() => look(read))} /> : null}
          {(requests?.total ?? 0) > 0 ? (
            <TextFileButton label={words.bring} disabled={readOnly} onText={read => sending.send(() => bring(read))} />
          ) : null}
        </div>
      </header>
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.safe} /> : null}
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

async function look(read: Promise<string>): Promise<void> {
  const text = await read
  openChainFile(text, await query('chain.readFile', { text }))
}

/** A signature that was made elsewhere is kept once it is checked, and its call is shown, to be sent. */
async function bring(read: Promise<string>): Promise<void> {
  const { requestId } = await command('chain.takeSignature', { text: await read })
  const request = (await query('chain.requests', { limit: 1000 })).rows.find(row => row.requestId === requestId)
  if (!request) return
  notifications.show({ message: words.brought(callText(request.call)) })
  openChainRequest(request)
}

/** What of a mint the chain can be asked for, where it has calls for that. */
export function MintOnChain({ nodeId, start, rewardUnits }: { nodeId: number; start: number; rewardUnits: bigint }) {
  const { network, calls } = useChainCalls()
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const offered = (['claim', 'trigger', 'submit-amount'] as const).filter(
    wanted => network !== null && calls.some(({ kind, missing }) => kind === wanted && missing === ''),
  )
  if (network === null || offered.length === 0) return null
  const known = { node: String(nodeId), start, amount: tftExact(rewardUnits) }
  return (
    <div className={page.buttons}>
      {offered.map(kind => (
        <Button key={kind} variant="default" disabled={readOnly} onClick={() => openChainForm(network, kind, known)}>
          {words.kinds[kind]}
        </Button>
      ))}
    </div>
  )
}

function useChainCalls() {
  const known = useQuery('chain.calls', {}, ['chain', 'facts', 'networks']).data
  return known ?? { network: null, calls: [], specVersion: null }
}
