import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  app,
  dialog,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  ipcMain,
  Menu,
  MessageChannelMain,
  type MessagePortMain,
  Notification,
  type OpenDialogOptions,
  powerMonitor,
  protocol,
  safeStorage,
  session,
  utilityProcess,
} from 'electron'
import { LINK_SCHEME } from '../../../src-shared/app-links.ts'
import { goneMessage, portMessage, searchMessage } from '../../../src-shared/page-connection.ts'
import { CRASHED_EXIT_CODE } from '../../core/log.ts'
import { resolveDataDir } from '../data-dir.ts'
import { crashWords, hostLog, watchProcess } from '../host-log.ts'
import { loadPageFiles } from '../page-files.ts'
import { programDir } from '../program.ts'
import { connectChannel, desktopStateChannel, openedFilesChannel, openFileChannel, setDesktopChannel } from './channels.ts'
import { createDesktop } from './desktop.ts'
import { givenByArguments, MOST_GIVEN, ownArguments, readGiven, switchOf } from './given.ts'
import { readKept, writeKept } from './kept-file.ts'
import { AT_LOGIN, programToStart } from './login-item.ts'
import { createMainWindow } from './main-window.ts'
import { menuTemplate } from './menu.ts'
import { answerPage, isAllowedPermission, isPageUrl, pageScheme, pageUrl } from './page-rules.ts'
import { answerSafe } from './safe-storage.ts'
import { type CoreProcess, superviseCore } from './supervisor.ts'
import { openTray } from './system-tray.ts'
import { type SystemNotification, showTelling } from './tellings.ts'

// The desktop host: owns the window, the dialogs and the core's process; the rules that can be tried without Electron
// stand in page-rules.ts, supervisor.ts, core-host.ts and desktop.ts.
const args = ownArguments(process.argv, app.isPackaged ? null : app.getAppPath(), resolve)
const given = givenByArguments(args, { platform: process.platform, resolve })
const dataDir = resolveDataDir(switchOf(args, 'data') ?? undefined)
const windowDir = join(dataDir, 'window')
// the lock of the single instance lies there too: there is one for each data folder
app.setPath('userData', windowDir)
app.enableSandbox()
const log = hostLog(dataDir, 'desktop')
watchProcess(log, (_error, report) => dialog.showErrorBox('Granary ended', crashWords(report)))
protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }])

/** while developing, electron-vite serves the page itself */
const devUrl = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL

function isOwnPage(url: string): boolean {
  return isPageUrl(url) || (devUrl !== undefined && url.startsWith(devUrl))
}

const mainWindow = createMainWindow({
  preload: join(import.meta.dirname, '../preload/preload.cjs'),
  url: devUrl ?? pageUrl,
  statePath: join(windowDir, 'granary-window.json'),
  write: writeKept,
  log: log.internal,
})

const settingsPath = join(windowDir, 'granary-desktop.json')
const desktop = createDesktop({
  platform: process.platform,
  login: {
    platform: process.platform,
    system: app,
    program: programToStart(process.execPath, process.env),
    args: [...(app.isPackaged ? [] : [app.getAppPath()]), `--data=${dataDir}`],
    configDir: process.env.XDG_CONFIG_HOME || join(homedir(), '.config'),
  },
  kept: readKept(settingsPath),
  keep: text => writeKept(settingsPath, text),
  show: mainWindow.show,
  quit: () => app.quit(),
})

const notifications = new Set<SystemNotification>()

