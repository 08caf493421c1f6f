import { createHash } from 'node:crypto'
import type { Telling, ToldAlert } from '../../../src-shared/alerts.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { sendWebhook, type WebhookRequest, webhookRequest } from '../../clients/webhook.ts'
import {
  addDelivery,
  type Delivery,
  type DeliveryState,
  giveUpDeliveries,
  nextDelivery,
  retryDeliveries,
  saveDelivery,
} from '../../store/alert-deliveries.ts'
import { alertsOfTelling, tellingsAfter } from '../../store/alerts.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import type { SealedSecrets } from '../sealed-secrets.ts'
import { loadWebhook, saveWebhook, type WebhookSettings } from './settings.ts'

/** After a try that came to nothing, seconds; after the last it is given up, and a person may have it tried again. */
const RETRY_SEC = [60, 300, 1_800, 7_200, 43_200]
/** A secret that is locked is looked for again. */
const LOCKED_SEC = 60

export type WebhookSecrets = Pick<SealedSecrets, 'stateOf' | 'read'>

/** Sends what is told to the webhook, if one is on, and tries again what did not arrive. */
export interface Webhook {
  /** For whoever holds the transaction that keeps the telling. */
  enqueue(seq: number, nowTs: number): void
  /** sends what is due, one after the other; resolves when nothing is */
  deliver(): Promise<void>
  close(): Promise<void>
}

export function webhookSecretName(url: string): string {
  return `alerts webhook secret for ${url}`
}

export function createWebhook(books: Store, secrets: WebhookSecrets, changed: () => void): Webhook {
  const stop = new AbortController()
  let running: Promise<void> | null = null

  async function deliverAll(): Promise<void> {
    for (;;) {
      const due = stop.signal.aborted ? null : nextDelivery(books, books.now())
      if (!due) return
      const outcome = await tryOne(due)
      if (stop.signal.aborted) return
      writeTransaction(books.books, 'books.db', () => saveDelivery(books, due.seq, outcome, books.now()))
      changed()
    }
  }

  async function tryOne({ seq, url, tries }: Delivery): Promise<DeliveryState> {
    const { on, url: wanted, headerName } = loadWebhook(books)
    if (!on || wanted !== url) return { state: 'failed', tries, problem: 'It was switched off meanwhile.', nextTs: books.now() }
    const name = webhookSecretName(url)
    if (secrets.stateOf(name) === 'locked')
      return {
        ...{ state: 'waiting', tries, nextTs: books.now() + LOCKED_SEC },
        problem: 'Its secret is locked: unlock the vault on the page Keys, and it is sent.',
      }
    const value = secrets.read(name)
    const problem = await sendWebhook(requestOf(books, url, seq), value === null ? null : { name: headerName, value }, stop.signal)
    const nowTs = books.now()
    if (problem === null) return { state: 'sent', tries: tries + 1, problem: '', nextTs: nowTs }
    const pauseSec = RETRY_SEC[tries]
    return { state: pauseSec === undefined ? 'failed' : 'waiting', tries: tries + 1, problem, nextTs: nowTs + (pauseSec ?? 0) }
  }

  return {
    enqueue(seq, nowTs) {
      const { on, url } = loadWebhook(books)
      if (on) addDelivery(books, seq, url, nowTs)
    },
    deliver() {
      // what was refused while closing stays due for the next start
      running ??= deliverAll()
        .catch(error => {
          if (!stop.signal.aborted) throw error
        })
        .finally(() => {
          running = null
        })
      return running
    },
    async close() {
      stop.abort()
      // whoever asked for the delivery has its error
      await running?.catch(() => undefined)
    },
  }
}

function requestOf(books: Store, url: string, seq: number): WebhookRequest {
  const [telling] = tellingsAfter(books, seq - 1, 1)
  const { ts, what, title } = telling as Telling
  return webhookRequest(url, { id: messageId(books, seq), ts, what, title, alerts: alertsOfTelling(books, seq) })
}

/** Other books that call the same address have numbers of their own. */
function messageId(books: Store, seq: number): string {
  const causes = alertsOfTelling(books, seq).map(({ cause, what }) => `${what} ${cause}`)
  return createHash('sha256')
    .update([`granary telling ${seq}`, ...causes].join('\n'))
    .digest('hex')
    .slice(0, 32)
}

const example: ToldAlert = {
  ...{
    what: 'opened',
    cause: 'example',
    kind: 'node-down',
    severity: 'down',
    network: 'main',
    subject: 'node 17',
    title: 'Node 17 is down',
  },
  ...{ reason: 'Its last report was at 2026-11-26 03:12:00 UTC.', wayOut: 'If it is off, bring it back within 9 h 20 min.' },
  ...{ openedTs: 1_795_667_640, overTs: null, end: null },
}

/** What is sent, on an example, and the name of exactly that. Throws AppError usage. */
export function previewWebhook({ url, headerName }: Pick<WebhookSettings, 'url' | 'headerName'>, hasSecret: boolean) {
  const { openedTs: ts, title } = example
  const request = webhookRequest(url, { id: '0'.repeat(32), ts, what: 'opened', title, alerts: [example] })
  const headers = { ...request.headers, ...(hasSecret && { [headerName]: '(secret)' }) }
  const seen = createHash('sha256')
    .update(JSON.stringify([request.url, headerName, request.body]))
    .digest('hex')
  return { url: request.url, headers, body: request.body, seen }
}

/** Whoever calls it holds the transaction. Throws AppError usage where something else was shown. */
export function switchWebhookOn(books: Store, { url, headerName, seen }: { url: string; headerName: string; seen: string }): void {
  const shown = previewWebhook({ url, headerName }, false)
  if (shown.seen !== seen)
    throw new AppError(
      'usage',
      'What the webhook sends is not what was shown. Nothing was switched on; look at it again, then switch it on.',
    )
  saveWebhook(books, { on: true, url: shown.url, headerName })
  giveUpDeliveries(books, shown.url, 'The address was changed.', books.now())
}

/** Whoever calls it holds the transaction. */
export function switchWebhookOff(books: Store): void {
  saveWebhook(books, { ...loadWebhook(books), on: false })
  giveUpDeliveries(books, null, 'It was switched off.', books.now())
}

/** Whoever calls it holds the transaction. Throws AppError usage where it is off. */
export function retryWebhook(books: Store): void {
  const { on, url } = loadWebhook(books)
  if (!on) throw new AppError('usage', 'The webhook is off, so nothing is sent. Switch it on first.')
  retryDeliveries(books, url, books.now())
}
