import { isQuiet } from '../../engines/alerts/quiet.ts'
import { countDeliveries, listDeliveries } from '../../store/alert-deliveries.ts'
import {
  countOpenAlerts,
  lastTelling,
  listAlertHistory,
  listOpenAlerts,
  loadAlertRules,
  loadUntold,
  tellingsAfter,
} from '../../store/alerts.ts'
import type { Store } from '../../store/index.ts'
import type { AlertAnswers } from './alerts.ts'
import { loadQuiet, loadWebhook } from './settings.ts'
import { previewWebhook, type WebhookSecrets, webhookSecretName } from './webhook.ts'

/** A page that was away for long is told the latest only. */
const MOST_NEWS = 20

export interface AnswerSources {
  books: Store
  secrets: Pick<WebhookSecrets, 'stateOf'>
  /** how the looking stands */
  standing(): { nodes: number; why: string | null; problem: string | null; lookedTs: number | null }
}

/** Answers the contract's queries about alerts from the books. */
export function alertAnswers({ books, secrets, standing }: AnswerSources): AlertAnswers {
  return {
    'alerts.list': page => ({ ...listOpenAlerts(books, page), ...standing() }),
    'alerts.count': () => ({ ...countOpenAlerts(books), last: lastTelling(books) }),
    'alerts.history': ({ offset, limit, kind, severity, state, search }) =>
      listAlertHistory(
        books,
        { kind: kind ?? null, severity: severity ?? null, state: state ?? null, search: search ?? '' },
        { offset, limit },
      ),
    'alerts.rules': () => {
      const quiet = loadQuiet(books)
      return {
        rules: [...loadAlertRules(books).values()],
        quiet,
        isQuiet: isQuiet(books.now(), quiet),
        held: loadUntold(books).filter(({ isHeld }) => isHeld).length,
      }
    },
    'alerts.news': ({ after }) => {
      const last = lastTelling(books)
      return { tellings: tellingsAfter(books, Math.max(after, last - MOST_NEWS), MOST_NEWS), last }
    },
    'alerts.webhook': () => {
      const settings = loadWebhook(books)
      return { ...settings, secret: secrets.stateOf(webhookSecretName(settings.url)), ...countDeliveries(books) }
    },
    'alerts.webhookPreview': ({ url, headerName }) => {
      const shown = previewWebhook({ url, headerName }, false)
      return secrets.stateOf(webhookSecretName(shown.url)) === 'none' ? shown : previewWebhook({ url, headerName }, true)
    },
    'alerts.deliveries': page => listDeliveries(books, page),
  }
}
