import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { toAppError } from '../../src-shared/errors.ts'
import { saveSettings, useStore, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './frame.module.css'
import { type TourUi, tourUi } from './tour-state.ts'

export const roles = ['farmer', 'signer', 'auditor', 'treasury'] as const
export type Role = (typeof roles)[number]

/** The page that answers what a role comes for. */
const homes: Record<Role, string> = { farmer: '/', signer: '/payouts', auditor: '/audit', treasury: '/tokens' }

/** Opens the app on the page of the role that was chosen, unless another page was asked for. Call once. */
export function useRoleHome(): void {
  const role = useStore(state => state.settings?.role)
  const [location, navigate] = useLocation()
  const isOpened = useRef(location !== '/')
  useEffect(() => {
    if (location !== '/') isOpened.current = true
    if (isOpened.current || role === undefined) return
    isOpened.current = true
    if (role !== null) navigate(homes[role], { replace: true })
  }, [role, location, navigate])
}

/** Asked once, in passing: nothing waits for the answer, and `Later` puts it away for good (Settings has it too). */
export function RoleChoice() {
  const settings = useStore(state => state.settings)
  const [ui, setUi] = useUi('frame', { roleAsked: false })
  const [tour, setTour] = useUi<TourUi>('tour', tourUi)
  const [busy, setBusy] = useState(false)
  const [, navigate] = useLocation()
  if (!settings || settings.role !== null || ui.roleAsked) return null
  const choose = (role: Role) => {
    setBusy(true)
    saveSettings({ role })
      .then(
        () => {
          if (tour.state === 'new') setTour({ state: 'offered' })
          navigate(homes[role])
        },
        (error: unknown) => notifications.show({ title: texts.error.title, message: toAppError(error).message }),
      )
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
