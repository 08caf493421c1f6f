import { signedHeadSchema } from '../../src-shared/audit-head.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { HeldHead } from './audit-heads.ts'

/* Apart from what signs: every command that writes a file has the trail signed, and most need nothing that reads such a file. */

/** A head from the text of its file. Throws AppError usage. */
export function readHead(name: string, text: string): HeldHead {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('usage', `${name} is no signed head of an audit trail: it is not JSON. Give the file as it was saved.`, { cause })
  }
  const read = signedHeadSchema.safeParse(value)
  if (read.success) return { name, head: read.data }
  const member = read.error.issues[0]?.path.join('.') ?? ''
  throw new AppError('usage', `${name} is no signed head of an audit trail (${member}). Give the file as it was saved.`, {
    details: { member },
  })
}
