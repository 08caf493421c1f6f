import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface LinkFile {
  /** `file:` address of a page that leads on to the link */
  url: string
  remove(): void
}

const prefix = 'open-'

/**
 * Hands a one-time link to a browser by a file that only this user can read: other users can read a program's arguments,
 * but not this. Files that an earlier run left behind are removed. May throw the operating system's error.
 */
export function writeLinkFile(dataDir: string, link: string): LinkFile {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(dataDir))
    if (name.startsWith(prefix) && name.endsWith('.html')) rmSync(join(dataDir, name), { force: true })
  const path = join(dataDir, `${prefix}${randomBytes(9).toString('base64url')}.html`)
  // the link is made of letters, digits and :/.#=-_ only, so it needs no escaping
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Granary</title><script>location.replace(${JSON.stringify(link)})</script>\n`
  writeFileSync(path, page, { mode: 0o600, flag: 'wx' })
  return { url: pathToFileURL(path).href, remove: () => rmSync(path, { force: true }) }
}
