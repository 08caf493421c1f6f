import { useMemo } from 'react'
import { cleanName } from '../src-shared/text.ts'
import { useQuery } from './api.ts'
import { texts } from './texts.ts'

/** What entities are called, by their ids; whoever else acted (`administrator`, `schedule`, `browser:anna`) keeps the name that the books have. */
export function useEntityNames(): (id: string) => string {
  const { data } = useQuery('entities.list', {}, ['treasury'])
  return useMemo(() => {
    const names = new Map((data ?? []).map(({ entityId, name }) => [entityId, cleanName(name)]))
    return id => names.get(id) ?? (id === 'administrator' ? texts.configuration.administrator : id)
  }, [data])
}
