import { useQuery } from './api.ts'

/** What the entity that acts has available of a token, base units; null: nobody acts, or it is not known yet. */
export function useAvailable(token: string): bigint | null {
  const entityId = useQuery('session.get', {}, ['treasury']).data?.entity?.entityId
  const { data } = useQuery('tokens.balance', { entityId: entityId ?? '', tokenId: token }, ['treasury'], {
    enabled: entityId !== undefined,
  })
  return entityId === undefined ? null : (data?.available ?? null)
}
