import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

export interface BrowserEdges {
  platform: NodeJS.Platform
  env: Record<string, string | undefined>
  isExecutable: (path: string) => boolean
  /** starts a program; resolves to whether it is still there (or ended well) after a moment */
  start: (program: string, args: string[]) => Promise<boolean>
}

/** Programs that can show a page as a window of its own, in the order in which they are tried. */
export function browserCandidates(platform: NodeJS.Platform, env: Record<string, string | undefined>): string[] {
  const chosen = env.GRANARY_BROWSER ? [env.GRANARY_BROWSER] : []
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser']
    return [...chosen, ...apps.map(app => `/Applications/${app}.app/Contents/MacOS/${app}`)]
  }
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(root => root !== undefined)
    const programs = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
      'Chromium\\Application\\chrome.exe',
    ]
    return [...chosen, ...programs.flatMap(program => roots.map(root => `${root}\\${program}`))]
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'brave-browser']
  const folders = (env.PATH ?? '').split(':').filter(folder => folder.startsWith('/'))
  return [...chosen, ...names.flatMap(name => folders.map(folder => join(folder, name)))]
}

/**
 * Shows a page: as a window of its own in an installed browser of Chromium's family, with a profile of its own so that no
 * extension and no other page is near; else in whatever the platform opens pages with. Says which, or false where nothing did.
 * @param url the page; must hold no secret, as every user of the machine can read the arguments of a program
 */
export async function openBrowser(url: string, profileDir: string, edges: BrowserEdges = realEdges()): Promise<'window' | 'tab' | false> {
  const args = [
    `--app=${url}`,
    `--user-data-dir=${profileDir}`,
    '--window-size=1280,860',
    '--no-first-run',
    '--no-default-browser-check',
    // the window is for this machine's own page: nothing else has to leave it
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  for (const program of browserCandidates(edges.platform, edges.env))
    if (edges.isExecutable(program) && (await edges.start(program, args))) return 'window'
  const opener = { darwin: ['open'], win32: ['explorer.exe'] }[edges.platform as string] ?? ['xdg-open']
  const shows = edges.platform === 'darwin' || edges.platform === 'win32' || Boolean(edges.env.DISPLAY || edges.env.WAYLAND_DISPLAY)
  return shows && (await edges.start(opener[0]!, [url])) ? 'tab' : false
}

function realEdges(): BrowserEdges {
  return {
    platform: process.platform,
    env: process.env,
    isExecutable(path) {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    },
    start: startDetached,
  }
}

/** A program that cannot show a window (no display, no sandbox) ends at once with an error; two seconds tell. */
function startDetached(program: string, args: string[]): Promise<boolean> {
  return new Promise(resolve => {
    const child = spawn(program, args, { detached: true, stdio: 'ignore' })
    const timer = setTimeout(() => resolve(true), 2_000)
    const settle = (good: boolean): void => {
      clearTimeout(timer)
      resolve(good)
    }
    child.on('error', () => settle(false))
    child.on('exit', code => settle(code === 0))
    child.unref()
  })
}
