import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Hex, RawHeader } from '../../src-main/clients/tfchain/types.ts'

const root = join(import.meta.dirname, '../..')
const shared = join(root, '../shared')
const tool = join(shared, 'tools/replay-chain.mjs')
const file = join(shared, 'data/recordings/one-node-30-days.json.gz')

/** Whether the recorded chain and what serves it are here; says so on the console where not. */
export function hasRecording(): boolean {
  const isHere = existsSync(tool) && existsSync(file)
  if (!isHere) console.log(`skipped: the recorded chain is not here (${file})`)
  return isHere
}

export interface Recording {
  blocks: { hash: Hex; header: RawHeader }[]
  /** the value of a storage key after each block; null: none */
  valuesOf(key: Hex): (Hex | null)[]
}

export function readRecording(): Recording {
  const { blocks, storage } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
    blocks: Recording['blocks']
    storage: [Hex, [number, Hex | null][]][]
  }
  const history = new Map(storage)
  return {
    blocks,
    valuesOf(key) {
      const versions = new Map(history.get(key))
      let value: Hex | null = null
      return blocks.map((_, n) => {
        const changed = versions.get(n)
        if (changed !== undefined) value = changed
        return value
      })
    },
  }
}

export interface Replay {
  url: string
  head: number
  close(): Promise<void>
}

/** Serves the recorded chain in a process of its own. @param options e.g. `--latency 20`, `--drop 50` */
export async function startReplay(...options: string[]): Promise<Replay> {
  const child = spawn(process.execPath, [tool, file, '0', ...options], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', part => resolve(String(part)))
    child.once('error', reject)
    child.once('close', code => reject(new Error(`the replay ended with ${code}`)))
  })
  const [, url, head] = /listening (\S+) head (\d+)/.exec(line)!
  return {
    url: url!,
    head: Number(head),
    async close() {
      child.kill()
      await ended
    },
  }
}
