import { type ReactNode, useRef } from 'react'
import { command, useQuery } from '../api.ts'
import { Note } from '../components/note.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { texts } from '../texts.ts'

const words = texts.configuration

export interface AdministratorEntry {
  /** what has to be entered for the administrator to act; null: nothing, the grant stands */
  entry: ReactNode
  /** false: there is none yet, so that nothing can be done */
  canAct: boolean
  /** before the command itself: asks for the grant with what was entered. Rejects with AppError */
  unlock: () => Promise<void>
}

/** For forms of what the administrator alone does: the passphrase is asked for in the form itself, and again after the grant has lapsed. */
export function useAdministrator(): AdministratorEntry {
  const { data } = useQuery('session.get', {}, ['treasury'])
  const passphrase = useRef<SecretHandle>(null)
  const isAsked = data !== undefined && !data.isAdministrator
  return {
    entry: !isAsked ? null : data.hasAdministrator ? (
      <SecretEntry ref={passphrase} label={words.administratorPassphrase} description={words.administratorHow} />
    ) : (
      <Note state="unknown">{words.noAdministrator}</Note>
    ),
    canAct: data?.hasAdministrator === true,
    unlock: async () => {
      if (isAsked) await command('administrator.unlock', { passphrase: passphrase.current?.take() ?? '' })
    },
  }
}
