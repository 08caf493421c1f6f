import type { NamedTypes, Variant } from './type-text.ts'

/** The types that the devnet's pallets use, laid out as the grid chain's runtime 145 has them. Field names are the chain's. */

const weight = { ref_time: 'Compact<u64>', proof_size: 'Compact<u64>' }
const eraVariants: Variant[] = [[0, 'Immortal'], ...Array.from({ length: 255 }, (_, i): Variant => [i + 1, `Mortal${i + 1}`, ['u8']])]

const frameTypes: NamedTypes = {
  AccountId32: { path: 'sp_core::crypto::AccountId32', wraps: '[u8; 32]' },
  H256: { path: 'primitive_types::H256', wraps: '[u8; 32]' },
  MultiAddress: {
    path: 'sp_runtime::multiaddress::MultiAddress',
    params: { AccountId: 'AccountId32', AccountIndex: '()' },
    variants: [
      [0, 'Id', ['AccountId32']],
      [1, 'Index', ['Compact<()>']],
      [2, 'Raw', ['Bytes']],
      [3, 'Address32', ['[u8; 32]']],
      [4, 'Address20', ['[u8; 20]']],
    ],
  },
  MultiSignature: {
    path: 'sp_runtime::MultiSignature',
    variants: [
      [0, 'Ed25519', ['[u8; 64]']],
      [1, 'Sr25519', ['[u8; 64]']],
      [2, 'Ecdsa', ['[u8; 65]']],
    ],
  },
  Era: { path: 'sp_runtime::generic::era::Era', variants: eraVariants },
  CheckNonZeroSender: { path: 'frame_system::extensions::check_non_zero_sender::CheckNonZeroSender', struct: {} },
  CheckSpecVersion: { path: 'frame_system::extensions::check_spec_version::CheckSpecVersion', struct: {} },
  CheckTxVersion: { path: 'frame_system::extensions::check_tx_version::CheckTxVersion', struct: {} },
  CheckGenesis: { path: 'frame_system::extensions::check_genesis::CheckGenesis', struct: {} },
  CheckMortality: { path: 'frame_system::extensions::check_mortality::CheckMortality', wraps: 'Era' },
  CheckNonce: { path: 'frame_system::extensions::check_nonce::CheckNonce', wraps: 'Compact<u32>' },
  CheckWeight: { path: 'frame_system::extensions::check_weight::CheckWeight', struct: {} },
  ChargeTransactionPayment: { path: 'pallet_transaction_payment::ChargeTransactionPayment', wraps: 'Compact<u128>' },
  Weight: { path: 'sp_weights::weight_v2::Weight', struct: weight },
  DispatchClass: {
    path: 'frame_support::dispatch::DispatchClass',
    variants: [
      [0, 'Normal'],
      [1, 'Operational'],
      [2, 'Mandatory'],
    ],
  },
  Pays: {
    path: 'frame_support::dispatch::Pays',
    variants: [
      [0, 'Yes'],
      [1, 'No'],
    ],
  },
  DispatchInfo: {
    path: 'frame_support::dispatch::DispatchInfo',
    struct: { weight: 'Weight', class: 'DispatchClass', pays_fee: 'Pays' },
  },
  ModuleError: { path: 'sp_runtime::ModuleError', struct: { index: 'u8', error: '[u8; 4]' } },
  TokenError: {
    path: 'sp_runtime::TokenError',
    variants: [
      [0, 'FundsUnavailable'],
      [1, 'OnlyProvider'],
      [2, 'BelowMinimum'],
      [3, 'CannotCreate'],
      [4, 'UnknownAsset'],
      [5, 'Frozen'],
      [6, 'Unsupported'],
    ],
  },
  ArithmeticError: {
    path: 'sp_arithmetic::ArithmeticError',
    variants: [
      [0, 'Underflow'],
      [1, 'Overflow'],
      [2, 'DivisionByZero'],
    ],
  },
  DispatchError: {
    path: 'sp_runtime::DispatchError',
    variants: [
      [0, 'Other'],
      [1, 'CannotLookup'],
      [2, 'BadOrigin'],
      [3, 'Module', ['ModuleError']],
      [4, 'ConsumerRemaining'],
      [5, 'NoProviders'],
      [6, 'TooManyConsumers'],
      [7, 'Token', ['TokenError']],
      [8, 'Arithmetic', ['ArithmeticError']],
    ],
  },
  Phase: {
    path: 'frame_system::Phase',
    variants: [
      [0, 'ApplyExtrinsic', ['u32']],
      [1, 'Finalization'],
      [2, 'Initialization'],
    ],
  },
  EventRecord: {
    path: 'frame_system::EventRecord',
    params: { E: 'RuntimeEvent', T: 'H256' },
    struct: { phase: 'Phase', event: 'RuntimeEvent', topics: 'Vec<H256>' },
  },
  LastRuntimeUpgradeInfo: {
    path: 'frame_system::LastRuntimeUpgradeInfo',
    struct: { spec_version: 'Compact<u32>', spec_name: 'str' },
  },
  AccountData: {
    path: 'pallet_balances::types::AccountData',
    struct: { free: 'u128', reserved: 'u128', frozen: 'u128', flags: 'u128' },
  },
  AccountInfo: {
    path: 'frame_system::AccountInfo',
    struct: { nonce: 'u32', consumers: 'u32', providers: 'u32', sufficients: 'u32', data: 'AccountData' },
  },
  RuntimeVersion: {
    path: 'sp_version::RuntimeVersion',
    struct: {
      spec_name: 'str',
      impl_name: 'str',
      authoring_version: 'u32',
      spec_version: 'u32',
      impl_version: 'u32',
      apis: 'Vec<([u8; 8], u32)>',
      transaction_version: 'u32',
      state_version: 'u8',
    },
  },
  RuntimeDispatchInfo: {
    path: 'pallet_transaction_payment::types::RuntimeDispatchInfo',
    struct: { weight: 'Weight', class: 'DispatchClass', partial_fee: 'u128' },
  },
  UncheckedExtrinsic: { path: 'sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic', wraps: 'Bytes' },
  Runtime: { path: 'tfchain_runtime::Runtime', struct: {} },
}

