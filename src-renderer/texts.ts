import type { NodeState } from '../src-shared/contract.ts'
import type { Violation } from '../src-shared/mint.ts'

/** Every sentence that the pages say, in one place; page-specific ones under the page's name. Renderer pages import what they need. */
export const stateWords: Record<NodeState, string> = {
  up: 'Up',
  'at-risk': 'At risk',
  down: 'Down',
  asleep: 'Asleep',
  unknown: 'Unknown',
}

/** What each violation means for whom it concerns. */
export const violationWords: Record<Violation, { name: string; meaning: string }> = {
  UptimeTooHigh: { name: 'Uptime too high', meaning: 'A report claims more uptime than can have passed since the report before.' },
  UptimeTooLow: { name: 'Uptime too low', meaning: 'A report claims less uptime than must have passed since the report before.' },
  InvalidReboot: { name: 'Invalid reboot', meaning: 'A report after a restart does not fit the time since the report before.' },
  ClockSkew: { name: 'Clock skew', meaning: "The node's clock differs from the chain's by two minutes or more." },
  BootRequestExpired: { name: 'Boot request expired', meaning: 'The node was asked to wake up and did not in time, more than once.' },
  MissingTwin: { name: 'Missing twin', meaning: "The chain has no twin for this node, so it can't be reached." },
  MissingRelay: { name: 'Missing relay', meaning: "The node's twin has no relay, so it can't be reached." },
  InvalidPublicKey: { name: 'Invalid public key', meaning: "The public key of the node's twin is missing or not valid." },
}

export const texts = {
  app: { name: 'Granary', skip: 'Skip to the page', search: 'Search', commandsKey: 'Ctrl K' },
  notFound: { title: 'There is no such page', text: 'The address does not belong to any page of Granary.', action: 'To the overview' },
  palette: {
    placeholder: 'Search pages, nodes, farms, receipts, actions',
    found: 'Found',
    pages: 'Pages',
    actions: 'Actions',
    nothing: 'Nothing found. Try a node id, a farm name, a label or the beginning of a receipt hash.',
    light: 'Use the light theme',
    dark: 'Use the dark theme',
    auto: "Use the system's theme",
    down: 'Show the nodes that are down',
    atRisk: 'Show the nodes at risk',
    violating: 'Show the nodes with a violation',
  },
  rail: { label: 'Main', overview: 'Overview', nodes: 'Nodes', periods: 'Periods', import: 'Import', settings: 'Settings', farm: 'Farm' },
  demo: {
    title: 'Demo data.',
    text: 'Everything on screen is made up, so that you can look around.',
    action: 'Bring your own data',
  },
  status: {
    label: 'Status',
    network: 'Network',
    unknown: 'unknown',
    noNetwork: 'no network yet',
    complete: 'Data complete until',
    empty: 'No data yet',
    jobs: (count: number) => (count === 1 ? '1 job running' : `${count} jobs running`),
    idle: 'No jobs running',
    lost: 'Connection lost',
    connecting: 'Connecting',
    readOnly: 'Read only: another Granary writes to this data folder',
  },
  lost: {
    safe: 'What you see is what was known before. Nothing was changed.',
    again: 'Granary keeps trying to reconnect.',
    reload: 'Reload',
  },
  role: {
    question: 'What brings you here?',
    explain: 'Granary opens on the page that answers your question first. You can change this in Settings.',
    farmer: 'I run nodes',
    signer: 'I sign payouts',
    auditor: 'I check payouts',
    treasury: 'I keep a treasury',
    later: 'Later',
  },
  error: {
    title: 'That did not work',
    safe: 'Your data is as it was before.',
    retry: 'Try again',
  },
  table: {
    columns: 'Columns',
    copy: 'Copy',
    csv: 'CSV',
    copied: 'Copied',
    clear: 'Clear selection',
    selected: (count: number) => `${count} selected`,
    rows: (count: string) => `${count} rows`,
    loading: 'Loading',
    help: 'Arrow keys move, Enter opens, Space selects, F2 reads the days of an uptime strip, Escape leaves it.',
    none: 'Nothing fits these filters.',
  },
  job: { cancel: 'Stop', left: 'left', working: 'Working', stopped: 'Stopped', failed: 'Failed', done: 'Done' },
  sheet: { close: 'Close', copy: 'Copy as text', copied: 'Copied' },
}
