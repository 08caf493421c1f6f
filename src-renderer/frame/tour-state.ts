import { create } from 'zustand'
import type { Settings } from '../../src-shared/contract.ts'
import { changeUi } from '../store.ts'

type Role = NonNullable<Settings['role']>

/** What is kept of it with the settings; `offered` from the choice of a role on, until it is answered. */
export interface TourUi {
  state: 'new' | 'offered' | 'answered'
}
export const tourUi: TourUi = { state: 'new' }

/** The look around that is under way; `role` null: none. */
export const useTour = create<{ role: Role | null; step: number }>(() => ({ role: null, step: 0 }))

/** Starts it for a role, from its beginning. Wherever it was started, it need not be offered any more. */
export function startTour(role: Role): void {
  changeUi('tour', { state: 'answered' } satisfies TourUi, tourUi)
  useTour.setState({ role, step: 0 })
}

export function leaveTour(): void {
  useTour.setState({ role: null, step: 0 })
}
