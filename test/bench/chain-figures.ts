import { benchBlocks } from './bench-blocks.ts'
import { benchDecode } from './bench-decode.ts'

/** `chain-figures.ts blocks|decode ROUNDS`: each in a process of its own, for both load the same library in their own way. */
const [which, rounds] = process.argv.slice(2) as [string, string]
console.log(JSON.stringify(which === 'blocks' ? await benchBlocks(Number(rounds)) : benchDecode(Number(rounds))))
process.exit()
