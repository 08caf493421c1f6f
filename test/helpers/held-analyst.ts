import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An analyst over real HTTP that answers when it is told to; what it answers depends on what it is asked alone. */
export interface HeldAnalyst {
  /** for the setting analyst.url */
  url: string
  /** when it was asked about the application with this note, or at once if it was already */
  asked(note: string): Promise<void>
  /** answers about that application, as often as it was asked */
  answer(note: string): void
  /** from here on it answers at once, or waits to be told again */
  isPrompt: boolean
  close(): void
}

export async function startHeldAnalyst(): Promise<HeldAnalyst> {
  const held = new Map<string, { body: string; response: ServerResponse }[]>()
  const awaited = new Map<string, () => void>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const { note } = JSON.parse(JSON.parse(body).messages[1].content) as { note: string }
    // one process asks and answers, and works for long in between: a connection kept open may end just as it is used again
    response.setHeader('Connection', 'close')
    if (analyst.isPrompt) return void reply(body, response)
    held.set(note, [...(held.get(note) ?? []), { body, response }])
    awaited.get(note)?.()
    awaited.delete(note)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const analyst: HeldAnalyst = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    isPrompt: false,
    asked: note => (held.has(note) ? Promise.resolve() : new Promise(resolve => awaited.set(note, resolve))),
    answer(note) {
      for (const { body, response } of held.get(note) ?? []) reply(body, response)
      held.delete(note)
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return analyst
}

/** Good advice, a refusal, more than was asked for, or one of the ways in which a server misbehaves. */
function reply(body: string, response: ServerResponse): void {
  const { amount, note } = JSON.parse(JSON.parse(body).messages[1].content) as { amount: string; note: string }
  const way = [...note].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 8
  const says = (content: string) => response.end(JSON.stringify({ choices: [{ message: { content } }] }))
  const advice = { approve: way !== 1, amount, rate: `${way}.25`, term: String(1 + way * 3), reasons: ['As the note says.'] }
  if (way === 2) return void response.writeHead(400).end('no')
  if (way === 3) return void says('I would rather not say.')
  if (way === 4) return void says(JSON.stringify({ ...advice, amount: '922337203685.4775807' }))
  if (way === 5) return void says(JSON.stringify({ ...advice, rate: '99' }))
  says(JSON.stringify(advice))
}
