import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { generateDemo } from '../../src-main/archive/demo.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { openCore } from '../../src-main/core/index.ts'
import { embedded, embeddedFolder } from '../helpers/make-demo.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-embedded-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the embedded demo', () => {
  test('is what its script makes, and small', async () => {
    expect(readdirSync(embeddedFolder).sort()).toEqual(embedded.map(({ file }) => file))
    for (const { file, options } of embedded) {
      const path = join(folder, 'again.ndjson')
      await writeArchive(path, sink => generateDemo(options, sink))
      // packed bytes may differ from one zstd to the next, what they hold may not
      expect(zstdDecompressSync(readFileSync(join(embeddedFolder, file))).equals(readFileSync(path)), file).toBe(true)
    }
    expect(embedded.reduce((sum, { file }) => sum + statSync(join(embeddedFolder, file)).size, 0)).toBeLessThan(1_000_000)
  })

  test('shows a mostly healthy grid with something of everything', async () => {
    const core = await openCore({ dataDir: folder, host: 'cli', version: '0', demoDir: embeddedFolder, networksFile: null, mode: 'write' })
    try {
      const status = await core.query('status.get', {})
      expect(status).toMatchObject({ demo: true, latestPeriod: 103 })
      const overview = await core.query('overview.get', {})
      expect(overview.states).toEqual({ up: 17, 'at-risk': 3, down: 1, asleep: 3, unknown: 0 })
      expect(overview.attention.map(entry => entry.kind)).toEqual(['down', 'slow-boot', 'violation', 'violation'])
      expect(overview.farms.map(farm => farm.name).sort()).toEqual(['Ferme de l’Étang', 'Kestrel Racks', 'Nordlys Drift', 'Três Rios'])
      expect(overview.staysUpUnits).toBeGreaterThan(overview.earnedUnits)
      const periods = await core.query('periods.list', {})
      expect(periods.map(({ index, running, provisional, nodes }) => ({ index, running, provisional, nodes }))).toEqual([
        { index: 102, running: false, provisional: false, nodes: 24 },
        { index: 103, running: true, provisional: true, nodes: 24 },
      ])
    } finally {
      await core.close()
    }
  })
})
