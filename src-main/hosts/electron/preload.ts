import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { type DesktopBridge, goneMessage, portMessage, searchMessage } from '../../../src-shared/page-connection.ts'
import { connectChannel, desktopStateChannel, openedFilesChannel, openFileChannel, setDesktopChannel } from './channels.ts'

// All that the page gets of the desktop: a line to the core, the paths of files that the user gave, the file dialog, and its settings there.
const bridge: DesktopBridge = {
  connect: () => ipcRenderer.send(connectChannel),
  pathForFile: file => webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]),
  openFileDialog: () => ipcRenderer.invoke(openFileChannel),
  desktopState: () => ipcRenderer.invoke(desktopStateChannel),
  setDesktop: change => ipcRenderer.invoke(setDesktopChannel, change),
  openedFiles: number => ipcRenderer.invoke(openedFilesChannel, number),
}
contextBridge.exposeInMainWorld('granary', bridge)

// A port cannot cross the bridge as a value; it goes as a message to the page's own window, which never shows anything but the page.
const page = globalThis as unknown as { postMessage(message: string, targetOrigin: string, transfer?: readonly unknown[]): void }
ipcRenderer.on(portMessage, event => page.postMessage(portMessage, '*', event.ports))
ipcRenderer.on(goneMessage, () => page.postMessage(goneMessage, '*'))
ipcRenderer.on(searchMessage, () => page.postMessage(searchMessage, '*'))
