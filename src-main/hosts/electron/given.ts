import { fileURLToPath } from 'node:url'
import { isLinkLike, linkPath, parseLink, refusedPath } from '../../../src-shared/app-links.ts'

/*
 * What the system hands to the program: links of mails and web pages, files that were double-clicked. Whatever it is, it leads to a page
 * and does nothing else.
 */

/** As it came. Files are absolute. */
export interface Given {
  link: string | null
  files: string[]
}

/** More files than this are not taken at a time. */
export const MOST_GIVEN = 8
const MAX_PATH_CHARS = 4096
/** A link longer than any that there is, is shown cut. */
const MAX_GIVEN_CHARS = 8192

export interface ArgumentEdges {
  platform: NodeJS.Platform
  /** against the folder that the program was started in */
  resolve(path: string): string
}

/**
 * The program's arguments (without the program itself). Where one is a link, no file is taken: a browser hands links over, and whoever wrote
 * the link must not add arguments to it.
 */
export function givenByArguments(args: readonly string[], { platform, resolve }: ArgumentEdges): Given {
  const link = args.find(isLinkLike)
  if (link !== undefined) return { link: link.slice(0, MAX_GIVEN_CHARS), files: [] }
  const files = args
    .filter(arg => arg !== '' && !arg.startsWith('-'))
    .slice(0, MOST_GIVEN)
    .map(arg => pathOf(arg, platform))
    .map(path => (isElsewhere(path) ? path : resolve(path)))
  return { link: null, files }
}

/** What stands behind the program in its arguments; while developing (`appPath`), behind the folder of the app, too. */
export function ownArguments(argv: readonly string[], appPath: string | null, resolve: (path: string) => string): string[] {
  const at = appPath === null ? 0 : argv.findIndex((arg, index) => index > 0 && resolve(arg) === appPath)
  return argv.slice(Math.max(at, 0) + 1)
}

/**
 * A switch of the program as `--name=value` or `--name`; null where it is not there. Only what stands before a link counts: behind it, its
 * author may have added some.
 */
export function switchOf(args: readonly string[], name: string): string | null {
  const link = args.findIndex(isLinkLike)
  const found = (link < 0 ? args : args.slice(0, link)).findLast(arg => arg === `--${name}` || arg.startsWith(`--${name}=`))
  return found === undefined ? null : found.slice(`--${name}=`.length)
}

/** Reads what another process handed over: of the same user, but maybe of another version. Whatever is not right in it is left out. */
export function readGiven(value: unknown): Given {
  const { link, files } = (typeof value === 'object' && value !== null ? value : {}) as { link?: unknown; files?: unknown }
  const isText = (one: unknown): one is string => typeof one === 'string' && one !== ''
  return {
    link: isText(link) ? link.slice(0, MAX_GIVEN_CHARS) : null,
    files: Array.isArray(files) ? files.filter(isText).slice(0, MOST_GIVEN) : [],
  }
}

/** The page to show for it; null: nothing was given. `keepFiles` keeps their paths for the page and says under which number. */
export function pageForGiven({ link, files }: Given, keepFiles: (paths: string[]) => number): string | null {
  if (link !== null) {
    const parsed = parseLink(link)
    return parsed ? linkPath(parsed) : refusedPath('link', link)
  }
  const refused = files.find(isElsewhere)
  if (refused !== undefined) return refusedPath('file', refused)
  return files.length === 0 ? null : `/opened/${keepFiles(files)}`
}

/** Linux hands over files as `file:` addresses. */
function pathOf(arg: string, platform: NodeJS.Platform): string {
  if (!/^file:/i.test(arg)) return arg
  try {
    return fileURLToPath(arg, { windows: platform === 'win32' })
  } catch {
    // of another machine, or no address at all: it is refused as it stands
    return arg
  }
}

/** Not a file of this machine: asking Windows for one of another tells that machine who asks. */
function isElsewhere(path: string): boolean {
  return path.length > MAX_PATH_CHARS || path.includes('\0') || /^[\\/]{2}/.test(path) || /^[a-z][a-z0-9+.-]+:/i.test(path)
}

/** Paths of files that were opened, for the page that shows them; a page gets a number, never a path, in its address. */
export function createOpenedFiles(): { keep(paths: string[]): number; get(number: unknown): string[] } {
  const kept = new Map<number, string[]>()
  let last = 0
  return {
    keep(paths) {
      kept.set(++last, paths)
      kept.delete(last - MOST_KEPT)
      return last
    },
    get: number => (typeof number === 'number' ? (kept.get(number) ?? []) : []),
  }
}

const MOST_KEPT = 20
