import { z } from 'zod'
import { defaultQuietHours, type QuietHours, quietHoursSchema } from '../../../src-shared/alerts.ts'
import { loadNote, type Store, saveNote } from '../../store/index.ts'

/* What the user chose about telling; kept in the books. Whoever calls what saves holds the transaction. */

const QUIET = 'alerts.quiet'
const WEBHOOK = 'alerts.webhook'

/** By default off, with the night of this machine's own time zone ready to be switched on. */
export function loadQuiet(books: Store): QuietHours {
  const kept = quietHoursSchema.safeParse(loadNote(books, QUIET))
  return kept.success ? kept.data : { ...defaultQuietHours, zone: Intl.DateTimeFormat().resolvedOptions().timeZone }
}

export function saveQuiet(books: Store, quiet: QuietHours): void {
  saveNote(books, QUIET, quiet)
}

const webhookSchema = z.object({ on: z.boolean(), url: z.string(), headerName: z.string() })
export type WebhookSettings = z.infer<typeof webhookSchema>

export function loadWebhook(books: Store): WebhookSettings {
  const kept = webhookSchema.safeParse(loadNote(books, WEBHOOK))
  return kept.success ? kept.data : { on: false, url: '', headerName: 'Authorization' }
}

export function saveWebhook(books: Store, settings: WebhookSettings): void {
  saveNote(books, WEBHOOK, settings)
}
