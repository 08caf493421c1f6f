import { importFiles } from '../../src-main/core/index.ts'
import { demoArchives } from './demo-archive.ts'

/** The network of `importMintGrid`. */
export const mintGridNetwork = 'lab'

/** Fills a data folder with a made-up grid of 14 nodes over three periods that go on from each other, the last of which runs. */
export async function importMintGrid(dataDir: string): Promise<void> {
  const grid = { nodes: 14, seed: 21, since: 101, network: mintGridNetwork } as const
  const { files, remove } = await demoArchives([
    { ...grid, period: 101 },
    { ...grid, period: 102 },
    { ...grid, period: 103, days: 12 },
  ])
  try {
    await importFiles({ dataDir, files, actor: 'test' }, {})
  } finally {
    remove()
  }
}
