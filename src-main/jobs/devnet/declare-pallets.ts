import type { Variant } from './type-text.ts'

export type Hasher = 'Blake2128Concat' | 'Twox64Concat' | 'Identity'

export interface StorageItem {
  name: string
  /** type of the value */
  value: string
  /** of a map: each key's type and hasher; a plain value has none */
  keys?: readonly (readonly [string, Hasher])[]
  /** hex of the value where none is stored; without it the item is optional */
  fallback?: string
}

export interface Pallet {
  name: string
  index: number
  storage: readonly StorageItem[]
  events: readonly Variant[]
  calls: readonly Variant[]
  errors: readonly string[]
  constants: readonly (readonly [string, string, number | bigint])[]
}

const blake = 'Blake2128Concat'
const zeros = (bytes: number): string => `0x${'00'.repeat(bytes)}`
const map = (name: string, key: string, value: string, fallback?: string): StorageItem => ({
  name,
  value,
  keys: [[key, blake]],
  ...(fallback !== undefined && { fallback }),
})
const plain = (name: string, value: string, fallback?: string): StorageItem => ({
  name,
  value,
  ...(fallback !== undefined && { fallback }),
})
const empty = { storage: [], events: [], calls: [], errors: [], constants: [] }

const system: Pallet = {
  ...empty,
  name: 'System',
  index: 0,
  storage: [
    map('Account', 'AccountId32', 'AccountInfo', zeros(80)),
    plain('Number', 'u32', zeros(4)),
    plain('ParentHash', 'H256', zeros(32)),
    plain('Events', 'Vec<EventRecord>', '0x00'),
    plain('EventCount', 'u32', zeros(4)),
    plain('LastRuntimeUpgrade', 'LastRuntimeUpgradeInfo'),
  ],
  events: [
    [0, 'ExtrinsicSuccess', { dispatch_info: 'DispatchInfo' }],
    [1, 'ExtrinsicFailed', { dispatch_error: 'DispatchError', dispatch_info: 'DispatchInfo' }],
    [2, 'CodeUpdated'],
    [3, 'NewAccount', { account: 'AccountId32' }],
    [4, 'KilledAccount', { account: 'AccountId32' }],
    [5, 'Remarked', { sender: 'AccountId32', hash: 'H256' }],
  ],
  calls: [
    [0, 'remark', { remark: 'Bytes' }],
    [7, 'remark_with_event', { remark: 'Bytes' }],
  ],
  constants: [
    ['BlockHashCount', 'u32', 2400],
    ['SS58Prefix', 'u16', 42],
  ],
}

const timestamp: Pallet = {
  ...empty,
  name: 'Timestamp',
  index: 1,
  storage: [plain('Now', 'u64', zeros(8))],
  calls: [[0, 'set', { now: 'Compact<u64>' }]],
  constants: [['MinimumPeriod', 'u64', 3000]],
}

const utility: Pallet = {
  ...empty,
  name: 'Utility',
  index: 3,
  events: [
    [0, 'BatchInterrupted', { index: 'u32', error: 'DispatchError' }],
    [1, 'BatchCompleted'],
    [3, 'ItemCompleted'],
  ],
  calls: [
    [0, 'batch', { calls: 'Vec<RuntimeCall>' }],
    [2, 'batch_all', { calls: 'Vec<RuntimeCall>' }],
  ],
  errors: ['TooManyCalls'],
}

const transfer = { dest: 'MultiAddress', value: 'Compact<u128>' }
const balances: Pallet = {
  ...empty,
  name: 'Balances',
  index: 20,
  storage: [plain('TotalIssuance', 'u128', zeros(16))],
  events: [
    [0, 'Endowed', { account: 'AccountId32', free_balance: 'u128' }],
    [1, 'DustLost', { account: 'AccountId32', amount: 'u128' }],
    [2, 'Transfer', { from: 'AccountId32', to: 'AccountId32', amount: 'u128' }],
    [7, 'Deposit', { who: 'AccountId32', amount: 'u128' }],
    [8, 'Withdraw', { who: 'AccountId32', amount: 'u128' }],
  ],
  calls: [
    [0, 'transfer_allow_death', transfer],
    [3, 'transfer_keep_alive', transfer],
    [4, 'transfer_all', { dest: 'MultiAddress', keep_alive: 'bool' }],
  ],
  errors: [
    'VestingBalance',
    'LiquidityRestrictions',
    'InsufficientBalance',
    'ExistentialDeposit',
    'Expendability',
    'ExistingVestingSchedule',
    'DeadAccount',
  ],
  constants: [['ExistentialDeposit', 'u128', 500n]],
}

