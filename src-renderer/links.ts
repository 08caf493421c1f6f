import type { Violation } from '../src-shared/mint.ts'
import type { NodeState } from '../src-shared/nodes-contract.ts'
import { changeUi, setUi } from './store.ts'

/** A node's page, `/nodes/17` or, in a given period, `/nodes/17/80`; for wouter's Link and navigate. */
export function nodePath(nodeId: number, period?: number | null): string {
  return `/nodes/${nodeId}${period === undefined || period === null ? '' : `/${period}`}`
}

/** A fixed period's page. */
export function periodPath(period: number): string {
  return `/periods/${period}`
}

/** Where another signer's files are held against a period. */
export function comparePath(period: number): string {
  return `/periods/${period}/compare`
}

/** A payout run's page. */
export function payoutPath(runId: string): string {
  return `/payouts/${runId}`
}

/** The topic of the help that has an entry for every figure. */
export const GLOSSARY = 'glossary'

/** A topic of the help, and in it the part under a heading. */
export function helpPath(topic: string, anchor = ''): string {
  return `/help/${topic}${anchor === '' ? '' : `/${encodeURIComponent(anchor)}`}`
}

/** The statement of a farm and year. */
export const STATEMENT_PATH = '/exports/statement'

/** The page What-if of a node. */
export function whatIfPath(nodeId: number): string {
  return `/what-if/${nodeId}`
}

/** The page Tokens with one of them in detail. */
export function tokenPath(token: string): string {
  return `/tokens/${encodeURIComponent(token)}`
}

/** What the Nodes page shows; kept across restarts. Null: no such filter. */
export interface NodesFilter {
  farmId: number | null
  state: NodeState | null
  violation: Violation | 'any' | null
  search: string
}

export const noFilter: NodesFilter = { farmId: null, state: null, violation: null, search: '' }

/** Sets the Nodes page's filter to exactly this and gives its path. */
export function showNodes(filter: Partial<NodesFilter>): string {
  setUi('nodes.filter', { ...noFilter, ...filter })
  return '/nodes'
}

/** What the page Configuration shows; kept across restarts. Null: of every subject. */
export interface SettingsFilter {
  search: string
  subject: string | null
  changedOnly: boolean
}

export const noSettingsFilter: SettingsFilter = { search: '', subject: null, changedOnly: false }

/** Sets the page Configuration's filter to one subject and gives its path. */
export function showSettings(subject: string): string {
  setUi('configuration.filter', { ...noSettingsFilter, subject })
  return '/configuration'
}

/** All nodes, those with the least downtime left first; gives the Nodes page's path. */
export function showLeastBudget(): string {
  changeUi('table.nodes', { sort: { id: 'budget', descending: false } })
  return showNodes({})
}
