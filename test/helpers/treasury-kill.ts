import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Actor } from '../../src-shared/contract.ts'
import type { TreasuryCommandName } from '../../src-shared/treasury/table.ts'
import { pick } from './treasury-acts.ts'

export interface Sent {
  name: TreasuryCommandName
  input: Record<string, unknown>
  actor: Actor
  key: string
}

let made = 0

/** Commands that any entity can do, whatever was done before. */
export function partyCommands(random: () => number, entities: readonly string[], count: number): Sent[] {
  return Array.from({ length: count }, () => {
    const from = pick(random, entities)
    const to = pick(
      random,
      entities.filter(entity => entity !== from),
    )
    const amount = `0.${1 + Math.floor(random() * 9_000_000)}`
    const [name, input] = pick(random, [
      ['payments.send', { to, amount }],
      ['escrow.hold', { to, amount }],
      ['pools.deposit', { id: 'azr-staking', amount }],
      ['guarantees.create', { to, amount, coverageBps: 5_000 }],
      ['tokens.lock', { token: 'AZR', amount }],
    ] as const)
    return { name, input, actor: { id: 'test:rest', entity: from }, key: `sent ${made++} ${Math.floor(random() * 1e9)}` }
  })
}

export interface Killed {
  sent: Sent[]
  answered: string[]
  refused: string[]
  /** the latest that it saw on its clock */
  lastTs: number
}

/** Lets a process do commands on a data folder, and kills it (-9) a moment after its first answer. Throws what it said if it ended by itself. */
export async function killedProcess(dataDir: string, seed: number, startTs: number, entities: string[], afterMs: number): Promise<Killed> {
  const args = [join(import.meta.dirname, 'treasury-child.ts'), dataDir, String(seed), String(startTs), ...entities]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', text => {
    errors += text
  })
  const ended = new Promise<NodeJS.Signals | null>(resolve => child.on('close', (_code, signal) => resolve(signal)))
  const killed: Killed = { sent: [], answered: [], refused: [], lastTs: startTs }
  let isAnswering = false
  for await (const line of createInterface({ input: child.stdout })) {
    // the last line may be cut off with the process
    if (!line.endsWith('}')) break
    const said = JSON.parse(line) as { ts?: number; sent?: Sent[]; answered?: string; refused?: string }
    killed.lastTs = said.ts ?? killed.lastTs
    if (said.sent) killed.sent.push(...said.sent)
    if (said.answered !== undefined) killed.answered.push(said.answered)
    if (said.refused !== undefined) killed.refused.push(said.refused)
    if (said.answered === undefined || isAnswering) continue
    isAnswering = true
    setTimeout(() => child.kill('SIGKILL'), afterMs)
  }
  if ((await ended) !== 'SIGKILL') throw new Error(`it ended by itself: ${errors}`)
  return killed
}
