import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  type MessagePortMain,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  session,
  utilityProcess,
} from 'electron'
import { goneMessage, portMessage } from '../../../src-shared/page-connection.ts'
import { CRASHED_EXIT_CODE } from '../../core/log.ts'
import { resolveDataDir } from '../data-dir.ts'
import { crashWords, hostLog, watchProcess } from '../host-log.ts'
import { loadPageFiles } from '../page-files.ts'
import { connectChannel, openFileChannel } from './channels.ts'
import { answerPage, isAllowedPermission, isPageUrl, pageScheme, pageUrl } from './page-rules.ts'
import { answerSafe } from './safe-storage.ts'
import { type CoreProcess, superviseCore } from './supervisor.ts'
import { type SystemNotification, showTelling } from './tellings.ts'

// The desktop host: owns the window, the dialogs and the core's process; the rules that can be tried without Electron
// stand in page-rules.ts, supervisor.ts and core-host.ts.
const dataDir = resolveDataDir(app.commandLine.getSwitchValue('data'))
app.setPath('userData', join(dataDir, 'window'))
app.enableSandbox()
const log = hostLog(dataDir, 'desktop')
watchProcess(log, (_error, report) => dialog.showErrorBox('Granary ended', crashWords(report)))
protocol.registerSchemesAsPrivileged([{ scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } }])

/** while developing, electron-vite serves the page itself */
const devUrl = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL

let window: BrowserWindow | undefined

function isOwnPage(url: string): boolean {
  return isPageUrl(url) || (devUrl !== undefined && url.startsWith(devUrl))
}

function openWindow(): BrowserWindow {
  const opened = new BrowserWindow({
    width: 1280,
    height: 860,
    minWidth: 800,
    minHeight: 600,
    title: 'Granary',
    autoHideMenuBar: true,
    show: false,
    webPreferences: {
      preload: join(import.meta.dirname, '../preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      spellcheck: false,
    },
  })
  opened.once('ready-to-show', () => opened.show())
  opened.on('closed', () => {
    window = undefined
  })
  void opened.loadURL(devUrl ?? pageUrl)
  return opened
}

const notifications = new Set<SystemNotification>()

/** Brings the window up on a page; the rest of its address stays, so nothing is loaded anew. */
function showPage(path: string): void {
  window ??= openWindow()
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
  void window.loadURL(`${devUrl ?? pageUrl}#${path}`)
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
    Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
      { role: 'fileMenu' },
      { role: 'editMenu' },
      {
        label: 'View',
        submenu: [{ role: 'reload' }, { type: 'separator' }, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }],
      },
      { role: 'windowMenu' },
    ]),
  )

  const supervisor = superviseCore<MessagePortMain>({
    start: startCore,
    announceGone: () => window?.webContents.send(goneMessage),
    tell: telling =>
      showTelling(
        telling,
        { isSupported: Notification.isSupported, notification: options => new Notification(options), showPage },
        notifications,
      ),
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

  ipcMain.on(connectChannel, event => {
    if (!event.senderFrame || !isOwnPage(event.senderFrame.url)) return
    const { port1, port2 } = new MessageChannelMain()
    supervisor.connect(port1)
    event.sender.postMessage(portMessage, null, [port2])
  })
  ipcMain.handle(openFileChannel, async event => {
    if (!window || !event.senderFrame || !isOwnPage(event.senderFrame.url)) return null
    const chosen = await dialog.showOpenDialog(window, {
      title: 'Choose a grid archive',
      properties: ['openFile'],
      filters: [
        { name: 'Grid archives', extensions: ['ndjson', 'gz', 'zst'] },
        { name: 'All files', extensions: ['*'] },
      ],
    })
    return chosen.filePaths[0] ?? null
  })

  powerMonitor.on('lock-screen', supervisor.lockKeys)
  powerMonitor.on('suspend', supervisor.lockKeys)

  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('activate', () => {
    window ??= openWindow()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  let closed = false
  app.on('will-quit', event => {
    if (closed) return
    event.preventDefault()
    void supervisor.close().then(() => {
      closed = true
      app.quit()
    })
  })
  window = openWindow()
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

if (!app.requestSingleInstanceLock()) app.quit()
else void app.whenReady().then(run)
