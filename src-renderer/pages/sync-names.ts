import { useMemo } from 'react'
import { useQuery } from '../api.ts'

/** The names of the farms that the store has, by id; a scope holds ids only. */
export function useFarmNames(): ReadonlyMap<number, string> {
  const { data } = useQuery('nodes.list', { limit: 1 }, ['results'])
  return useMemo(() => new Map((data?.farms ?? []).map(farm => [farm.farmId, farm.name])), [data])
}
