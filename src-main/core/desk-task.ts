import { auditReceipts } from '../jobs/audit/audit.ts'
import type { JobContext } from '../jobs/context.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import { openStore } from '../store/index.ts'
import type { DeskTaskInput, DeskTaskOutput } from './desk.ts'
import { verifySealedIn } from './desk-command.ts'
import { isSealed } from './sealed-files.ts'

/** What the auditor's desk does of an order: receipts are audited, reports and bundles of others verified. Rejects as auditReceipts does. */
export async function auditTask({ dataDir, files, stellar, ...order }: DeskTaskInput, context: JobContext): Promise<DeskTaskOutput> {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const sealed = files.filter(({ path }) => isSealed(path))
    const others = files.filter(file => !sealed.includes(file))
    const checks = await verifySealedIn(store, sealed)
    if (others.length === 0 && order.period === null) return { audit: null, sealed: checks }
    const asked = stellar && { horizon: horizonOf(stellar.config), ...stellar }
    const wanted = { ...order, files: others, against: asked ? ('stellar' as const) : ('store' as const), ...(asked && { stellar: asked }) }
    return { audit: await auditReceipts(store, wanted, context), sealed: checks }
  } finally {
    store.close()
  }
}
