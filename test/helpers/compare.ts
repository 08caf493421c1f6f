import { compareProposal } from '../../src-main/engines/compare/compare.ts'
import { ownOfNode } from '../../src-main/engines/compare/own.ts'
import { type Proposal, parsePayouts, parseStatements } from '../../src-main/engines/compare/proposal.ts'
import { planRetries } from '../../src-main/engines/minting/retries.ts'
import { createV3Mint, type MintResult } from '../../src-main/engines/minting/v3.ts'
import type { CompareReport } from '../../src-shared/compare.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { Basis } from '../../src-shared/verify.ts'
import { coveredTo, expected, feed, readCase } from './cases.ts'

export const anyBasis: Basis = {
  network: 'main',
  genesis: null,
  period: 80,
  digest: 'ab'.repeat(32),
  blocks: { first: 1, last: 2 },
  complete: true,
  wholeGrid: true,
  source: { kind: 'archive', name: 'archive.ndjson', importedTs: 0 },
  storageProofs: false,
}

const minted = new Map<string, MintResult>()

export function mintCase(name: string, resources: ResourceRule): MintResult {
  const key = `${name} ${resources}`
  const found = minted.get(key)
  if (found) return found
  const c = readCase(name)
  const fold = createV3Mint(c.header, c.start, c.end, { resources })
  feed(c.blocks, fold)
  const result = fold.finish(coveredTo(c))
  minted.set(key, result)
  return result
}

export interface Files {
  payouts?: string
  receipts?: string
  mints?: string
}

export function proposalOf({ payouts, receipts, mints }: Files): Proposal {
  const statements = receipts === undefined ? [] : parseStatements('receipts.ndjson', receipts)
  return {
    files: [],
    payouts: payouts === undefined ? null : parsePayouts('payouts.csv', payouts),
    receipts: receipts === undefined ? null : statements.filter(({ kind }) => kind === 'receipt'),
    mints: mints === undefined ? null : parseStatements('mints.ndjson', mints),
    retries: statements.filter(({ kind }) => kind === 'retry'),
  }
}

/** Holds files against a golden case, minted here. */
export function compareCase(name: string, files: Files, options: { resources?: ResourceRule; previous?: string } = {}): CompareReport {
  const { resources = 'latest', previous } = options
  const own = mintCase(name, resources)
  const other = mintCase(name, resources === 'latest' ? 'minimum' : 'latest')
  const c = readCase(name)
  const retries =
    previous === undefined
      ? null
      : planRetries({
          previous: expected(previous, 'receipts.ndjson')!.split('\n'),
          paid: new Set(),
          addresses: new Map(c.end.payoutAddresses.map(({ farm_id, address }) => [farm_id, address])),
          period: c.header.period,
        })
  return compareProposal({
    period: own.period.index,
    rules: 'v3',
    resources,
    own: own.nodes.map(ownOfNode),
    other: new Map(other.nodes.map(node => [node.nodeId, ownOfNode(node)])),
    retries,
    proposal: proposalOf(files),
    basis: anyBasis,
  })
}