function isOfOwnPage({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean {
  return senderFrame !== null && isOwnPage(senderFrame.url)
}

function startCore(): CoreProcess<MessagePortMain> {
  const child = utilityProcess.fork(join(import.meta.dirname, 'core-process.js'), [dataDir], {
    serviceName: 'Granary core',
  })
  return {
    postMessage: (message, ports) => child.postMessage(message, ports),
    onMessage: listener =>
      child.on('message', message => {
        if (message.t === 'safe') child.postMessage(answerSafe(safeStorage, process.platform, message))
        else listener(message)
      }),
    onExit: listener => child.on('exit', listener),
    kill: () => child.kill(),
  }
}

function run(): void {
  const files = loadPageFiles(join(import.meta.dirname, '../renderer'), () => "'self'")
  protocol.handle(pageScheme, request => answerPage(files, request))
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(isAllowedPermission(permission, details.requestingUrl)),
  )
  session.defaultSession.setPermissionCheckHandler((_contents, permission, origin) => isAllowedPermission(permission, origin))
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate(process.platform, {
        go: mainWindow.show,
        openFiles: () => void chooseFiles(MOST_GIVEN).then(files => files.length > 0 && desktop.handed({ link: null, files })),
        search() {
          mainWindow.show()
          mainWindow.current()?.webContents.send(searchMessage)
        },
      }),
    ),
  )

  const supervisor = superviseCore<MessagePortMain>({
    start: startCore,
    announceGone: () => mainWindow.current()?.webContents.send(goneMessage),
    tell: telling =>
      showTelling(
        telling,
        {
          isSupported: () => desktop.settings().notifications && Notification.isSupported(),
          notification: options => new Notification(options),
          showPage: mainWindow.show,
        },
        notifications,
      ),
    stands: standing => showStanding(standing),
    died(exitCode) {
      log.write('core-ended', { exitCode })
      if (exitCode !== CRASHED_EXIT_CODE) log.crash({ kind: 'ended', part: 'core', exitCode })
    },
    onFailed: error => {
      dialog.showErrorBox('Granary cannot start', error.message)
      app.quit()
    },
    nowMs: () => performance.now(),
    after: (ms, action) => void setTimeout(action, ms),
  })

  const showStanding = openTray(join(programDir, 'resources/icons'), process.platform, {
    open: () => mainWindow.show(),
    go: mainWindow.show,
    pauseSync: supervisor.pauseSync,
    quit: () => app.quit(),
  })

  ipcMain.on(connectChannel, event => {
    if (!isOfOwnPage(event)) return
    const { port1, port2 } = new MessageChannelMain()
    supervisor.connect(port1)
    event.sender.postMessage(portMessage, null, [port2])
  })
  ipcMain.handle(openFileChannel, async event => (isOfOwnPage(event) ? ((await chooseFiles(1))[0] ?? null) : null))
  ipcMain.handle(openedFilesChannel, (event, number: unknown) => (isOfOwnPage(event) ? desktop.openedFiles(number) : []))
  ipcMain.handle(desktopStateChannel, event => (isOfOwnPage(event) ? desktop.state() : null))
  ipcMain.handle(setDesktopChannel, (event, change: unknown) => (isOfOwnPage(event) ? desktop.set(change) : null))

  powerMonitor.on('lock-screen', supervisor.lockKeys)
  powerMonitor.on('suspend', supervisor.lockKeys)

  app.on('second-instance', (_event, _argv, _folder, handed) => desktop.handed(readGiven(handed)))
  app.on('activate', () => mainWindow.show())
  app.on('window-all-closed', desktop.windowsClosed)
  let closed = false
  app.on('will-quit', event => {
    if (closed) return
    event.preventDefault()
    void supervisor.close().then(() => {
      closed = true
      app.quit()
    })
  })
  desktop.start(given, switchOf(args, AT_LOGIN) !== null || (process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin))
}

const archives = { name: 'Grid archives', extensions: ['ndjson', 'gz', 'zst'] }

/** Paths that the user chose; none where they changed their mind. */
async function chooseFiles(most: number): Promise<string[]> {
  const options: OpenDialogOptions = {
    title: most === 1 ? 'Choose a grid archive' : 'Choose receipts, bundles, reports or archives',
    properties: most === 1 ? ['openFile'] : ['openFile', 'multiSelections'],
    filters: [
      most === 1 ? archives : { name: 'What Granary reads', extensions: ['evidence', 'json', 'csv', ...archives.extensions] },
      { name: 'All files', extensions: ['*'] },
    ],
  }
  const window = mainWindow.current()
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  return filePaths.slice(0, most)
}

// a page that crashed is loaded anew; one that does so again and again is left as it is
const pageCrashesMs: number[] = []
let isQuitting = false
app.on('before-quit', () => {
  isQuitting = true
})
app.on('render-process-gone', (_event, contents, { reason, exitCode }) => {
  if (reason === 'clean-exit' || isQuitting) return
  log.crash({ kind: 'ended', part: 'page', reason, exitCode })
  const nowMs = performance.now()
  if (pageCrashesMs.filter(crashMs => nowMs - crashMs < 60_000).length < 3 && !contents.isDestroyed()) contents.reload()
  pageCrashesMs.push(nowMs)
})

// whatever shows a page in this process, it shows ours only and opens nothing
app.on('web-contents-created', (_event, contents) => {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', event => {
    if (!isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', event => {
    if (!isOwnPage(event.url)) event.preventDefault()
  })
  contents.on('will-attach-webview', event => event.preventDefault())
})

// macOS hands over by events, which may come before it is ready
app.on('open-url', (event, link) => {
  event.preventDefault()
  desktop.handed({ link, files: [] })
})
app.on('open-file', (event, path) => {
  event.preventDefault()
  desktop.handed({ link: null, files: [path] })
})

// a second start on the same data folder hands over what it was given, and ends
if (!app.requestSingleInstanceLock(given)) app.quit()
else {
  // Windows has no list of what a program opens but the program's own word; behind -- nothing is a switch
  if (process.platform === 'win32' && app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME, process.execPath, ['--'])
  void app.whenReady().then(run)
}
