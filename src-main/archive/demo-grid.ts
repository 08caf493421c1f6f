import type { FarmingPolicy, GridFarm, GridNode, GridTwin, PayoutAddress } from '../../src-shared/grid.ts'
import { accountAddress, createRandom, type Random } from './demo-random.ts'

/** How a node of the demo behaves. */
export type Role =
  | 'steady' // reports every 40 minutes, restarts now and then
  | 'rebooting' // restarts about once a day
  | 'outage' // hours offline about once a week
  | 'long-outage' // days offline: misses its SLA
  | 'flaky' // every thirtieth report is missing
  | 'farmerbot' // sleeps at night, is woken on request
  | 'farmerbot-slow-once' // boots too slowly about once a month, which is forgiven
  | 'farmerbot-slow' // boots too slowly again and again: BootRequestExpired
  | 'farmerbot-late' // is woken after more than 24 hours now and then: that sleep is not credited
  | 'too-high'
  | 'too-low'
  | 'invalid-reboot'
  | 'clock-skew'
  | 'no-twin'
  | 'no-relay'
  | 'bad-key'
  | 'silent' // in the chain's storage, but never reports
  | 'joiner' // is stored days after the beginning
  | 'updater' // moves, gets and loses disks
  | 'virtualized'

/** The first 40 nodes show every role, the interesting ones first; after them come grids that are mostly steady. */
const firstRoles: Role[] = [
  ...([
    'steady',
    'steady',
    'farmerbot',
    'steady',
    'rebooting',
    'outage',
    'farmerbot',
    'too-high',
    'steady',
    'farmerbot-slow-once',
  ] as const),
  ...(['clock-skew', 'silent', 'steady', 'long-outage', 'farmerbot-slow', 'joiner', 'flaky', 'no-relay', 'steady', 'updater'] as const),
  ...([
    'farmerbot-late',
    'steady',
    'outage',
    'too-low',
    'invalid-reboot',
    'no-twin',
    'bad-key',
    'virtualized',
    'farmerbot',
    'steady',
  ] as const),
  ...(['joiner', 'steady', 'farmerbot', 'steady', 'steady', 'updater', 'steady', 'farmerbot', 'steady', 'steady'] as const),
]
/** Of 1,000 further nodes, so many have a role; the rest are steady. */
const laterRoles: [Role, number][] = [
  ['rebooting', 30],
  ['outage', 60],
  ['long-outage', 25],
  ['flaky', 40],
  ['farmerbot', 120],
  ['farmerbot-slow-once', 20],
  ['farmerbot-slow', 4],
  ['farmerbot-late', 10],
  ['too-high', 3],
  ['too-low', 3],
  ['invalid-reboot', 3],
  ['clock-skew', 5],
  ['no-twin', 2],
  ['no-relay', 3],
  ['bad-key', 2],
  ['silent', 30],
  ['joiner', 25],
  ['updater', 25],
  ['virtualized', 5],
]

const GiB = 2 ** 30
const TB = 10 ** 12

const places = [
  ['Belgium', 'Ghent', '51.05', '3.71'],
  ['Belgium', 'Liège', '50.63', '5.57'],
  ['Netherlands', 'Zwolle', '52.51', '6.09'],
  ['Germany', 'Nürnberg', '49.45', '11.08'],
  ['Switzerland', 'Zürich', '47.37', '8.54'],
  ['France', 'Besançon', '47.24', '6.02'],
  ['Spain', 'A Coruña', '43.36', '-8.41'],
  ['Portugal', 'Évora', '38.57', '-7.91'],
  ['Austria', 'Salzburg', '47.81', '13.05'],
  ['Poland', 'Łódź', '51.76', '19.46'],
  ['Czechia', 'Plzeň', '49.74', '13.37'],
  ['Sweden', 'Malmö', '55.60', '13.00'],
  ['Norway', 'Tromsø', '69.65', '18.96'],
  ['Finland', 'Jyväskylä', '62.24', '25.75'],
  ['Ireland', 'Dún Laoghaire', '53.29', '-6.14'],
  ['Romania', 'Timișoara', '45.75', '21.23'],
  ['Türkiye', 'İzmir', '38.42', '27.14'],
  ['Egypt', 'Alexandria', '31.20', '29.92'],
  ['Tanzania', 'Zanzibar', '-6.16', '39.19'],
  ['Brazil', 'São Paulo', '-23.55', '-46.63'],
  ['Canada', 'Québec', '46.81', '-71.21'],
  ['United States', 'Madison', '43.07', '-89.40'],
  ['Viet Nam', 'Đà Nẵng', '16.05', '108.21'],
  ['Japan', 'Sapporo', '43.06', '141.35'],
] as const

