import { restore } from '../../src-main/core/backup-command.ts'

/** A process of its own: restores a backup into a data folder, until it is done or killed. */
const [dataDir = '', path = ''] = process.argv.slice(2)
process.stdout.write('ready\n')
await restore({ path, passphrase: '', dataDir, actor: 'test' }, {})
process.stdout.write('done\n')
