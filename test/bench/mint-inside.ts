import nodeModule from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { programDir } from './measure.ts'

/**
 * `mint-inside.ts DATA OUT`: the seconds that `granary mint --period 102` takes from the loaded program on, its files written: the same code
 * that people run, bundled and compiled the last time.
 */
const [dataDir, outDir] = process.argv.slice(2) as [string, string]
nodeModule.enableCompileCache?.(join(programDir, 'node_modules/.cache/granary/compiled'))
const { main } = (await import(pathToFileURL(join(programDir, 'out/main/cli.js')).href)) as { main: () => Promise<void> }
process.argv = [process.argv[0]!, 'granary', 'mint', '--data', dataDir, '--period', '102', '--out', outDir, '--json']
// what it says is not the figure
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (_chunk: unknown, ...rest: unknown[]) => {
  const done = rest.at(-1)
  if (typeof done === 'function') done()
  return true
}
const startMs = performance.now()
await main()
const sec = (performance.now() - startMs) / 1000
process.stdout.write = write
console.log(JSON.stringify({ sec }))