const gridTypes: NamedTypes = {
  Resources: { path: 'tfchain_support::resources::Resources', struct: { hru: 'u64', sru: 'u64', cru: 'u64', mru: 'u64' } },
  Location: {
    path: 'pallet_tfgrid::node::Location',
    struct: { city: 'Bytes', country: 'Bytes', latitude: 'Bytes', longitude: 'Bytes' },
  },
  PublicIp: { path: 'tfchain_support::types::PublicIP', struct: { ip: 'Bytes', gateway: 'Bytes', contract_id: 'u64' } },
  Ip: { path: 'tfchain_support::types::IP4', struct: { ip: 'Bytes', gw: 'Bytes' } },
  PublicConfig: {
    path: 'tfchain_support::types::PublicConfig',
    struct: { ip4: 'Ip', ip6: 'Option<Ip>', domain: 'Option<Bytes>' },
  },
  Interface: { path: 'tfchain_support::types::Interface', struct: { name: 'Bytes', mac: 'Bytes', ips: 'Vec<Bytes>' } },
  NodeCertification: {
    path: 'tfchain_support::types::NodeCertification',
    variants: [
      [0, 'Diy'],
      [1, 'Certified'],
    ],
  },
  FarmCertification: {
    path: 'tfchain_support::types::FarmCertification',
    variants: [
      [0, 'NotCertified'],
      [1, 'Gold'],
    ],
  },
  FarmingPolicyLimit: {
    path: 'tfchain_support::types::FarmingPolicyLimit',
    struct: {
      farming_policy_id: 'u32',
      cu: 'Option<u64>',
      su: 'Option<u64>',
      end: 'Option<u64>',
      node_count: 'Option<u32>',
      node_certification: 'bool',
    },
  },
  Farm: {
    path: 'tfchain_support::types::Farm',
    struct: {
      version: 'u32',
      id: 'u32',
      name: 'Bytes',
      twin_id: 'u32',
      pricing_policy_id: 'u32',
      certification: 'FarmCertification',
      public_ips: 'Vec<PublicIp>',
      dedicated_farm: 'bool',
      farming_policy_limits: 'Option<FarmingPolicyLimit>',
    },
  },
  Node: {
    path: 'tfchain_support::types::Node',
    struct: {
      version: 'u32',
      id: 'u32',
      farm_id: 'u32',
      twin_id: 'u32',
      resources: 'Resources',
      location: 'Location',
      public_config: 'Option<PublicConfig>',
      created: 'u64',
      farming_policy_id: 'u32',
      interfaces: 'Vec<Interface>',
      certification: 'NodeCertification',
      secure_boot: 'bool',
      virtualized: 'bool',
      serial_number: 'Option<Bytes>',
      connection_price: 'u32',
    },
  },
  EntityProof: { path: 'pallet_tfgrid::types::EntityProof', struct: { entity_id: 'u32', signature: 'Bytes' } },
  Twin: {
    path: 'pallet_tfgrid::types::Twin',
    struct: { id: 'u32', account_id: 'AccountId32', relay: 'Option<Bytes>', entities: 'Vec<EntityProof>', pk: 'Option<Bytes>' },
  },
  FarmingPolicy: {
    path: 'pallet_tfgrid::types::FarmingPolicy',
    struct: {
      version: 'u32',
      id: 'u32',
      name: 'Bytes',
      cu: 'u32',
      su: 'u32',
      nu: 'u32',
      ipv4: 'u32',
      minimal_uptime: 'u16',
      policy_created: 'u32',
      policy_end: 'u32',
      immutable: 'bool',
      default: 'bool',
      node_certification: 'NodeCertification',
      farm_certification: 'FarmCertification',
    },
  },
  Power: {
    path: 'tfchain_support::types::Power',
    variants: [
      [0, 'Up'],
      [1, 'Down'],
    ],
  },
  PowerState: {
    path: 'tfchain_support::types::PowerState',
    variants: [
      [0, 'Up'],
      [1, 'Down', ['u32']],
    ],
  },
  NodePower: { path: 'tfchain_support::types::NodePower', struct: { state: 'PowerState', target: 'Power' } },
  Cause: {
    path: 'pallet_smart_contract::types::Cause',
    variants: [
      [0, 'CanceledByUser'],
      [1, 'OutOfFunds'],
    ],
  },
  ContractState: {
    path: 'pallet_smart_contract::types::ContractState',
    variants: [
      [0, 'Created'],
      [1, 'Deleted', ['Cause']],
      [2, 'GracePeriod', ['u64']],
    ],
  },
  NodeContract: {
    path: 'pallet_smart_contract::types::NodeContract',
    struct: {
      node_id: 'u32',
      deployment_hash: '[u8; 32]',
      deployment_data: 'Bytes',
      public_ips: 'u32',
      public_ips_list: 'Vec<PublicIp>',
    },
  },
  NameContract: { path: 'pallet_smart_contract::types::NameContract', struct: { name: 'Bytes' } },
  RentContract: { path: 'pallet_smart_contract::types::RentContract', struct: { node_id: 'u32' } },
  ContractData: {
    path: 'pallet_smart_contract::types::ContractData',
    variants: [
      [0, 'NodeContract', ['NodeContract']],
      [1, 'NameContract', ['NameContract']],
      [2, 'RentContract', ['RentContract']],
    ],
  },
  Contract: {
    path: 'pallet_smart_contract::types::Contract',
    struct: {
      version: 'u32',
      state: 'ContractState',
      contract_id: 'u64',
      twin_id: 'u32',
      contract_type: 'ContractData',
      solution_provider_id: 'Option<u64>',
    },
  },
  ContractResources: {
    path: 'pallet_smart_contract::types::ContractResources',
    struct: { contract_id: 'u64', used: 'Resources' },
  },
  NruConsumption: {
    path: 'pallet_smart_contract::types::NruConsumption',
    struct: { contract_id: 'u64', timestamp: 'u64', window: 'u64', nru: 'u64' },
  },
}