const farmNames = [
  ...['Kestrel Racks', 'Zonnehoeve', 'Ferme de l’Étang', 'Bäckerei Süd', 'Nordlys Drift', 'Casa do Moinho', 'Łąka Hosting', 'Oak Lane'],
  ...['Grüner Keller', 'Três Rios', 'Villa Ñandú', 'Harbour Nine', 'Tåkeheim', 'Dvůr u Lípy', 'Mill & Sons, Ghent', 'Çınar Veri'],
  ...['Bluebell', 'Les Érables', 'Quiet Attic', 'Sapporo 43', 'Stara Gorzelnia', 'Cloître', 'Windermere', 'Öresund Compute'],
  ...['Karoo Sun', '+Plus Hosting', 'Fjällstugan', 'Old Post Office', 'Đồi Xanh', 'Granja Azul', 'Peat & Silicon', 'Mañana'],
]

/** The policies as the chain has them: rewards in milli-USD per unit and period, ipv4 per hour. */
const policies: FarmingPolicy[] = [
  policy(1, 'default_diy', [2400, 1000, 30, 5], 95, { immutable: true, default: true, certified: false }),
  policy(2, 'default_certified', [3000, 1250, 38, 6], 95, { immutable: true, default: true, certified: true }),
  policy(3, 'trial_grid', [2400, 1000, 30, 5], 95, { immutable: false, default: false, certified: false }),
  policy(4, 'house_rules', [2700, 1100, 32, 5], 980, { immutable: false, default: false, certified: false }),
]

function policy(
  id: number,
  name: string,
  [cu, su, nu, ipv4]: [number, number, number, number],
  minimalUptime: number,
  kind: { immutable: boolean; default: boolean; certified: boolean },
): FarmingPolicy {
  return {
    id,
    name,
    cu,
    su,
    nu,
    ipv4,
    minimal_uptime: minimalUptime,
    policy_end: 0,
    immutable: kind.immutable,
    default: kind.default,
    node_certification: kind.certified ? 'Certified' : 'Diy',
    farm_certification: kind.certified ? 'Gold' : 'NotCertified',
  }
}

export interface DemoGrid {
  /** in id order; the id is the index plus 1 */
  nodes: GridNode[]
  roles: Role[]
  farms: GridFarm[]
  twins: GridTwin[]
  policies: FarmingPolicy[]
  payoutAddresses: PayoutAddress[]
}

/** A farm drawn up by hand: its nodes' roles, and what else must not be left to chance. */
export interface DemoFarm {
  name: string
  country: string
  city: string
  latitude: string
  longitude: string
  policyId: number
  certified: boolean
  /** milli-USD per TFT */
  price: number
  roles: readonly Role[]
}

/** The things of the grid that do not move: farms, twins, hardware and each node's role. Depends on its arguments only. */
export function createGrid(nodesOrFarms: number | readonly DemoFarm[], seed: number, createdBeforeTs: number): DemoGrid {
  const random = createRandom(seed)
  const grid: DemoGrid = { nodes: [], roles: [], farms: [], twins: [], policies, payoutAddresses: [] }
  if (typeof nodesOrFarms !== 'number') {
    for (const farm of nodesOrFarms) {
      addFarm(grid, farm.name, 'valid', random)
      const { policyId, certified, price } = farm
      const style: FarmStyle = { place: [farm.country, farm.city, farm.latitude, farm.longitude], policyId, certified, price }
      for (const role of farm.roles) addNode(grid, role, style, createdBeforeTs, random)
    }
    return grid
  }
  let room = 0
  let style = farmStyle(random)
  for (let id = 1; id <= nodesOrFarms; id++) {
    if (room === 0) {
      const farmId = grid.farms.length + 1
      addFarm(grid, farmName(farmId), addressState(farmId), random)
      room = random.chance(0.04) ? random.between(13, 60) : random.between(2, 9)
      style = farmStyle(random)
    }
    room--
    const role = id <= firstRoles.length ? firstRoles[id - 1]! : laterRole(random.below(1000))
    addNode(grid, role, style, createdBeforeTs, random)
  }
  return grid
}