const transactionPayment: Pallet = {
  ...empty,
  name: 'TransactionPayment',
  index: 21,
  storage: [plain('NextFeeMultiplier', 'u128', '0x000064a7b3b6e00d0000000000000000')],
  events: [[0, 'TransactionFeePaid', { who: 'AccountId32', actual_fee: 'u128', tip: 'u128' }]],
  constants: [['OperationalFeeMultiplier', 'u8', 5]],
}

const tfgridEvents: Variant[] = [
  [0, 'FarmStored', ['Farm']],
  [1, 'FarmUpdated', ['Farm']],
  [2, 'FarmDeleted', ['u32']],
  [3, 'NodeStored', ['Node']],
  [4, 'NodeUpdated', ['Node']],
  [5, 'NodeDeleted', ['u32']],
  [6, 'NodeUptimeReported', ['u32', 'u64', 'u64']],
  [11, 'TwinStored', ['Twin']],
  [12, 'TwinUpdated', ['Twin']],
  [16, 'TwinAccountBounded', ['u32', 'AccountId32']],
  [18, 'FarmingPolicyStored', ['FarmingPolicy']],
  [19, 'FarmPayoutV2AddressRegistered', ['u32', 'Bytes']],
  [21, 'ConnectionPriceSet', ['u32']],
  [25, 'FarmingPolicyUpdated', ['FarmingPolicy']],
  [29, 'PowerTargetChanged', { farm_id: 'u32', node_id: 'u32', power_target: 'Power' }],
  [30, 'PowerStateChanged', { farm_id: 'u32', node_id: 'u32', power_state: 'PowerState' }],
]
const tfgrid: Pallet = {
  ...empty,
  name: 'TfgridModule',
  index: 25,
  storage: [
    map('Farms', 'u32', 'Farm'),
    map('NodesByFarmID', 'u32', 'Vec<u32>', '0x00'),
    map('FarmIdByName', 'Bytes', 'u32', zeros(4)),
    map('FarmPayoutV2AddressByFarmID', 'u32', 'Bytes', '0x00'),
    map('Nodes', 'u32', 'Node'),
    map('NodeIdByTwinID', 'u32', 'u32', zeros(4)),
    map('Twins', 'u32', 'Twin'),
    map('TwinIdByAccountID', 'AccountId32', 'u32'),
    map('FarmingPoliciesMap', 'u32', 'FarmingPolicy', zeros(39)),
    plain('ConnectionPrice', 'u32', '0x50000000'),
    plain('FarmID', 'u32', zeros(4)),
    plain('NodeID', 'u32', zeros(4)),
    plain('TwinID', 'u32', zeros(4)),
    plain('FarmingPolicyID', 'u32', zeros(4)),
    map('NodePower', 'u32', 'NodePower', zeros(2)),
  ],
  events: tfgridEvents,
  calls: [
    [3, 'add_stellar_payout_v2address', { farm_id: 'u32', stellar_address: 'Bytes' }],
    [17, 'create_twin', { relay: 'Option<Bytes>', pk: 'Option<Bytes>' }],
    [18, 'update_twin', { relay: 'Option<Bytes>', pk: 'Option<Bytes>' }],
    [35, 'change_power_state', { power_state: 'Power' }],
    [36, 'change_power_target', { node_id: 'u32', power_target: 'Power' }],
    [38, 'report_uptime_v2', { uptime: 'u64', timestamp_hint: 'u64' }],
  ],
  errors: [
    'NodeNotExists',
    'FarmNotExists',
    'CannotUpdateFarmWrongTwin',
    'TwinExists',
    'TwinNotExists',
    'TwinWithPubkeyExists',
    'FarmerNotAuthorized',
    'UnauthorizedToChangePowerTarget',
    'InvalidTimestampHint',
  ],
  constants: [['TimestampHintDrift', 'u64', 60]],
}

