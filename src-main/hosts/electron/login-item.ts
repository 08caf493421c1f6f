import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { LoginItemSettings, LoginItemSettingsOptions, Settings } from 'electron'
import { readKept, writeKept } from './kept-file.ts'

/*
 * Starting when the user logs in. macOS and Windows keep that themselves; on Linux a file in the autostart folder says it
 * (freedesktop.org's Desktop Application Autostart Specification). It is shown as the system has it, also where it was changed elsewhere.
 */

/** Whether Granary starts at login; `note`: what is to be known of it, in a sentence. */
export interface LoginItem {
  isOn: boolean
  note: string | null
}

export interface LoginEdges {
  platform: NodeJS.Platform
  /** Electron's app, as far as it is used */
  system: {
    getLoginItemSettings(
      options?: LoginItemSettingsOptions,
    ): Pick<LoginItemSettings, 'openAtLogin'> & Partial<Pick<LoginItemSettings, 'status' | 'executableWillLaunchAtLogin'>>
    setLoginItemSettings(settings: Settings): void
  }
  /** the program to start, and what with */
  program: string
  args: readonly string[]
  /** Linux: where a user's configuration lies, e.g. ~/.config */
  configDir: string
}

/** A start at login has this switch. */
export const AT_LOGIN = 'at-login'

/**
 * What is started at login: the AppImage's file rather than the place where it is mounted for this run. A program that an AppImage started
 * has the same variables, so they count only where this program lies in it.
 */
export function programToStart(execPath: string, env: { APPIMAGE?: string | undefined; APPDIR?: string | undefined }): string {
  return env.APPIMAGE && env.APPDIR && execPath.startsWith(`${env.APPDIR}/`) ? env.APPIMAGE : execPath
}

const APPROVE = 'macOS waits for your approval: System Settings, General, Login Items.'
const SWITCHED_OFF = 'Windows has it switched off: Settings, Apps, Startup.'
const UNNAMEABLE = 'The path of the program or of the data folder has a character that a start file cannot hold. Nothing was changed.'

/** As the system has it. Never throws. */
export function readLoginItem({ platform, system, program, args, configDir }: LoginEdges): LoginItem {
  if (platform === 'linux') return readAutostart(readKept(autostartPath(configDir)), program)
  if (platform === 'win32') {
    const { openAtLogin, executableWillLaunchAtLogin } = system.getLoginItemSettings({ path: program, args: windowsArgs(args) })
    const isOff = openAtLogin && executableWillLaunchAtLogin === false
    return { isOn: openAtLogin && !isOff, note: isOff ? SWITCHED_OFF : null }
  }
  const { openAtLogin, status } = system.getLoginItemSettings()
  return { isOn: openAtLogin, note: status === 'requires-approval' ? APPROVE : null }
}

/** Changes it, and says how it is then; a note says why where it could not be changed. Never throws. */
export function setLoginItem(edges: LoginEdges, isOn: boolean): LoginItem {
  const { platform, system, program, args, configDir } = edges
  try {
    if (platform === 'linux') {
      const note = setAutostart(autostartPath(configDir), isOn ? [program, ...args, `--${AT_LOGIN}`] : null)
      return note === null ? readLoginItem(edges) : { ...readLoginItem(edges), note }
    }
    // on macOS the system says itself that it was the login (wasOpenedAtLogin), and takes no arguments
    if (platform === 'win32') system.setLoginItemSettings({ openAtLogin: isOn, path: program, args: windowsArgs(args) })
    else system.setLoginItemSettings({ openAtLogin: isOn })
    return readLoginItem(edges)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { ...readLoginItem(edges), note: `The system did not take it: ${why} Nothing was changed.` }
  }
}

function windowsArgs(args: readonly string[]): string[] {
  return [...args, `--${AT_LOGIN}`].map(arg => (/\s/.test(arg) ? `"${arg}"` : arg))
}

function autostartPath(configDir: string): string {
  return join(configDir, 'autostart', 'granary.desktop')
}

/** Written beside and renamed; null takes it away. Answers why it was not done, where it was not. */
function setAutostart(path: string, command: readonly string[] | null): string | null {
  if (command === null) {
    rmSync(path, { force: true })
    return null
  }
  const text = autostartText(command)
  if (text === null) return UNNAMEABLE
  writeKept(path, text)
  return null
}

/** The start file; null where a part of the command holds a control character. */
export function autostartText(command: readonly string[]): string | null {
  if (command.some(part => /\p{Cc}/u.test(part))) return null
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Granary',
    'Comment=Watches the nodes from the tray',
    `Exec=${command.map(quoted).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** As the Desktop Entry Specification has it: quoted for the command, each backslash again for the file, and % twice, as it begins a field code. */
function quoted(part: string): string {
  return `"${part.replace(/["`$\\]/g, '\\$&')}"`.replaceAll('\\', '\\\\').replaceAll('%', '%%')
}

/** How a start file stands: desktops switch one off by a line in it. */
function readAutostart(text: string | null, program: string): LoginItem {
  if (text === null) return { isOn: false, note: null }
  const [, entry = ''] = text.split(/^\[Desktop Entry\]\s*$/m)
  const lines = entry.split(/^\[/m)[0]!.split('\n')
  const entryOf = (key: string) =>
    lines
      .find(line => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .trim()
  const exec = entryOf('Exec')
  const isOn = exec !== undefined && entryOf('Hidden') !== 'true' && entryOf('X-GNOME-Autostart-enabled') !== 'false'
  const isOther = isOn && !exec.startsWith(quoted(program))
  return { isOn, note: isOther ? 'At login another copy of Granary is started. Switch it off and on again to start this one.' : null }
}
