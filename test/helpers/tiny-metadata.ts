import { metadata as metadataCodec, u8 as u8Codec, u32 as u32Codec, type V14, type V14Lookup } from '@polkadot-api/substrate-bindings'

/*
 * A small runtime of the pallets and types that the decoders look at, in the layout of spec 145, built here so that tests
 * need no file. Tests change the tree before they encode it.
 */

type Def = V14Lookup[number]['def']
type Fields = Extract<Def, { tag: 'composite' }>['value']
/** `[name, type]`; a name of '' is none */
type FieldList = [string, number][]

export interface TinyTree {
  tree: V14
  /** type numbers by the names given here */
  type: Record<string, number>
}

export const TINY_SPEC = 145

export function tinyTree(): TinyTree {
  const lookup: V14Lookup = []
  const type: Record<string, number> = {}
  const add = (name: string, def: Def, path: string[] = []) => {
    type[name] = lookup.length
    lookup.push({ id: lookup.length, path, params: [], def, docs: [] })
    return lookup.length - 1
  }
  const fields = (list: FieldList): Fields =>
    list.map(([name, inner]) => ({ name: name || undefined, type: inner, typeName: undefined, docs: [] }))
  const struct = (name: string, list: FieldList) => add(name, { tag: 'composite', value: fields(list) }, ['tiny', name])
  const choice = (name: string, list: [string, number, FieldList][]) =>
    add(name, { tag: 'variant', value: list.map(([kind, index, inner]) => ({ name: kind, fields: fields(inner), index, docs: [] })) }, [
      'tiny',
      name,
    ])
  const primitive = (name: 'bool' | 'str' | 'u8' | 'u16' | 'u32' | 'u64' | 'u128') =>
    add(name, { tag: 'primitive', value: { tag: name, value: undefined } })
  const list = (name: string, of: number) => add(name, { tag: 'sequence', value: of })
  const option = (name: string, of: number) => {
    const id = choice(name, [
      ['None', 0, []],
      ['Some', 1, [['', of]]],
    ])
    lookup[id]!.path = ['Option']
    lookup[id]!.params = [{ name: 'T', type: of }]
    return id
  }

  const bool = primitive('bool')
  const str = primitive('str')
  const u8 = primitive('u8')
  const u16 = primitive('u16')
  const u32 = primitive('u32')
  const u64 = primitive('u64')
  const u128 = primitive('u128')
  const bytes = list('Bytes', u8)
  const bounded = struct('BoundedVec', [['', bytes]])
  const name = struct('Name', [['', bounded]])
  const hash = struct('H256', [['', add('[u8;32]', { tag: 'array', value: { len: 32, type: u8 } })]])
  const account = struct('AccountId', [['', type['[u8;32]']!]])
  const compact64 = add('Compact<u64>', { tag: 'compact', value: u64 })

  const resources = struct('Resources', [
    ['hru', u64],
    ['sru', u64],
    ['cru', u64],
    ['mru', u64],
  ])
  const location = struct('Location', [
    ['city', name],
    ['country', name],
    ['latitude', bounded],
    ['longitude', bounded],
  ])
  const certification = choice('NodeCertification', [
    ['Diy', 0, []],
    ['Certified', 1, []],
  ])
  const farmCertification = choice('FarmCertification', [
    ['NotCertified', 0, []],
    ['Gold', 1, []],
  ])
  const node = struct('Node', [
    ['version', u32],
    ['id', u32],
    ['farm_id', u32],
    ['twin_id', u32],
    ['resources', resources],
    ['location', location],
    ['public_config', option('Option<Bytes>', bytes)],
    ['created', u64],
    ['farming_policy_id', u32],
    ['interfaces', list('Vec<Name>', name)],
    ['certification', certification],
    ['secure_boot', bool],
    ['virtualized', bool],
    ['serial_number', option('Option<Name>', name)],
    ['connection_price', u32],
  ])
  const farm = struct('Farm', [
    ['version', u32],
    ['id', u32],
    ['name', name],
    ['twin_id', u32],
    ['pricing_policy_id', u32],
    ['certification', farmCertification],
    ['public_ips', list('Vec<Bytes>', bytes)],
    ['dedicated_farm', bool],
  ])
  const twin = struct('Twin', [
    ['id', u32],
    ['account_id', account],
    ['relay', option('Option<BoundedVec>', bounded)],
    ['entities', list('Vec<u32>', u32)],
    ['pk', type['Option<BoundedVec>']!],
  ])
  const policy = struct('FarmingPolicy', [
    ['version', u32],
    ['id', u32],
    ['name', bytes],
    ['cu', u32],
    ['su', u32],
    ['nu', u32],
    ['ipv4', u32],
    ['minimal_uptime', u16],
    ['policy_created', u32],
    ['policy_end', u32],
    ['immutable', bool],
    ['default', bool],
    ['node_certification', certification],
    ['farm_certification', farmCertification],
  ])
  const target = choice('Power', [
    ['Up', 0, []],
    ['Down', 1, []],
  ])
  const state = choice('PowerState', [
    ['Up', 0, []],
    ['Down', 1, [['', u32]]],
  ])
  const power = struct('NodePower', [
    ['state', state],
    ['target', target],
  ])
  const contractData = choice('ContractData', [
    [
      'NodeContract',
      0,
      [
        [
          '',
          struct('NodeContract', [
            ['node_id', u32],
            ['deployment_hash', type['[u8;32]']!],
            ['deployment_data', bounded],
            ['public_ips', u32],
            ['public_ips_list', list('Vec<H256>', hash)],
          ]),
        ],
      ],
    ],
    ['NameContract', 1, [['', struct('NameContract', [['name', name]])]]],
    ['RentContract', 2, [['', struct('RentContract', [['node_id', u32]])]]],
  ])
  const contract = struct('Contract', [
    ['version', u32],
    ['state', state],
    ['contract_id', u64],
    ['twin_id', u32],
    ['contract_type', contractData],
    ['solution_provider_id', option('Option<u64>', u64)],
  ])
  const used = struct('ContractResources', [
    ['contract_id', u64],
    ['used', resources],
  ])
  const usage = struct('NruConsumption', [
    ['contract_id', u64],
    ['timestamp', u64],
    ['window', u64],
    ['nru', u64],
  ])
  const bill = struct('ContractBill', [
    ['contract_id', u64],
    ['timestamp', u64],
    ['discount_level', target],
    ['amount_billed', u128],
  ])

  const weight = struct('Weight', [
    ['ref_time', compact64],
    ['proof_size', compact64],
  ])
  const dispatchInfo = struct('DispatchInfo', [
    ['weight', weight],
    ['class', target],
    ['pays_fee', certification],
  ])
  // a type that contains itself, as a batch of calls does
  const nested = choice('Nested', [
    ['End', 0, []],
    ['Batch', 1, [['', list('Vec<Nested>', lookup.length + 1)]]],
  ])
  const systemEvents = choice('System', [
    ['ExtrinsicSuccess', 0, [['dispatch_info', dispatchInfo]]],
    [
      'Remarked',
      3,
      [
        ['sender', account],
        ['nested', nested],
      ],
    ],
    ['Spoken', 4, [['', str]]],
  ])
  const balancesEvents = choice('Balances', [
    [
      'Withdraw',
      8,
      [
        ['who', account],
        ['amount', u128],
      ],
    ],
  ])
  const feeEvents = choice('TransactionPayment', [
    [
      'TransactionFeePaid',
      0,
      [
        ['who', account],
        ['actual_fee', u128],
        ['tip', u128],
      ],
    ],
  ])
  const gridEvents = choice('TfgridModule', [
    ['FarmUpdated', 1, [['', farm]]],
    ['NodeStored', 3, [['', node]]],
    ['NodeUpdated', 4, [['', node]]],
    ['NodeDeleted', 5, [['', u32]]],
    [
      'NodeUptimeReported',
      6,
      [
        ['', u32],
        ['', u64],
        ['', u64],
      ],
    ],
    ['FarmingPolicyStored', 18, [['', policy]]],
    ['ConnectionPriceSet', 21, [['', u32]]],
    ['FarmingPolicyUpdated', 25, [['', policy]]],
    [
      'PowerTargetChanged',
      29,
      [
        ['farm_id', u32],
        ['node_id', u32],
        ['power_target', target],
      ],
    ],
    [
      'PowerStateChanged',
      30,
      [
        ['farm_id', u32],
        ['node_id', u32],
        ['power_state', state],
      ],
    ],
  ])
  const contractEvents = choice('SmartContractModule', [
    ['ContractCreated', 0, [['', contract]]],
    [
      'NodeContractCanceled',
      2,
      [
        ['contract_id', u64],
        ['node_id', u32],
        ['twin_id', u32],
      ],
    ],
    ['ContractBilled', 8, [['', bill]]],
    ['UpdatedUsedResources', 10, [['', used]]],
    ['NruConsumptionReportReceived', 11, [['', usage]]],
    ['RentContractCanceled', 12, [['contract_id', u64]]],
  ])
  const pallets: [string, number, number][] = [
    ['System', 0, systemEvents],
    ['Balances', 20, balancesEvents],
    ['TransactionPayment', 21, feeEvents],
    ['TfgridModule', 25, gridEvents],
    ['SmartContractModule', 26, contractEvents],
  ]
  const event = choice(
    'RuntimeEvent',
    pallets.map(([pallet, index, inner]) => [pallet, index, [['', inner]]]),
  )
  const phase = choice('Phase', [
    ['ApplyExtrinsic', 0, [['', u32]]],
    ['Finalization', 1, []],
    ['Initialization', 2, []],
  ])
  const eventRecord = struct('EventRecord', [
    ['phase', phase],
    ['event', event],
    ['topics', type['Vec<H256>']!],
  ])
  const version = struct('RuntimeVersion', [
    ['spec_name', str],
    ['impl_name', str],
    ['authoring_version', u32],
    ['spec_version', u32],
    ['impl_version', u32],
  ])
  const unit = add('()', { tag: 'tuple', value: [] })

  type Item = NonNullable<V14['pallets'][number]['storage']>['items'][number]
  const plain = (item: string, value: number): Item => ({
    name: item,
    modifier: 1,
    type: { tag: 'plain', value },
    fallback: '0x00',
    docs: [],
  })
  const map = (item: string, key: number, value: number, modifier = 0, hasher: 'Blake2128Concat' | 'Twox64Concat' = 'Blake2128Concat') => ({
    name: item,
    modifier,
    type: { tag: 'map' as const, value: { hashers: [{ tag: hasher, value: undefined }], key, value } },
    fallback: '0x0000' as const,
    docs: [],
  })
  const items: Record<string, Item[]> = {
    System: [plain('Events', list('Vec<EventRecord>', eventRecord)), plain('Number', u32)],
    TfgridModule: [
      map('Nodes', u32, node),
      map('Farms', u32, farm),
      map('Twins', u32, twin),
      map('FarmingPoliciesMap', u32, policy, 1),
      map('NodePower', u32, power, 1),
      map('FarmPayoutV2AddressByFarmID', u32, bytes, 1),
      map('NodesByFarmID', u32, type['Vec<u32>']!, 1),
    ],
    SmartContractModule: [
      map('Contracts', u64, contract),
      map('NodeContractResources', u64, used, 1),
      map('ActiveNodeContracts', u32, list('Vec<u64>', u64), 1, 'Twox64Concat'),
    ],
  }
  const tree: V14 = {
    lookup,
    pallets: pallets.map(([pallet, index, events]) => ({
      name: pallet,
      storage: items[pallet] ? { prefix: pallet, items: items[pallet] } : undefined,
      calls: undefined,
      events,
      constants: [],
      errors: undefined,
      index,
      docs: [],
    })),
    extrinsic: { type: unit, version: 4, signedExtensions: [] },
    type: unit,
    apis: [],
  }
  tree.pallets[0]!.constants.push({ name: 'Version', type: version, value: hexOf(versionBytes(TINY_SPEC)), docs: [] })
  return { tree, type }
}

function versionBytes(spec: number): Uint8Array {
  const name = [4 << 2, ...new TextEncoder().encode('tiny')]
  return Uint8Array.from([...name, ...name, ...u32Codec.enc(1), ...u32Codec.enc(spec), ...u8Codec.enc(0), 0, 0, 0])
}

/** Metadata bytes, as a node gives them. */
export function encodeTree(tree: V14): Uint8Array {
  return metadataCodec.enc({ magicNumber: 0x6174_656d, metadata: { tag: 'v14', value: tree } })
}

export function hexOf(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'))
}