const contractEvents: Variant[] = [
  [0, 'ContractCreated', ['Contract']],
  [1, 'ContractUpdated', ['Contract']],
  [2, 'NodeContractCanceled', { contract_id: 'u64', node_id: 'u32', twin_id: 'u32' }],
  [3, 'NameContractCanceled', { contract_id: 'u64' }],
  [10, 'UpdatedUsedResources', ['ContractResources']],
  [11, 'NruConsumptionReportReceived', ['NruConsumption']],
  [12, 'RentContractCanceled', { contract_id: 'u64' }],
]
const smartContract: Pallet = {
  ...empty,
  name: 'SmartContractModule',
  index: 26,
  storage: [
    map('Contracts', 'u64', 'Contract'),
    map('NodeContractResources', 'u64', 'ContractResources', zeros(40)),
    map('ActiveNodeContracts', 'u32', 'Vec<u64>', '0x00'),
    map('ActiveRentContractForNode', 'u32', 'u64'),
    plain('ContractID', 'u64', zeros(8)),
  ],
  events: contractEvents,
  errors: ['ContractNotExists'],
}

/** As the grid chain has it; what a council member does there, a signer of the minting pallet does here. */
const dao: Pallet = {
  ...empty,
  name: 'Dao',
  index: 43,
  storage: [
    plain('ProposalList', 'Vec<H256>', '0x00'),
    { name: 'Proposals', value: 'DaoProposal', keys: [['H256', 'Identity']] },
    { name: 'ProposalOf', value: 'RuntimeCall', keys: [['H256', 'Identity']] },
    { name: 'Voting', value: 'DaoVotes', keys: [['H256', 'Identity']] },
    plain('ProposalCount', 'u32', zeros(4)),
    { name: 'FarmWeight', value: 'u64', keys: [['u32', 'Identity']], fallback: zeros(8) },
  ],
  events: [
    [0, 'Voted', { account: 'AccountId32', proposal_hash: 'H256', voted: 'bool', yes: 'u32', no: 'u32' }],
    [1, 'Proposed', { account: 'AccountId32', proposal_index: 'u32', proposal_hash: 'H256', threshold: 'u32' }],
  ],
  calls: [
    [0, 'propose', { threshold: 'Compact<u32>', action: 'RuntimeCall', description: 'Bytes', link: 'Bytes', duration: 'Option<u32>' }],
    [1, 'vote', { farm_id: 'u32', proposal_hash: 'H256', approve: 'bool' }],
  ],
  errors: [
    'NoneValue',
    'StorageOverflow',
    'FarmNotExists',
    'NotCouncilMember',
    'WrongProposalLength',
    'DuplicateProposal',
    'NotAuthorizedToVote',
    'ProposalMissing',
    'WrongIndex',
    'DuplicateVote',
    'DuplicateVeto',
    'WrongProposalWeight',
    'TooEarly',
    'TimeLimitReached',
    'OngoingVoteAndTresholdStillNotMet',
    'FarmHasNoNodes',
    'InvalidProposalDuration',
    'ThresholdTooLow',
  ],
}

/** Rules: minting.md, "Who triggers the payout". The chain's own accounting is not here: signers save what is to be paid. */
const minting: Pallet = {
  ...empty,
  name: 'Minting',
  index: 51,
  storage: [
    plain('Mode', 'PayoutMode', '0x00'),
    plain('Signers', 'Vec<AccountId32>', '0x00'),
    {
      name: 'MintingInfos',
      value: 'MintingInfo',
      keys: [
        ['u32', blake],
        ['u64', blake],
      ],
    },
    map('UnpaidPeriods', 'u32', 'Vec<u64>', '0x00'),
    {
      name: 'Votes',
      value: 'Vec<(AccountId32, u64)>',
      keys: [
        ['u32', blake],
        ['u64', blake],
      ],
      fallback: '0x00',
    },
  ],
  events: [
    [0, 'MintingInfoSaved', { node_id: 'u32', period_start: 'u64', period_end: 'u64', amount: 'u64' }],
    [1, 'AmountSubmitted', { who: 'AccountId32', node_id: 'u32', period_start: 'u64', amount: 'u64' }],
    [2, 'Minted', { node_id: 'u32', period_start: 'u64', twin_id: 'u32', calculated: 'u64', paid: 'u64' }],
    [3, 'ModeSet', { mode: 'PayoutMode' }],
  ],
  calls: [
    [0, 'set_mode', { mode: 'PayoutMode' }],
    [1, 'save_minting_info', { node_id: 'u32', period_start: 'u64', period_end: 'u64', uptime: 'u64', amount: 'u64' }],
    [2, 'submit_amount', { node_id: 'u32', period_start: 'u64', amount: 'u64' }],
    [3, 'trigger', { node_id: 'u32', period_start: 'u64' }],
    [4, 'claim', { node_id: 'u32' }],
  ],
  errors: ['NotASigner', 'InfoNotFound', 'InfoExists', 'AlreadyPaid', 'WrongMode', 'NotTheFarmer', 'AmountDiffers', 'NothingToClaim'],
}

