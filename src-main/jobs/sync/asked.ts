import { type Asked, areIndependent, endpointName } from '../../../src-shared/verify.ts'
import type { BlockSource } from '../../clients/tfchain/read-blocks.ts'

export function noneAsked(): Asked {
  return { endpoints: [], readBlocks: 0, comparedBlocks: 0 }
}

/** Counts a block. A second endpoint of the same operator says nothing more than the first. */
export function noteAsked(asked: Asked, { url, comparedWith }: BlockSource): void {
  const isCompared = comparedWith !== null && areIndependent(url, comparedWith)
  for (const endpoint of isCompared ? [url, comparedWith] : [url]) {
    const name = endpointName(endpoint)
    if (!asked.endpoints.includes(name)) asked.endpoints.push(name)
  }
  asked.readBlocks++
  if (isCompared) asked.comparedBlocks++
}
