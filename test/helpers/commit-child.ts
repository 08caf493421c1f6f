import { openStore } from '../../src-main/store/open.ts'
import { writeSteps } from './backup.ts'

/** A process of its own: commits one step after the other and says each number once its commit has returned, until it is killed. */
const store = openStore(process.argv[2] ?? '', { mode: 'write' })
writeSteps(store, Number.POSITIVE_INFINITY, step => process.stdout.write(`${step}\n`))
