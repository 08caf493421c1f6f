import { createHash, randomBytes } from 'node:crypto'

export interface SessionLimits {
  /** how long a link can be used */
  tokenMs: number
  /** links that wait to be used; a newer one puts the oldest out */
  tokens: number
  sessions: number
}

export const defaultSessionLimits: SessionLimits = { tokenMs: 60_000, tokens: 8, sessions: 16 }

/** One-time tokens and the session keys that they are traded for. Only hashes are kept, and only in memory. */
export interface Sessions {
  /** a fresh token of 256 bits, good once and for a minute */
  issueToken(): string
  /** the key of a new session, or undefined for a token that is unknown, used or too old */
  redeem(token: string): string | undefined
  /** the session's name for limits and logs if the key is good; says nothing about the key itself */
  find(key: string): string | undefined
}

/** @param now milliseconds that never run backwards */
export function createSessions(now: () => number, limits: SessionLimits = defaultSessionLimits): Sessions {
  /** by hash: a look-up by hash tells nobody by its timing how much of a guess was right */
  const tokens = new Map<string, number>()
  const sessions = new Set<string>()

  function sweep(): void {
    for (const [hash, untilMs] of tokens) if (untilMs <= now()) tokens.delete(hash)
  }

  return {
    issueToken() {
      sweep()
      if (tokens.size >= limits.tokens) dropOldest(tokens)
      const token = newSecret()
      tokens.set(hashOf(token), now() + limits.tokenMs)
      return token
    },
    redeem(token) {
      sweep()
      if (!tokens.delete(hashOf(token))) return undefined
      if (sessions.size >= limits.sessions) dropOldest(sessions)
      const key = newSecret()
      sessions.add(hashOf(key))
      return key
    },
    find(key) {
      const hash = hashOf(key)
      return sessions.has(hash) ? hash.slice(0, 8) : undefined
    },
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function dropOldest(table: Map<string, unknown> | Set<string>): void {
  for (const oldest of table.keys()) {
    table.delete(oldest)
    return
  }
}
