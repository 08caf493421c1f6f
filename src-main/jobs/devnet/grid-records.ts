import { Blake2256 } from '@polkadot-api/substrate-bindings'
import type { FarmingPolicy, GridContract, GridFarm, GridNode, GridTwin } from '../../../src-shared/grid.ts'
import type { Value } from './scale.ts'

/** The archive's records as the chain's: what an archive does not have gets the plainest value. */

/** Accounts of well-known development keys (sr25519, `//Alice` ...), which the devnet funds. */
export const developmentAccounts = {
  alice: 'd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
  bob: '8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48',
  charlie: '90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22',
  dave: '306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20',
} as const

export function developmentAccount(name: keyof typeof developmentAccounts): Buffer {
  return Buffer.from(developmentAccounts[name], 'hex')
}

export function nodeRecord(node: GridNode): Value {
  return {
    version: 4,
    id: node.id,
    farm_id: node.farm_id,
    twin_id: node.twin_id,
    rack: null,
    resources: { ...node.resources },
    location: { city: node.city, country: node.country, latitude: node.location.latitude, longitude: node.location.longitude },
    public_config: null,
    created: node.created,
    farming_policy_id: node.farming_policy_id,
    interfaces: [],
    certification: node.certification,
    secure_boot: false,
    virtualized: node.virtualized,
    serial_number: null,
    connection_price: node.connection_price,
  }
}

export function farmRecord(farm: GridFarm): Value {
  return {
    version: 4,
    id: farm.id,
    name: farm.name,
    twin_id: farm.twin_id,
    pricing_policy_id: 1,
    certification: 'NotCertified',
    public_ips: [],
    dedicated_farm: false,
    farming_policy_limits: null,
  }
}

export function policyRecord(policy: FarmingPolicy): Value {
  return { version: 1, policy_created: 0, ...policy }
}

/** The twin's account is made up from its id where `account` gives none; nobody holds its key then. */
export function twinRecord(twin: GridTwin, account: Uint8Array = madeUpAccount(twin.id)): Value {
  return {
    id: twin.id,
    account_id: account,
    relay: twin.relay,
    entities: [],
    pk: twin.pk === null ? null : Buffer.from(twin.pk.replace(/^0x/, ''), 'hex'),
  }
}

export function madeUpAccount(twinId: number): Uint8Array {
  return Blake2256(Buffer.from(`granary devnet twin ${twinId}`))
}

const NO_HASH = new Uint8Array(32)

export function contractRecord(contract: GridContract, createdBlock: number): Value {
  const { contract_type: type } = contract
  return {
    version: 4,
    state: 'Created',
    contract_id: contract.contract_id,
    twin_id: contract.twin_id,
    created_block: createdBlock,
    contract_type:
      'NodeContract' in type
        ? { NodeContract: { deployment_hash: NO_HASH, deployment_data: '', public_ips_list: [], ...type.NodeContract } }
        : 'RentContract' in type
          ? { RentContract: { ...type.RentContract } }
          : { NameContract: { ...type.NameContract } },
    solution_provider_id: null,
  }
}
