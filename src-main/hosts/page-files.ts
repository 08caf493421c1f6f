import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { AppError } from '../../src-shared/errors.ts'

/** One file of the page, as it goes out. */
export interface PageFile {
  body: Buffer
  headers: Record<string, string>
}

/** The built page, held in memory: what is not in it does not exist, whatever path somebody asks for. */
export interface PageFiles {
  /** by exact path, `/` for the page itself; undefined for everything else. The page gets a fresh nonce each time. */
  get(path: string): PageFile | undefined
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/** Headers of every answer, page or not. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

/** Text in index.html that becomes the nonce; the page's styles made at run time carry it. */
const noncePlace = '__CSP_NONCE__'

/** Scripts from the app only, none inline; styles from the app or with the nonce; nothing leaves but to `connect`. */
export function contentSecurityPolicy(nonce: string, connect: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * Reads the built page from a folder, once.
 * @param connect what the page may connect to, in the words of a content security policy, e.g. `'self' ws://127.0.0.1:40123`
 */
export function loadPageFiles(folder: string, connect: () => string): PageFiles {
  const files = new Map<string, PageFile>()
  let page: string | undefined
  for (const path of listFiles(folder)) {
    const extension = extname(path)
    const type = types[extension]
    if (!type) continue
    const name = `/${relative(folder, path).split(sep).join('/')}`
    const body = readFileSync(path)
    if (name === '/index.html') page = body.toString('utf8')
    else {
      // the names of built assets hold a hash of what is in them
      const cache = name.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store'
      files.set(name, { body, headers: { ...commonHeaders, 'content-type': type, 'cache-control': cache } })
    }
  }
  const template = page
  if (template === undefined)
    throw new AppError('io.missing', `The page is not built (${folder}). Run "npm run build" first.`, { details: { path: folder } })
  return {
    get(path) {
      if (path !== '/') return files.get(path)
      const nonce = randomBytes(18).toString('base64url')
      return {
        body: Buffer.from(template.replaceAll(noncePlace, nonce)),
        headers: {
          ...commonHeaders,
          'content-type': types['.html']!,
          'cache-control': 'no-store',
          'content-security-policy': contentSecurityPolicy(nonce, connect()),
        },
      }
    },
  }
}

function listFiles(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}
