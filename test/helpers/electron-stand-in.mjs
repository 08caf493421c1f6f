// Stands in for Electron where its binary is not: `node --import THIS out/main/electron.js`. What main asks of it goes to the test that started
// it, and the test's orders come back, over the process's channel.
import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'

registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: import.meta.url, shortCircuit: true } : next(name, context)),
})

// a packaged program has no script among its arguments
process.argv.splice(1, 1)

const tell = (what, ...values) => process.send?.({ what, values: JSON.parse(JSON.stringify(values)) })

class App extends EventEmitter {
  isPackaged = true
  setPath = (name, path) => tell('path', name, path)
  getAppPath = () => process.cwd()
  enableSandbox = () => undefined
  getLoginItemSettings = () => ({ openAtLogin: false })
  requestSingleInstanceLock(given) {
    tell('lock', given)
    return process.env.STAND_IN_SECOND !== '1'
  }
  whenReady = () => new Promise(resolve => setImmediate(resolve))
  setAsDefaultProtocolClient = () => true
  quit() {
    tell('quit')
    this.emit('will-quit', { preventDefault: () => undefined })
  }
}
export const app = new App()

class Contents extends EventEmitter {
  url = ''
  getURL = () => this.url
  send = message => tell('to page', message)
  setZoomLevel = level => tell('zoom', level)
  getZoomLevel = () => 1
}

let window
export class BrowserWindow extends EventEmitter {
  webContents = new Contents()
  constructor({ webPreferences: { sandbox, contextIsolation, nodeIntegration }, ...options }) {
    super()
    window = this
    tell('window', options, { sandbox, contextIsolation, nodeIntegration })
    setImmediate(() => {
      this.emit('ready-to-show')
      this.webContents.emit('did-finish-load')
    })
  }
  async loadURL(url) {
    this.webContents.url = url
    tell('load', url)
  }
  show = () => tell('show')
  focus = () => undefined
  isMinimized = () => false
  isMaximized = () => false
  isDestroyed = () => false
  getNormalBounds = () => ({ x: 5, y: 30, width: 900, height: 700 })
}

const handlers = new Map()
export const ipcMain = { on: (channel, heed) => handlers.set(channel, heed), handle: (channel, answer) => handlers.set(channel, answer) }
export const dialog = {
  showErrorBox: (...words) => tell('error', ...words),
  showOpenDialog: async () => ({ filePaths: ['/chosen.evidence'] }),
}
let menu
export const Menu = {
  buildFromTemplate: template => template,
  setApplicationMenu(template) {
    menu = template
  },
}
let trayMenu
export class Tray extends EventEmitter {
  setImage = () => undefined
  setToolTip = text => tell('tray', text)
  setContextMenu(template) {
    trayMenu = template
  }
}
const image = { resize: () => image, toBitmap: () => Buffer.alloc(32 * 32 * 4), setTemplateImage: () => undefined }
export const nativeImage = { createFromPath: () => image, createFromBitmap: () => image }
const workArea = { x: 0, y: 25, width: 1920, height: 1055 }
export const screen = { getPrimaryDisplay: () => ({ workArea }), getAllDisplays: () => [{ workArea }] }
export class MessageChannelMain {}
export class Notification extends EventEmitter {
  static isSupported = () => true
  constructor(options) {
    super()
    tell('notification', options.title)
  }
  show = () => undefined
}
export const powerMonitor = new EventEmitter()
export const protocol = { registerSchemesAsPrivileged: () => undefined, handle: () => undefined }
export const safeStorage = {}
export const session = { defaultSession: { setPermissionRequestHandler: () => undefined, setPermissionCheckHandler: () => undefined } }

class Core extends EventEmitter {
  postMessage(message) {
    tell('to core', message)
    if (message.t === 'close') this.emit('exit', 0)
  }
  kill = () => undefined
}
const core = new Core()
export const utilityProcess = { fork: () => core }

const itemsOf = template => template.flatMap(item => [item, ...(Array.isArray(item.submenu) ? itemsOf(item.submenu) : [])])
const click = (template, label) =>
  itemsOf(template)
    .find(item => item.label === label)
    .click({ label }, {}, {})

/** What a test can have done; each answers when it is done. */
const orders = {
  emit: (event, ...values) => app.emit(event, { preventDefault: () => undefined }, ...values),
  menu: label => click(menu, label),
  tray: label => click(trayMenu, label),
  core: message => core.emit('message', message),
  ask: (channel, url, value) => handlers.get(channel)({ senderFrame: { url } }, value),
  closeWindow() {
    window.emit('close')
    window.emit('closed')
    app.emit('window-all-closed')
  },
  end: () => process.exit(0),
}

process.on('message', async ({ id, order, values }) => {
  const answer = await orders[order](...values)
  process.send({ what: 'done', values: [id, answer === undefined || typeof answer === 'boolean' ? null : answer] })
})
