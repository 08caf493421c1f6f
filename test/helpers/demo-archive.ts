import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import { writeArchive } from '../../src-main/archive/write.ts'

/** Made-up archives in a folder of their own; remove it when the test is done. */
export async function demoArchives(wanted: DemoOptions[]): Promise<{ files: string[]; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-demo-'))
  const files: string[] = []
  for (const [index, options] of wanted.entries()) {
    const file = join(folder, `${index}.ndjson`)
    await writeArchive(file, sink => generateDemo(options, sink))
    files.push(file)
  }
  return { files, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
