/** What is wrong with a line, and where in it. The line reader turns it into an AppError with the line's number. */
export class FormatProblem extends Error {
  /** as people write it: `events[3].now`; empty for the line itself */
  readonly member: string
  /** the text ended too early: the line may have been cut */
  readonly incomplete: boolean

  constructor(message: string, member: string, incomplete: boolean) {
    super(message)
    this.name = 'FormatProblem'
    this.member = member
    this.incomplete = incomplete
  }
}

/** Names that an object or a value may have, as text and as bytes. At most 31, as one integer notes which were seen. */
export interface Names {
  readonly texts: readonly string[]
  readonly bytes: readonly Uint8Array[]
}

export function namesOf(...texts: string[]): Names {
  return { texts, bytes: texts.map(text => new TextEncoder().encode(text)) }
}
