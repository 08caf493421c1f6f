import { query } from '../api.ts'
import { downloadText } from '../format.ts'

/** Hands the user a run's two files. Rejects with AppError. */
export async function saveRunFiles(runId: string): Promise<void> {
  const { manifest, envelopes } = await query('pay.export', { runId })
  downloadText(manifest.fileName, manifest.text, 'application/json')
  downloadText(envelopes.fileName, envelopes.text, 'text/plain')
}
