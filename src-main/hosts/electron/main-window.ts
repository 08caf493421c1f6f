import { BrowserWindow, screen } from 'electron'
import { readKept } from './kept-file.ts'
import { keepWindowState, MIN_SIZE, placeWindow, readWindowState } from './window-state.ts'

export interface WindowOptions {
  preload: string
  /** the page's address without what follows the # */
  url: string
  /** where the window's place is kept */
  statePath: string
  write(path: string, text: string): void
  log(error: unknown): void
}

export interface MainWindow {
  /** the window that there is, or none */
  current(): BrowserWindow | undefined
  /** brings it up: as it is, or on a page of the app; the rest of its address stays, so nothing is loaded anew */
  show(path?: string): void
}

/** The one window: opened where and as it was, and kept so. */
export function createMainWindow(options: WindowOptions): MainWindow {
  let window: BrowserWindow | undefined

  function open(path: string): BrowserWindow {
    const areas = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea)
    const place = placeWindow(readWindowState(readKept(options.statePath)), areas)
    const opened = new BrowserWindow({
      ...place.bounds,
      minWidth: MIN_SIZE.width,
      minHeight: MIN_SIZE.height,
      title: 'Granary',
      show: false,
      webPreferences: {
        preload: options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        spellcheck: false,
      },
    })
    const contents = opened.webContents
    const state = keepWindowState({
      look: () =>
        opened.isDestroyed()
          ? null
          : { bounds: opened.getNormalBounds(), isMaximized: opened.isMaximized(), zoomLevel: contents.getZoomLevel() },
      write: text => options.write(options.statePath, text),
      after: (ms, action) => void setTimeout(action, ms),
      log: options.log,
    })
    opened.once('ready-to-show', () => {
      if (place.isMaximized) opened.maximize()
      opened.show()
    })
    contents.once('did-finish-load', () => contents.setZoomLevel(place.zoomLevel))
    opened.on('resize', state.changed)
    opened.on('move', state.changed)
    opened.on('maximize', state.changed)
    opened.on('unmaximize', state.changed)
    contents.on('zoom-changed', state.changed)
    opened.on('close', state.flush)
    opened.on('closed', () => {
      window = undefined
    })
    void opened.loadURL(addressOf(path))
    return opened
  }

  const addressOf = (path: string) => (path === '/' ? options.url : `${options.url}#${path}`)

  return {
    current: () => window,
    show(path) {
      if (!window) {
        window = open(path ?? '/')
        return
      }
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
      // the same address once more would load the page anew
      if (path !== undefined && window.webContents.getURL() !== `${options.url}#${path}`) void window.loadURL(`${options.url}#${path}`)
    },
  }
}
