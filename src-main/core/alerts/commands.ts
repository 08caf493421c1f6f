import { alertForms, quietProblem, thresholdProblem } from '../../../src-shared/alerts.ts'
import { alertCommands } from '../../../src-shared/alerts-contract.ts'
import type { Actor } from '../../../src-shared/contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { saveAlertRule } from '../../store/alerts.ts'
import { runCommand, type Store } from '../../store/index.ts'
import type { SealedSecrets } from '../sealed-secrets.ts'
import type { AlertCommand } from './alerts.ts'
import { saveQuiet } from './settings.ts'
import { previewWebhook, retryWebhook, switchWebhookOff, switchWebhookOn, webhookSecretName } from './webhook.ts'

export interface CommandSources {
  books: Store
  secrets: Pick<SealedSecrets, 'seal' | 'remove'>
}

/** Does a command about alerts once. Rejects with AppError usage, keys.passphrase, keys.wait, store.*, io.*; nothing is changed then. */
export async function alertCommand(
  { books, secrets }: CommandSources,
  name: AlertCommand,
  given: unknown,
  actor: Actor,
  idempotencyKey: string,
): Promise<unknown> {
  const once = (subject: string, input: unknown, work: () => void) =>
    runCommand(books, { actor: actor.id, idempotencyKey, command: name, input, audit: { subject } }, () => {
      work()
      return {}
    })
  switch (name) {
    case 'alerts.setRule': {
      const rule = alertCommands[name].in.parse(given)
      refuse(thresholdProblem(rule), 'threshold')
      return once(`rule ${alertForms[rule.kind].name}`, rule, () => saveAlertRule(books, rule))
    }
    case 'alerts.setQuiet': {
      const read = alertCommands[name].in.safeParse(given)
      refuse(
        read.success ? null : (read.error.issues[0]?.message ?? 'These are no quiet hours.'),
        String(read.error?.issues[0]?.path[0] ?? ''),
      )
      const quiet = read.data!
      refuse(quietProblem(quiet), 'to')
      return once('quiet hours', quiet, () => saveQuiet(books, quiet))
    }
    case 'alerts.webhookOn': {
      const input = alertCommands[name].in.parse(given)
      return once(`webhook ${input.url}`, input, () => switchWebhookOn(books, input))
    }
    case 'alerts.webhookOff':
      return once('webhook', {}, () => switchWebhookOff(books))
    case 'alerts.webhookRetry':
      return once('webhook', {}, () => retryWebhook(books))
    case 'alerts.setWebhookSecret': {
      const { url, secret, passphrase } = alertCommands[name].in.parse(given)
      const address = addressOf(url)
      const { save, hold } = await secrets.seal(webhookSecretName(address), secret, passphrase)
      try {
        // the secret itself is in no record: who sends another with the same key is told that it was done
        return once(`webhook ${address}`, { url: address }, save)
      } finally {
        hold()
      }
    }
    case 'alerts.removeWebhookSecret': {
      const address = addressOf(alertCommands[name].in.parse(given).url)
      return once(`webhook ${address}`, { url: address }, () => secrets.remove(webhookSecretName(address)))
    }
  }
}

function addressOf(url: string): string {
  return previewWebhook({ url, headerName: 'X' }, false).url
}

function refuse(problem: string | null, field: string): void {
  if (problem !== null) throw new AppError('usage', `${problem} Nothing was changed.`, { details: { field } })
}
