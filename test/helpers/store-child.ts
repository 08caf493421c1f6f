import { openStore } from '../../src-main/store/open.ts'
import { archiveOf, begin, steadyEvents } from './store.ts'

/** A process of its own: `hold` opens a store and waits; `import` imports without end being told, until it is killed. */
const [folder = '', what] = process.argv.slice(2)
const store = openStore(folder, { mode: 'write' })
if (what === 'import') {
  const { feed } = begin(store, archiveOf(steadyEvents(60)))
  feed(60_000)
}
process.stdout.write('ready\n')
setInterval(() => {}, 1000)
