// `npm run bench`: prints what Granary takes on a large grid beside named baselines. Nothing is asserted: a machine that is busy
// or slow shows it in both columns. `--small` takes 500 nodes, `--only commands,core` those parts (bench.ts names all of them);
// GRANARY_RUNS changes the rounds (3), with `--only curve` its random cases.
import { ensureBuilt } from '../../src-main/hosts/cli/build.mjs'

if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(`The benchmark needs Node 24; this is ${process.versions.node}. Run it as "npm run bench".`)
  process.exitCode = 1
} else {
  await ensureBuilt()
  const { bench } = await import('./bench.ts')
  await bench(process.argv.slice(2)).catch(error => {
    if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error
    console.error(error.message)
    process.exitCode = 2
  })
}
