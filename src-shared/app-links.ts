/*
 * Links into Granary, `granary://receipt/HASH`. They come from mails and web pages, so they may lead to a page and nothing else: there is
 * no form for an account, a query, a fragment, or a path of this machine.
 */

export const LINK_SCHEME = 'granary'

/** The longest link that there is, with room to spare. */
export const MAX_LINK_CHARS = 120

/** What a link may name. `run`: a payout run, by its id or the beginning of it. */
export const linkKinds = ['receipt', 'node', 'period', 'run'] as const
export type LinkKind = (typeof linkKinds)[number]

export interface AppLink {
  kind: LinkKind
  id: string
}

const forms: Record<LinkKind, RegExp> = {
  receipt: /^[0-9a-f]{64}$/,
  node: /^[1-9][0-9]{0,9}$/,
  period: /^(0|[1-9][0-9]{0,4})$/,
  run: /^[0-9a-f]{4,64}$/,
}
/** The chain counts nodes by 32 bits. */
const MAX_NODE_ID = 0xffff_ffff

/** Whether this is how such a thing is named. */
export function isLinkId(kind: LinkKind, id: string): boolean {
  return forms[kind].test(id) && (kind !== 'node' || Number(id) <= MAX_NODE_ID)
}

/** Reads a link; null for whatever is not exactly one. */
export function parseLink(text: string): AppLink | null {
  if (text.length > MAX_LINK_CHARS) return null
  const [, name, id] = /^granary:\/\/([a-z]+)\/([0-9a-f]+)$/.exec(text) ?? []
  const kind = linkKinds.find(one => one === name)
  return kind !== undefined && id !== undefined && isLinkId(kind, id) ? { kind, id } : null
}

/** The link to a thing, as it can be mailed. */
export function linkText({ kind, id }: AppLink): string {
  return `${LINK_SCHEME}://${kind}/${id}`
}

/** The page of the app that a link leads to; in a browser it stands behind the `#`. */
export function linkPath({ kind, id }: AppLink): string {
  return `/${kind}/${id}`
}

/** Whether a text was meant as a link to Granary, well-formed or not. */
export function isLinkLike(text: string): boolean {
  return /^\s*granary:/i.test(text)
}

/** What was not opened: no link that there is, or a file of another machine. */
export const refusedKinds = ['link', 'file'] as const
export type RefusedKind = (typeof refusedKinds)[number]

/** This much of it is shown. */
const SHOWN_CHARS = 200

/** The page that says what was not opened; the text travels as base64url, so that nothing in it can be a part of an address. */
export function refusedPath(kind: RefusedKind, text: string): string {
  const bytes = new TextEncoder().encode([...text].slice(0, SHOWN_CHARS).join('').toWellFormed())
  const base64 = btoa(String.fromCharCode(...bytes))
  return `/refused/${kind}/${base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`
}

/** The text again that refusedPath carries; empty where there is none. */
export function refusedText(carried: string): string {
  try {
    const bytes = Uint8Array.from(atob(carried.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))
    return [...new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)].slice(0, SHOWN_CHARS).join('')
  } catch {
    // an address that somebody typed: there is no text to show
    return ''
  }
}
