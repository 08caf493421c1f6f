import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { toAppError } from '../../src-shared/errors.ts'
import { saveSettings, useStore, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './frame.module.css'

export const roles = ['farmer', 'signer', 'auditor', 'treasury'] as const

/** Asked once, in passing: nothing waits for the answer, and `Later` puts it away for good (Settings has it too). */
export function RoleChoice() {
  const settings = useStore(state => state.settings)
  const [ui, setUi] = useUi('frame', { roleAsked: false })
  const [busy, setBusy] = useState(false)
  if (!settings || settings.role !== null || ui.roleAsked) return null
  const choose = (role: (typeof roles)[number]) => {
    setBusy(true)
    saveSettings({ role })
      .catch((error: unknown) => notifications.show({ title: texts.error.title, message: toAppError(error).message }))
      .finally(() => setBusy(false))
  }
  return (
    <section className={classes.role} aria-label={texts.role.question}>
      <strong title={texts.role.explain}>{texts.role.question}</strong>
      <div className={classes.roleButtons}>
        {roles.map(role => (
          <Button key={role} variant="default" size="compact-sm" h={32} px={12} disabled={busy} onClick={() => choose(role)}>
            {texts.role[role]}
          </Button>
        ))}
        <Button variant="subtle" size="compact-sm" h={32} px={12} onClick={() => setUi({ roleAsked: true })}>
          {texts.role.later}
        </Button>
      </div>
    </section>
  )
}
