// A process of its own that imports an archive, so that a test can kill it: node import-child.ts DATA_DIR ARCHIVE
import { importFiles } from '../../src-main/core/index.ts'

const [dataDir, archive] = process.argv.slice(2)
await importFiles({ dataDir: dataDir!, files: [archive!], actor: 'test:child' }, {})
process.stdout.write('done\n')
