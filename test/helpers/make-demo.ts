import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import type { DemoFarm } from '../../src-main/archive/demo-grid.ts'
import { writeArchive } from '../../src-main/archive/write.ts'

/**
 * The embedded demo: one small invented grid, its last finished period and the one that runs. `npx node test/helpers/make-demo.ts`
 * writes it again into resources/demo.
 */
const farms: DemoFarm[] = [
  {
    ...{ name: 'Kestrel Racks', country: 'Belgium', city: 'Ghent', latitude: '51.05', longitude: '3.71' },
    ...{ policyId: 1, certified: false, price: 80 },
    roles: ['steady', 'steady', 'rebooting', 'steady', 'outage', 'flaky', 'updater', 'steady', 'steady'],
  },
  {
    ...{ name: 'Ferme de l’Étang', country: 'France', city: 'Besançon', latitude: '47.24', longitude: '6.02' },
    ...{ policyId: 1, certified: false, price: 80 },
    roles: ['farmerbot', 'farmerbot', 'farmerbot-slow-once', 'farmerbot', 'steady', 'farmerbot', 'steady'],
  },
  {
    ...{ name: 'Nordlys Drift', country: 'Norway', city: 'Tromsø', latitude: '69.65', longitude: '18.96' },
    ...{ policyId: 2, certified: true, price: 60 },
    roles: ['steady', 'steady', 'clock-skew', 'steady', 'joiner'],
  },
  {
    ...{ name: 'Três Rios', country: 'Portugal', city: 'Évora', latitude: '38.57', longitude: '-7.91' },
    ...{ policyId: 3, certified: false, price: 80 },
    roles: ['steady', 'too-high', 'steady'],
  },
]

/**
 * Chosen so that at the end one node is down with time left, one has booted slowly once, two break a rule and some sleep;
 * test/integration/demo-embedded.test.ts holds it to that.
 */
const SEED = 114

const shared: DemoOptions = { nodes: farms.flatMap(farm => farm.roles).length, farms, seed: SEED, since: 102, network: 'demo' }

export const embedded: { file: string; options: DemoOptions }[] = [
  { file: 'period-102.ndjson.zst', options: { ...shared, period: 102 } },
  { file: 'period-103.ndjson.zst', options: { ...shared, period: 103, days: 19 } },
]

export const embeddedFolder = join(import.meta.dirname, '../../resources/demo')

if (import.meta.main) {
  await mkdir(embeddedFolder, { recursive: true })
  for (const { file, options } of embedded) {
    const { bytes, events } = await writeArchive(join(embeddedFolder, file), sink => generateDemo(options, sink))
    console.log(`${file}: ${events} events, ${bytes} bytes before packing`)
  }
}
