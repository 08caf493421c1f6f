import type { DaoRow } from '../../../src-shared/dao-contract.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { DaoNow, OpenChainCalls } from '../../core/chain-command.ts'
import { table } from './vault-commands.ts'

/* The chain's DAO on the command line. */

/** All proposals, and the user's own farms. */
export function proposalsText(now: DaoNow): string {
  const { read, rows, farms } = now
  if (read?.missing) return `${headText(now)}${read.missing}\n`
  const cells = rows.map(row => [...[String(row.index), lastBlock(row), side(row.yes), side(row.no), own(row), row.description, row.hash]])
  const columns = ['number', 'last block', 'for', 'against', 'own farms', 'proposal', 'hash']
  const ownRows = farms.map(({ farmId, name, weight, keyName }) => [
    ...[String(farmId), name, weight === null ? 'not known' : String(weight), keyName ?? 'none here'],
  ])
  return `${headText(now)}${table(columns, cells, 'No proposal is open.')}\n${table(['farm', 'name', 'weight', 'key'], ownRows, 'No farm of yours is known: set it in the settings, or keep the key of its account here.')}`
}

/** One proposal with every vote. */
export function proposalText(found: Awaited<ReturnType<OpenChainCalls['proposal']>>): string {
  const { row, votes } = found
  const { index, hash, description, link, action, threshold, vetos, yes, no } = row
  const lines = [
    `Proposal ${index} ${hash}`,
    description,
    ...(link === '' ? [] : [link]),
    `It does: ${action ?? 'what the chain does not say in a way that can be read'}`,
    `Votes until block ${lastBlock(row)}`,
    `For: ${side(yes)}. Against: ${side(no)}. It passes if for weighs more than against.`,
    `It can be closed before its last block once ${threshold} farms have voted.${vetos > 0 ? ` Vetoes: ${vetos}.` : ''}`,
  ]
  const cells = votes.map(({ farmId, name, approve, weight }) => [String(farmId), name, approve ? 'for' : 'against', String(weight)])
  return `${headText(found)}${lines.join('\n')}\n${table(['farm', 'name', 'vote', 'weight'], cells, 'No farm has voted yet.')}`
}

function headText({ network, read, offline }: Pick<DaoNow, 'network' | 'read' | 'offline'>): string {
  const asOf = read === null ? '' : `, block ${read.block.n} of ${formatUtc(read.blockTs)}`
  return `${offline === null ? '' : `${offline}\nAs it was read last:\n`}DAO of ${network}${asOf}\n`
}

function lastBlock({ endBlock, endTs, isOver }: DaoRow): string {
  const when = endTs === null ? '' : ` (about ${formatUtc(endTs)})`
  return isOver ? `${endBlock}, over` : `${endBlock}${when}`
}

function side({ farms, weight }: DaoRow['yes']): string {
  return `${weight} of ${farms} ${farms === 1 ? 'farm' : 'farms'}`
}

function own({ own: farms }: DaoRow): string {
  return farms.map(({ farmId, vote }) => `${farmId}: ${vote ?? 'not yet'}`).join(', ')
}
