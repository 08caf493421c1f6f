import { commonHeaders, type PageFiles } from '../page-files.ts'

/** The page's own address in the desktop application. */
export const pageScheme = 'granary'
export const pageOrigin = `${pageScheme}://app`
export const pageUrl = `${pageOrigin}/`

/** Whether an address is the page itself: the only thing that a window of Granary ever shows. */
export function isPageUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host } = new URL(url)
  return protocol === `${pageScheme}:` && host === 'app'
}

/** Copying text is all that the page may ask of the system. */
export function isAllowedPermission(permission: string, requestingUrl: string): boolean {
  return permission === 'clipboard-sanitized-write' && isPageUrl(requestingUrl)
}

/** Answers the page's requests from memory. */
export function answerPage(files: PageFiles, request: { url: string; method: string }): Response {
  const file = isPageUrl(request.url) ? files.get(new URL(request.url).pathname) : undefined
  if (!file) return new Response(null, { status: 404, headers: commonHeaders })
  if (request.method !== 'GET') return new Response(null, { status: 405, headers: { ...commonHeaders, allow: 'GET' } })
  return new Response(new Uint8Array(file.body), { status: 200, headers: file.headers })
}
