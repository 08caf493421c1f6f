import { crashWords, hostLog, watchProcess } from '../host-log.ts'
import { openHostCore } from '../open-host-core.ts'
import { userName } from '../user-name.ts'
import { type ElectronPort, runCoreHost } from './core-host.ts'
import { safeStorageOfMain } from './safe-storage.ts'
import { sayStanding } from './standing.ts'
import { sayTellings } from './tellings.ts'

// The entry of the core's process (Electron's utility process); its argument is the data folder.
const dataDir = process.argv[2]
if (dataDir === undefined) throw new Error('core-process is started by the desktop host, with a data folder')

const safeStorage = safeStorageOfMain(
  request => process.parentPort.postMessage(request),
  listener => process.parentPort.on('message', ({ data }) => data.t === 'safe' && listener(data)),
)

const log = hostLog(dataDir, 'core')
watchProcess(log, (_error, report) => console.error(crashWords(report)))

void runCoreHost({
  async open() {
    const core = await openHostCore({ dataDir, host: 'electron', safeStorage, log })
    sayTellings(core, telling => process.parentPort.postMessage({ t: 'tell', telling }), log.internal)
    sayStanding(core, {
      say: standing => process.parentPort.postMessage({ t: 'standing', standing }),
      after: (ms, action) => void setTimeout(action, ms),
      log: log.internal,
    })
    return core
  },
  actor: { id: `desktop:${userName()}` },
  say: message => process.parentPort.postMessage(message),
  onMessage: listener => process.parentPort.on('message', event => listener(event.data, event.ports as ElectronPort[])),
  exit: code => process.exit(code),
  log: log.internal,
})
