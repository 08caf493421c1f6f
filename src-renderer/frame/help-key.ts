import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import { GLOSSARY, helpPath } from '../links.ts'
import { closeSheet } from '../store.ts'

/** The topic that is about a page, by the first part of its path; of the others the glossary. */
const topicOfPage: Partial<Record<string, string>> = {
  '': 'figures',
  nodes: 'figures',
  periods: 'figures',
  mints: 'figures',
  'what-if': 'figures',
  payouts: 'votes-and-payouts',
  votes: 'votes-and-payouts',
  keys: 'chain-files',
  alerts: 'alerts',
  audit: 'audit',
  exports: 'exports',
  settings: 'backup',
  sync: 'security',
  ...Object.fromEntries(
    ['tokens', 'account', 'staking', 'rewards', 'credit', 'pools', 'guarantees', 'curve', 'proposals', 'jobs', 'configuration'].map(
      head => [head, 'treasury'],
    ),
  ),
}

/** F1 opens the help about the page, unless what has the focus knew better (a table explains its column). Call once. */
export function useHelpKey(): void {
  const [location, navigate] = useLocation()
  const at = useRef(location)
  at.current = location
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'F1' || event.defaultPrevented) return
      event.preventDefault()
      const head = at.current.split('/')[1] ?? ''
      if (head === 'help') return
      closeSheet()
      navigate(helpPath(topicOfPage[head] ?? GLOSSARY))
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])
}
