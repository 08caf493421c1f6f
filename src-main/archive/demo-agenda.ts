/** Who is due in which block: each actor (a number from 0) in one at most, and asking costs the same however many there are. */
export interface Agenda {
  /** puts an actor down for a block, in place of where it was; one that lies behind the last block never comes */
  schedule(actor: number, block: number): void
  unschedule(actor: number): void
  /** the next actor of a block, -1 where there is none; it stays until it is put elsewhere */
  next(block: number): number
}

/** `actors`: how many; blocks from `first` to `last`. Takes 4 bytes a block and 12 an actor. */
export function createAgenda(actors: number, first: number, last: number): Agenda {
  // `due[slot]` heads a doubly linked list of actors
  const due = new Int32Array(last - first + 1).fill(-1)
  const after = new Int32Array(actors).fill(-1)
  const before = new Int32Array(actors).fill(-1)
  const dueAt = new Int32Array(actors).fill(-1)

  function unschedule(actor: number): void {
    const slot = dueAt[actor]!
    if (slot < 0) return
    const next = after[actor]!
    const previous = before[actor]!
    if (previous < 0) due[slot] = next
    else after[previous] = next
    if (next >= 0) before[next] = previous
    dueAt[actor] = -1
  }

  return {
    unschedule,
    schedule(actor, block) {
      unschedule(actor)
      const slot = block - first
      if (slot >= due.length) return
      const next = due[slot]!
      after[actor] = next
      before[actor] = -1
      if (next >= 0) before[next] = actor
      due[slot] = actor
      dueAt[actor] = slot
    },
    next: block => due[block - first]!,
  }
}