/** Rules: tokenomics.md, "Token minting curve", with the price floored first, as a chain does it. Asset 0 is the chain's own token. */
const tokenMintingCurve: Pallet = {
  ...empty,
  name: 'TokenMintingCurve',
  index: 52,
  storage: [
    map('Curves', 'u32', 'Curve'),
    map('Issuance', 'u32', 'u128', zeros(16)),
    {
      name: 'Holdings',
      value: 'u128',
      keys: [
        ['u32', blake],
        ['AccountId32', blake],
      ],
      fallback: zeros(16),
    },
  ],
  events: [
    [0, 'CurveCreated', { asset: 'u32', foreign_asset: 'u32', creator: 'AccountId32', initial_price: 'u128', slope: 'u128' }],
    [1, 'CurveUpdated', { asset: 'u32', slope: 'u128' }],
    [2, 'ZapAllocationDistributed', { asset: 'u32', who: 'AccountId32', payment: 'u128', user_share: 'u128', zap_share: 'u128' }],
    [3, 'Burned', { asset: 'u32', who: 'AccountId32', amount: 'u128' }],
  ],
  calls: [
    [0, 'create_curve', { asset: 'u32', foreign_asset: 'u32', slope: 'u128', initial_price: 'u128' }],
    [1, 'update_curve', { asset: 'u32', slope: 'u128' }],
    [2, 'mint', { asset: 'u32', payment: 'u128' }],
    [3, 'burn', { asset: 'u32', amount: 'u128' }],
  ],
  errors: [
    'CurveAlreadyExists',
    'NoCurveExists',
    'InsufficientBalance',
    'ZeroAmount',
    'ArithmeticOverflow',
    'InvalidParameters',
    'ExceedsMaxSupply',
    'NotTheCreator',
  ],
  // eight bytes, `tmcurve0`
  constants: [['PalletId', 'u64', Buffer.from('tmcurve0').readBigUInt64LE()]],
}

export const palletsOf145: readonly Pallet[] = [
  system,
  timestamp,
  utility,
  balances,
  transactionPayment,
  tfgrid,
  smartContract,
  dao,
  minting,
  tokenMintingCurve,
]

/** The second runtime: pallets renumbered, one event inserted before the followed ones of each grid pallet. */
const renumbered: Record<string, number> = { Timestamp: 2, Balances: 10, TransactionPayment: 11, TfgridModule: 26, SmartContractModule: 25 }

export const palletsOf146: readonly Pallet[] = palletsOf145.map(pallet => {
  const index = renumbered[pallet.name] ?? pallet.index
  if (pallet.name === 'TfgridModule')
    return { ...pallet, index, events: insertEvent(tfgridEvents, 3, 'NodeRackSet', ['u32', 'Option<u32>']) }
  if (pallet.name === 'SmartContractModule') return { ...pallet, index, events: insertEvent(contractEvents, 0, 'ContractPaused', ['u64']) }
  return { ...pallet, index }
})

function insertEvent(events: readonly Variant[], at: number, name: string, fields: readonly string[]): Variant[] {
  const shifted = events.map(([index, other, otherFields]): Variant => {
    const moved = index < at ? index : index + 1
    return otherFields === undefined ? [moved, other] : [moved, other, otherFields]
  })
  return [...shifted, [at, name, fields] as const].sort((a, b) => a[0] - b[0])
}
