/**
 * RFC 4180 with header, UTF-8, CRLF. Text cells that a spreadsheet would run (beginning with = + - @, tab or CR) get an apostrophe
 * in front; numbers are given as numbers or bigints and stay as they are.
 */
export function csv(header: string[], rows: Iterable<(string | number | bigint | null)[]>): string {
  const lines = [header.map(cell).join(',')]
  for (const row of rows) lines.push(row.map(cell).join(','))
  return `${lines.join('\r\n')}\r\n`
}

function cell(value: string | number | bigint | null): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