const economyTypes: NamedTypes = {
  PayoutMode: {
    path: 'pallet_minting::types::PayoutMode',
    variants: [
      [0, 'OfflineAmount'],
      [1, 'VerifiedAmount'],
      [2, 'Permissionless'],
      [3, 'Claim'],
    ],
  },
  MintingInfo: {
    path: 'pallet_minting::types::MintingInfo',
    struct: { node_id: 'u32', period_start: 'u64', period_end: 'u64', uptime: 'u64', amount: 'u64', paid: 'Option<u64>' },
  },
  Curve: {
    path: 'pallet_token_minting_curve::types::Curve',
    struct: {
      creator: 'AccountId32',
      foreign_asset: 'u32',
      initial_price: 'u128',
      slope: 'u128',
      initial_issuance: 'u128',
    },
  },
}

const daoTypes: NamedTypes = {
  DaoProposal: { path: 'pallet_dao::proposal::DaoProposal', struct: { index: 'u32', description: 'Bytes', link: 'Bytes' } },
  VoteWeight: { path: 'pallet_dao::proposal::VoteWeight', struct: { farm_id: 'u32', weight: 'u64' } },
  DaoVotes: {
    path: 'pallet_dao::proposal::DaoVotes',
    struct: { index: 'u32', threshold: 'u32', ayes: 'Vec<VoteWeight>', nays: 'Vec<VoteWeight>', end: 'u32', vetos: 'Vec<AccountId32>' },
  },
}

export const typesOf145: NamedTypes = { ...frameTypes, ...gridTypes, ...daoTypes, ...economyTypes }

/**
 * The devnet's second runtime differs from 145 where a reader must notice: a contract has one more field in its middle, a node one at
 * its front half. No released runtime has these; only their kind is true to what upgrades did.
 */
export const typesOf146: NamedTypes = {
  ...typesOf145,
  Contract: {
    path: 'pallet_smart_contract::types::Contract',
    struct: {
      version: 'u32',
      state: 'ContractState',
      contract_id: 'u64',
      twin_id: 'u32',
      created_block: 'u32',
      contract_type: 'ContractData',
      solution_provider_id: 'Option<u64>',
    },
  },
  Node: {
    path: 'tfchain_support::types::Node',
    struct: {
      version: 'u32',
      id: 'u32',
      farm_id: 'u32',
      twin_id: 'u32',
      rack: 'Option<u32>',
      resources: 'Resources',
      location: 'Location',
      public_config: 'Option<PublicConfig>',
      created: 'u64',
      farming_policy_id: 'u32',
      interfaces: 'Vec<Interface>',
      certification: 'NodeCertification',
      secure_boot: 'bool',
      virtualized: 'bool',
      serial_number: 'Option<Bytes>',
      connection_price: 'u32',
    },
  },
}
/** What a value made by 145 has in the fields that 146 added. */
export const addedBy146 = { Contract: { created_block: 0 }, Node: { rack: null } } as const
