import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../../src-shared/errors.ts'
import { endpointSchema, type Network, networkNameSchema } from '../../src-shared/sync.ts'
import { loadNote, type Store, saveNote } from '../store/index.ts'

/** A network as resources/networks.json has it (interfaces.md, Networks); what has no source there is empty and asked for. */
const knownSchema = z.array(
  z.object({
    name: networkNameSchema,
    title: z.string(),
    endpoints: z.array(endpointSchema),
    genesis: z.string(),
    horizon: z.string(),
    passphrase: z.string(),
    assetCode: z.string(),
    issuer: z.string(),
    payer: z.string(),
    vault: z.string(),
    signers: z.array(z.string()),
    threshold: z.number().int().nullable(),
  }),
)
export type KnownNetwork = z.infer<typeof knownSchema>[number]

/** What the user added: endpoints of known networks, and networks of one's own, pinned to the genesis of the first connection. */
const ownSchema = z.record(networkNameSchema, z.object({ endpoints: z.array(endpointSchema), genesis: z.string() }))
type Own = z.infer<typeof ownSchema>
const NOTE = 'networks'

/** Reads the networks that come with Granary. Throws AppError io.*, internal (the file that was shipped is not what it should be). */
export function readKnownNetworks(path: string): KnownNetwork[] {
  const parsed = knownSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!parsed.success) throw new AppError('internal', `${path} is not a list of networks: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

function loadOwn(store: Store): Own {
  const parsed = ownSchema.safeParse(loadNote(store, NOTE) ?? {})
  return parsed.success ? parsed.data : {}
}

/** Every network with its endpoints, the known ones first. */
export function listNetworks(known: readonly KnownNetwork[], store: Store): Network[] {
  const own = loadOwn(store)
  const urls = (list: readonly string[], isOwn: boolean) => list.map(url => ({ url, own: isOwn }))
  const shipped = known.map(({ name, title, endpoints, genesis }) => ({
    name,
    title,
    endpoints: [...urls(endpoints, false), ...urls(own[name]?.endpoints ?? [], true)],
    genesis: own[name]?.genesis || genesis,
    known: true,
  }))
  const added = Object.entries(own)
    .filter(([name]) => !known.some(network => network.name === name))
    .map(([name, { endpoints, genesis }]) => ({ name, title: name, endpoints: urls(endpoints, true), genesis, known: false }))
  return [...shipped, ...added]
}

/** One network. Throws AppError not-found. */
export function findNetwork(known: readonly KnownNetwork[], store: Store, name: string): Network {
  const found = listNetworks(known, store).find(network => network.name === name)
  if (!found)
    throw new AppError(
      'not-found',
      `There is no network "${name}". Add it with an endpoint of its own (Settings, Networks; or granary sync --network ${name} --endpoint wss://…).`,
    )
  return found
}

/** Where a network is asked, and the hash of its block 0 or its beginning. */
export function chainEndpoints({ endpoints, genesis }: Network): { endpoints: string[]; genesis: string } {
  return { endpoints: endpoints.map(({ url }) => url), genesis }
}

/** Keeps an endpoint that was checked, and the genesis that it showed. Whoever calls it holds the transaction. */
export function saveEndpoint(store: Store, name: string, url: string, genesis: string): void {
  const own = loadOwn(store)
  const endpoints = own[name]?.endpoints ?? []
  own[name] = { endpoints: endpoints.includes(url) ? endpoints : [...endpoints, url], genesis }
  saveNote(store, NOTE, own)
}

/** Takes an endpoint of the user's own away. Throws AppError not-found. Whoever calls it holds the transaction. */
export function removeEndpoint(store: Store, name: string, url: string): void {
  const own = loadOwn(store)
  const found = own[name]
  if (!found?.endpoints.includes(url))
    throw new AppError('not-found', `${url} is not an endpoint that you added to network "${name}". Those that come with Granary stay.`)
  found.endpoints = found.endpoints.filter(endpoint => endpoint !== url)
  if (found.endpoints.length === 0) delete own[name]
  saveNote(store, NOTE, own)
}
