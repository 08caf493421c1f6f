import { userInfo } from 'node:os'

/** The name of whoever runs this, for the audit trail. Some containers run as a user that has none: then its number. */
export function userName(look: () => { username: string } = userInfo, number = process.getuid?.()): string {
  try {
    return look().username
  } catch {
    return number === undefined ? 'unknown' : `uid ${number}`
  }
}
