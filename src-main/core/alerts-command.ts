import { randomUUID } from 'node:crypto'
import type { AlertRule, QuietHours } from '../../src-shared/alerts.ts'
import { alertQueries } from '../../src-shared/alerts-contract.ts'
import type { QueryInput, QueryOutput } from '../../src-shared/contract.ts'
import { openStore, type Store } from '../store/index.ts'
import { alertAnswers } from './alerts/answers.ts'
import { alertCommand } from './alerts/commands.ts'

/** Alerts for the command line: what the Granary that looks for them has kept. */
export interface AlertFolder {
  dataDir: string
  actor: string
}

type Asked = 'alerts.list' | 'alerts.history' | 'alerts.rules'

/** Answers beside a running Granary too. Throws AppError usage, store.*, io.*. */
export function askAlerts<N extends Asked>({ dataDir }: AlertFolder, name: N, input: QueryInput<N>): QueryOutput<N> {
  const books = openStore(dataDir, { mode: 'read' })
  try {
    const answers = alertAnswers({ books, secrets: locked, standing: () => ({ nodes: 0, why: null, problem: null, lookedTs: null }) })
    return answers[name](alertQueries[name].in.parse(input) as never) as QueryOutput<N>
  } finally {
    books.close()
  }
}

/** Changes a rule; what is left out stays. Rejects with AppError usage, store.busy, store.*, io.*. */
export function changeRule(folder: AlertFolder, change: Pick<AlertRule, 'kind'> & Partial<AlertRule>): Promise<AlertRule> {
  return changing(folder, async (books, run) => {
    const before = rulesOf(books).rules.find(({ kind }) => kind === change.kind)!
    const rule = { ...before, ...change }
    await run('alerts.setRule', rule)
    return rule
  })
}

/** Changes the quiet hours; what is left out stays. Rejects with AppError usage, store.busy, store.*, io.*. */
export function changeQuiet(folder: AlertFolder, change: Partial<QuietHours>): Promise<QuietHours> {
  return changing(folder, async (books, run) => {
    const quiet = { ...rulesOf(books).quiet, ...change }
    await run('alerts.setQuiet', quiet)
    return quiet
  })
}

const locked = { stateOf: () => 'locked' as const }

function rulesOf(books: Store): QueryOutput<'alerts.rules'> {
  return alertAnswers({ books, secrets: locked, standing: () => ({ nodes: 0, why: null, problem: null, lookedTs: null }) })['alerts.rules'](
    {},
  )
}

async function changing<T>(
  { dataDir, actor }: AlertFolder,
  work: (books: Store, run: (name: 'alerts.setRule' | 'alerts.setQuiet', input: unknown) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const books = openStore(dataDir, { mode: 'write' })
  const secrets = { seal: () => Promise.reject(new Error('no secret is set here')), remove: () => undefined }
  try {
    return await work(books, (name, input) => alertCommand({ books, secrets }, name, input, { id: actor }, randomUUID()))
  } finally {
    books.close()
  }
}
