import type { ApiPromise } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { ProviderInterface } from '@polkadot/rpc-provider/types'

export interface Sent {
  block: string
  events: { name: string; data: unknown }[]
}

/** Sends a call as one of the development accounts, as another program would; gives its block and events once it is final. */
export async function sendAs(
  url: string,
  uri: string,
  make: (tx: ApiPromise['tx']) => SubmittableExtrinsic<'promise'>,
  options: { nonce?: number } = {},
): Promise<Sent> {
  // the library takes a second to load, which few who import this need
  const { ApiPromise, Keyring, WsProvider } = await import('./polkadot-api.ts')
  const provider = new WsProvider(url) as unknown as ProviderInterface
  const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true })
  const signer = new Keyring({ type: 'sr25519' }).addFromUri(uri)
  try {
    return await new Promise<Sent>((resolve, reject) => {
      make(api.tx)
        .signAndSend(signer, options, ({ status, events, dispatchError }) => {
          if (!status.isFinalized) return
          if (dispatchError) return reject(new Error(dispatchError.toString()))
          resolve({
            block: status.asFinalized.toHex(),
            events: events.map(({ event }) => ({
              name: `${event.section}.${event.method}`,
              data: Object.fromEntries((event.data.names ?? []).map((name, i) => [camel(name), event.data[i]!.toJSON()])),
            })),
          })
        })
        .catch(reject)
    })
  } finally {
    await api.disconnect()
  }
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
