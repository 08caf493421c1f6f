import type { Settings } from '../../src-shared/contract.ts'
import { texts } from '../texts.ts'
import type { TourStepId } from '../texts-tour.ts'

type Role = NonNullable<Settings['role']>

export interface TourStep {
  id: TourStepId
  /** the page that it is on */
  path: string
  /** what it stands beside: a selector */
  target: string
}

const named = (name: string) => `[aria-label="${name}"]`
const rail = `nav${named(texts.rail.label)}`
/** the page as a whole: the box stands in its lower right corner, where it hides least */
const whole = 'main'

const step = (id: TourStepId, path: string, target: string): TourStep => ({ id, path, target })
const search = (path: string) => step('search', path, `${rail} [aria-keyshortcuts]`)
const help = (path: string) => step('help', path, `${rail} a[href="#/help"]`)
const sync = step('sync', '/sync', whole)

/** What each role is shown, in its order. */
export const tours: Record<Role, readonly TourStep[]> = {
  farmer: [
    step('attention', '/', 'section[aria-labelledby="attention-title"]'),
    step('earnings', '/', `section${named(texts.overview.earnings)}`),
    step('nodes', '/nodes', named(texts.nodes.title)),
    step('known', '/nodes', 'footer'),
    step('alerts', '/alerts', whole),
    sync,
  ],
  signer: [
    step('payouts', '/payouts', whole),
    step('votes', '/votes', whole),
    step('keys', '/keys', whole),
    search('/keys'),
    help('/keys'),
    sync,
  ],
  auditor: [
    step('audit', '/audit', `section${named(texts.audit.ofPeriod)}`),
    step('periods', '/periods', `[role="grid"]${named(texts.rail.periods)}`),
    step('evidence', '/nodes', `[role="grid"]${named(texts.nodes.title)}`),
    step('exports', '/exports', whole),
    help('/exports'),
    sync,
  ],
  treasury: [
    step('tokens', '/tokens', whole),
    step('account', '/account', whole),
    step('jobs', '/jobs', whole),
    step('configuration', '/configuration', whole),
    search('/configuration'),
    help('/configuration'),
  ],
}