function addNode(grid: DemoGrid, role: Role, style: FarmStyle, createdBeforeTs: number, random: Random): void {
  const id = grid.nodes.length + 1
  const twinId = 100_000 + id
  const twin = nodeTwin(twinId, role, random)
  if (twin) grid.twins.push(twin)
  grid.roles.push(role)
  grid.nodes.push({
    id,
    farm_id: grid.farms.length,
    twin_id: twinId,
    resources: hardware(random),
    location: { latitude: style.place[2], longitude: style.place[3] },
    country: style.place[0],
    city: style.place[1],
    created: createdBeforeTs - random.between(5 * 86_400, 900 * 86_400),
    farming_policy_id: style.policyId,
    certification: style.certified ? 'Certified' : 'Diy',
    virtualized: role === 'virtualized',
    connection_price: style.price,
  })
}

interface FarmStyle {
  /** country, city, latitude, longitude */
  place: readonly [string, string, string, string]
  policyId: number
  certified: boolean
  price: number
}

function farmStyle(random: Random): FarmStyle {
  const certified = random.chance(0.2)
  const own = random.below(100)
  let policyId = certified && own < 70 ? 2 : 1
  if (own >= 90) policyId = own >= 96 ? 4 : 3
  return { place: random.pick(places), policyId, certified, price: random.pick([80, 80, 80, 80, 60, 50, 35, 22]) }
}

function farmName(id: number): string {
  const name = farmNames[(id - 1) % farmNames.length]!
  const round = Math.floor((id - 1) / farmNames.length)
  return round === 0 ? name : `${name} ${round + 1}`
}

/** Some farmers never set an address, some mistyped it. */
function addressState(farmId: number): 'valid' | 'missing' | 'mistyped' {
  if (farmId % 23 === 3) return 'missing'
  return farmId % 29 === 4 ? 'mistyped' : 'valid'
}

function addFarm(grid: DemoGrid, name: string, state: 'valid' | 'missing' | 'mistyped', random: Random): void {
  const id = grid.farms.length + 1
  grid.farms.push({ id, name, twin_id: id })
  grid.twins.push({ id, relay: 'relay.grid.tf', pk: `0x03${random.hex(32)}` })
  const address = accountAddress(random.hex(32))
  if (state !== 'missing') grid.payoutAddresses.push({ farm_id: id, address: state === 'valid' ? address : mistyped(address, id) })
}

function mistyped(address: string, id: number): string {
  if (id % 2 === 1) return address.slice(0, -1)
  return address.slice(0, 20) + (address[20] === 'A' ? 'B' : 'A') + address.slice(21)
}

function nodeTwin(id: number, role: Role, random: Random): GridTwin | null {
  const pk = `0x02${random.hex(32)}`
  if (role === 'no-twin') return null
  if (role === 'no-relay') return { id, relay: id % 2 === 0 ? null : '', pk }
  if (role === 'bad-key') return { id, relay: 'relay.grid.tf', pk: pk.slice(0, -2) }
  return { id, relay: 'relay.grid.tf', pk }
}

/** Hardware that people run: memory a little below the label, as firmware takes its part. */
function hardware(random: Random): GridNode['resources'] {
  const cru = random.pick([4, 8, 8, 12, 16, 16, 24, 32, 56, 64])
  const labelGiB = cru * random.pick([2, 4, 4, 8])
  return {
    hru: random.chance(0.45) ? random.pick([1, 2, 4, 8, 16]) * TB : 0,
    sru: random.pick([0.5, 1, 1, 2, 2, 4]) * TB + random.below(16) * 4096,
    cru,
    mru: labelGiB * GiB - random.between(100_000, 250_000) * 4096,
  }
}

function laterRole(draw: number): Role {
  let upTo = 0
  for (const [role, count] of laterRoles) {
    upTo += count
    if (draw < upTo) return role
  }
  return 'steady'
}
