import type { Violation } from '../src-shared/mint.ts'
import type { NodeState } from '../src-shared/nodes-contract.ts'
import { type Catalogue, plural } from './catalogue.ts'
import { accountTexts } from './texts-account.ts'
import { alertTexts } from './texts-alerts.ts'
import { amountTexts } from './texts-amount.ts'
import { auditTexts } from './texts-audit.ts'
import { backupTexts } from './texts-backup.ts'
import { chainTexts } from './texts-chain.ts'
import { compareTexts } from './texts-compare.ts'
import { configurationTexts } from './texts-configuration.ts'
import { creditTexts } from './texts-credit.ts'
import { curveTexts } from './texts-curve.ts'
import { curveChainTexts } from './texts-curve-chain.ts'
import { daoTexts } from './texts-dao.ts'
import { desktopTexts } from './texts-desktop.ts'
import { explainTexts } from './texts-explain.ts'
import { exportsTexts } from './texts-exports.ts'
import { guaranteeTexts } from './texts-guarantees.ts'
import { helpTexts } from './texts-help.ts'
import { importTexts } from './texts-import.ts'
import { jobsTexts } from './texts-jobs.ts'
import { keyTexts } from './texts-keys.ts'
import { logTexts } from './texts-logs.ts'
import { mintTexts } from './texts-mints.ts'
import { nodeTexts } from './texts-node.ts'
import { nodesTexts } from './texts-nodes.ts'
import { payTexts } from './texts-pay.ts'
import { periodsTexts } from './texts-periods.ts'
import { poolTexts } from './texts-pools.ts'
import { programTexts } from './texts-programs.ts'
import { proposalTexts } from './texts-proposals.ts'
import { revenueTexts } from './texts-revenue.ts'
import { reviewTexts } from './texts-review.ts'
import { rewardTexts } from './texts-rewards.ts'
import { stakingTexts } from './texts-staking.ts'
import { syncTexts } from './texts-sync.ts'
import { tokenTexts } from './texts-tokens.ts'
import { tourTexts } from './texts-tour.ts'
import { treasuryTexts } from './texts-treasury.ts'
import { vaultTexts } from './texts-vault.ts'
import { voteTexts } from './texts-votes.ts'
import { whatIfTexts } from './texts-what-if.ts'

const stateTexts: Record<NodeState, string> = {
  up: 'Up',
  'at-risk': 'At risk',
  down: 'Down',
  asleep: 'Asleep',
  unknown: 'Unknown',
}

/** What each violation means for whom it concerns. */
const violationTexts: Record<Violation, { name: string; meaning: string }> = {
  UptimeTooHigh: { name: 'Uptime too high', meaning: 'A report claims more uptime than can have passed since the report before.' },
  UptimeTooLow: { name: 'Uptime too low', meaning: 'A report claims less uptime than must have passed since the report before.' },
  InvalidReboot: { name: 'Invalid reboot', meaning: 'A report after a restart does not fit the time since the report before.' },
  ClockSkew: { name: 'Clock skew', meaning: "The node's clock differs from the chain's by two minutes or more." },
  BootRequestExpired: { name: 'Boot request expired', meaning: 'The node was asked to wake up and did not in time, more than once.' },
  MissingTwin: { name: 'Missing twin', meaning: "The chain has no twin for this node, so it can't be reached." },
  MissingRelay: { name: 'Missing relay', meaning: "The node's twin has no relay, so it can't be reached." },
  InvalidPublicKey: { name: 'Invalid public key', meaning: "The public key of the node's twin is missing or not valid." },
}

/** What the chain's and the rules' figures are, for those who don't know their names (which stand on hover). */
const evidenceTexts: Partial<Record<string, string>> = {
  now: 'reported at',
  uptime: 'uptime then',
  lastNow: 'report before at',
  lastUptime: 'uptime before',
  bootNow: 'first reported at',
  bootUptime: 'uptime then',
  bootTs: 'so booted at',
  sleepTs: 'asleep since',
  requestTs: 'asked to boot at',
  slowBoots: 'slow boots',
  twinId: 'twin',
  pk: 'public key',
  dr: 'time passed',
  du: 'uptime grew by',
  creditTakenBackSec: 'credit taken back',
  firstSeen: 'seen for the first time',
  why: 'because',
}

/**
 * The catalogue: everything that the pages say, page-specific texts under the page's name (files texts-*.ts). No page has words of its own, and
 * none takes a part of this past it, so that a catalogue in another language can stand in its place (Help, Contributing, Translations).
 */
const english = {
  states: stateTexts,
  violations: violationTexts,
  evidence: evidenceTexts,
  amount: amountTexts,
  audit: auditTexts,
  curveChain: curveChainTexts,
  dao: daoTexts,
  desktop: desktopTexts,
  exports: exportsTexts,
  help: helpTexts,
  tour: tourTexts,
  programs: programTexts,
  revenue: revenueTexts,
  treasury: treasuryTexts,
  alerts: alertTexts,
  sync: syncTexts,
  chain: chainTexts,
  configuration: configurationTexts,
  credit: creditTexts,
  jobs: jobsTexts,
  pools: poolTexts,
  staking: stakingTexts,
  rewards: rewardTexts,
  guarantees: guaranteeTexts,
  proposals: proposalTexts,
  curve: curveTexts,
  mints: mintTexts,
  logs: logTexts,
  keys: keyTexts,
  tokens: tokenTexts,
  account: accountTexts,
  pay: payTexts,
  votes: voteTexts,
  review: reviewTexts,
  whatIf: whatIfTexts,
  vault: vaultTexts,
  compare: compareTexts,
  app: {
    name: 'Granary',
    skip: 'Skip to the page',
    search: 'Search',
    notices: 'Notices',
    commandsKey: 'Ctrl K',
    node: (id: string) => `Node ${id}`,
    period: (index: string) => `Period ${index}`,
    asOf: 'as of {time}',
    range: (from: string, to: string) => `${from} to ${to}`,
    /** with times that are more than text */
    between: '{from} to {to}',
    age: { now: 'just now', ago: (time: string) => `${time} ago`, in: (time: string) => `in ${time}` },
    /** after others that are named */
    more: (count: number) => `and ${count} more`,
  },
  notFound: { title: 'There is no such page', text: 'The address does not belong to any page of Granary.', action: 'To the overview' },
  /** words of the grid, on hover */
  terms: {
    twin: "The node's account on the chain, by its number.",
    certified: 'Made and sealed by an approved seller.',
    diy: 'Built by the farmer, not certified.',
    policy: 'The farming policy sets the prices per unit and the uptime that is asked for.',
    virtual: 'Runs in a virtual machine; such nodes get no payout.',
    provisional: 'The 27 hours after the period are not all in the data yet. Reports in them can still change the last day.',
    cu: 'Compute units (CU): what cores and memory are worth together, limited by the scarcer of them and by SSD.',
    su: 'Storage units (SU): what disks are worth.',
    nu: 'Network units (NU): public traffic, in GiB.',
    permille: 'Per mille: tenths of a per cent. 950 permille are 95 %.',
    tokens: 'The price of a TFT that was valid when the node joined; it stays with the node.',
    sla: 'SLA: the share of the period that the policy asks the node to be up. Below it the period pays nothing.',
  },
  running: {
    notYet: 'not yet',
    atTheEnd: 'known when the period is complete',
    notAll: 'Not all of the period is known yet',
    derivation:
      'Not all of the period is known yet: it still runs, or its history is not all here. The lines below apply the rules to what is known: the share of uptime is of the whole period, so it grows until the end, and there is no payout yet.',
  },
  palette: {
    placeholder: 'Search pages, nodes, farms, periods, receipts, actions',
    found: 'Found',
    pages: 'Pages',
    actions: 'Actions',
    nothing: 'Nothing found. Try a number, a farm name, a label or the beginning of a receipt hash.',
    light: 'Use the light theme',
    dark: 'Use the dark theme',
    auto: "Use the system's theme",
    down: 'Show the nodes that are down',
    atRisk: 'Show the nodes at risk',
    violating: 'Show the nodes with a violation',
  },
  rail: {
    label: 'Main',
    overview: 'Overview',
    nodes: 'Nodes',
    mints: 'Mints',
    periods: 'Periods',
    sync: 'Sync',
    import: 'Import',
    settings: 'Settings',
    farm: 'Farm',
    sign: 'Sign',
    treasury: 'Treasury',
  },
  demo: {
    title: 'Demo data.',
    text: 'Everything on screen is made up, so that you can look around.',
    follow: 'Follow the chain',
    action: 'Import your own data',
  },
  status: {
    network: 'Network',
    unknown: 'unknown',
    noNetwork: 'no network yet',
    complete: 'Data complete until',
    empty: 'No data yet',
    jobs: (count: number) => plural(count, { one: '1 job running', other: `${count} jobs running` }),
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
    refused: 'The browser refused',
    selectRow: (row: number) => `Select row ${row}`,
    clear: 'Clear selection',
    selected: (count: number) => `${count} selected`,
    rows: (count: string) => `${count} ${plural(count, { one: 'row', other: 'rows' })}`,
    loading: 'Loading',
    help: 'Arrow keys move, Enter opens, Space selects, F2 reads the days of an uptime strip, Escape leaves it.',
    none: 'Nothing fits these filters.',
    selectedColumn: 'Selected',
  },
  job: { cancel: 'Stop', left: 'left', working: 'Working', stopped: 'Stopped', failed: 'Failed', done: 'Done' },
  sheet: { close: 'Close', back: (title: string) => `Back to “${title}”`, copy: 'Copy as text', copied: 'Copied' },
  overview: {
    title: 'Overview',
    note: 'Note',
    earnings: 'Earnings',
    ownPeriods: 'Own periods',
    ownPeriodsWhy: 'Rule set node-period pays on this network: each node has a period of its own, which begins with its first report.',
    ownPeriodsHow: 'Sums of those that run. What is over:',
    period: (index: number, from: string, to: string) => `Period ${index}, ${from} to ${to}`,
    calm: 'Nothing needs you',
    calmText: 'No node is down or at risk, and nothing is missing for the payout.',
    needs: (count: number) => plural(count, { one: 'One thing needs you', other: `${count} things need you` }),
    asOf: 'As of',
    asOfWhy: 'What happened since is not known here.',
    deadlinePassed: ', which has passed',
    more: (count: number) => `Show all ${count}`,
    fewer: 'Show fewer',
    only: (shown: number, total: number) =>
      `The ${shown} most pressing of ${total} are listed; the Nodes page has every node, the farms below every farm.`,
    openNode: (id: number) => `Open node ${id}`,
    states: 'Nodes by state',
    earnedSoFar: 'Earned so far',
    staysUp: 'If they stay up',
    goesDown: 'If all go down now',
    paid: 'This period pays',
    staysUpHow:
      'What the period pays if every node reports on time from now to the end, and those that sleep wake in time. Nodes that miss their SLA or have a violation count as 0. Use and traffic are counted as far as they are known.',
    goesDownHow:
      'What the period pays if nothing more is heard of any node: only nodes that have reached the uptime that their policy asks for are paid.',
    condition: 'projection',
    earnedHow:
      "Each node's full payout for the period, times its uptime so far, divided by the length of the period. Whether the SLA will be met is not known yet, so it is left out here.",
    paidHow: 'What the rules pay for this period, with SLA and violations applied: the sum of all receipts.',
    provisional: 'provisional',
    provisionalHow:
      'The 27 hours after the period are not in the data yet. Reports in them can still change the last day, so the result may move a little.',
    progress: 'Period',
    progressWords: (done: string, left: string) => `${done} known, ${left} to go`,
    progressDone: 'Complete',
    budget: 'Downtime left',
    budgetLow: (count: number) => plural(count, { one: '1 node: under 10 %', other: `${count} nodes: under 10 %` }),
    budgetFine: 'No node is running out',
    deadlines: { wake: 'Wake it by', boot: 'It must boot by', back: 'It must be back by' },
    knownUntil: 'Known until',
    knownWhy: 'The time of the last block in the data. What happened after it is unknown here.',
    farms: 'Farms',
    farmColumns: {
      farm: 'Farm',
      nodes: 'Nodes',
      earned: 'Earned so far, TFT',
      staysUp: 'If they stay up, TFT',
      goesDown: 'If they go down, TFT',
      paid: 'Payout, TFT',
      address: 'Payout address',
    },
    noAddress: 'none',
    sumTitle: (over: string) => `Sum by ${over}`,
    sumFarm: 'Farm',
    sumUnits: (figure: string) => `${figure}, TFT`,
    sumTotal: 'Sum',
    rule: 'Rule',
    emptyTitle: 'No data yet',
    emptyText: 'Follow the chain, or import a grid archive, to see which nodes are up, what they earn, and why.',
    emptyFollow: 'Follow the chain',
    emptyAction: 'Import an archive',
  },
  nodes: nodesTexts,
  explain: explainTexts,
  node: nodeTexts,
  import: importTexts,
  periods: periodsTexts,
  budget: {
    title: 'Downtime budget',
    term: 'How long the node may be down in a period and still reach the uptime that its policy asks for (SLA). Below that the period pays nothing.',
    left: 'left',
    of: (allowed: string) => `of ${allowed} that its policy allows`,
    lost: (lost: string) => `${lost} are lost so far`,
    missedBy: (missing: string) => `Missed by ${missing}`,
    missed: 'The SLA of this period is out of reach: it pays nothing for this node, however long it is up from here.',
    met: 'Its SLA is met, whatever happens from here.',
    metScaled: 'What it is paid still grows with every hour that it is up.',
    metFull: 'This period pays in full.',
    none: 'No budget',
    noneVirtual: 'Virtual nodes get no payout.',
    noneScaled: 'Its policy pays by the uptime and asks for no least: every hour that it is up counts.',
    noneYet: 'Its period begins with its first report.',
    own: 'Its own period',
    ownTerm:
      'Under rule set node-period every node has a period of its own, which begins with its first report and is as long as a fixed one.',
    noneViolation: (name: string) => `${name}: this period pays nothing for it, however long it is up.`,
    mayLose: (left: string) => `It may be down for ${left} more before this period pays nothing.`,
    lastCounted: 'If it was off since its last report, it must be back by',
    backPassed: 'If it is off, its SLA is missed; if it runs, its next report can still save it.',
    asleepSince: 'Asleep since',
    wakeBy: 'wake it by',
    thenPays: 'then its sleep counts, and it can still earn',
    lateSleep: 'Later the whole sleep counts as downtime.',
    lateSleepMisses: 'Later the whole sleep counts as downtime, its SLA is missed, and this period pays nothing.',
    asked: 'It was asked to wake and must have booted by',
    slowOnce: 'It booted too slowly once before: a second time is a violation and pays nothing.',
    sleepLost: 'Its sleep is too long to count. Wake it: it counts as downtime until then.',
    sleepLostBack: 'To meet its SLA it must be back by',
    staysUp: 'If it stays up',
    goesDown: 'If it goes down now',
    slaMissed: 'its SLA is missed then',
  },
  estimates: {
    fullPayout: 'Full payout for the period',
    full: 'full payout',
    virtual: '0, as the node is virtual',
    violating: '0, as the node is in violation',
    violatingWith: (name: string) => `0, as the node is in violation: ${name.toLowerCase()}`,
    slaOpen: 'whether the SLA will be met is not known yet, so it is left out here',
    slaMissed: '0, as the SLA would be missed',
    uptimeSoFar: 'Uptime so far',
    uptimeSoFarHow: 'what the reports below credit',
    toCome: 'Still to be credited',
    toComeHow: 'from the last second that counts to the end of the period',
    toComeAwake: 'its next report credits at most 2,460 s of what is not reported yet; after that every second counts',
    toComeAsleep: 'its whole sleep, as it wakes in time, and every second after it',
    uptimeAtEnd: 'Uptime at the end',
    share: 'Share of the period',
    asked: 'Uptime that the policy asks for',
    allowed: 'Downtime that it allows',
    met: 'met',
    missed: 'missed',
    useSoFar: 'use and traffic as far as they are known',
  },
  backup: backupTexts,
  settings: {
    title: 'Settings',
    look: 'Look',
    theme: 'Theme',
    themes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
    you: 'You',
    role: 'What brings you here',
    roleNone: 'Not chosen',
    myFarms: 'My farms',
    myFarmsHint: 'The farms that are yours. Leave it empty to see all.',
    myFarmsNone: 'All farms',
    rules: 'Computation',
    resources: 'Resources that pay',
    resourceRules: {
      latest: 'Those of the last update',
      minimum: 'The least in the period',
    },
    resourcesHint: {
      latest: 'As the minting program in use does it: what the node last announced.',
      minimum: "As the text of the rules says it: the least that the node had in the period. Results differ from the network's own payout.",
    },
    data: 'Data',
    dataDir: 'Data folder',
    copyDataDir: 'Copy the path of the data folder',
    network: 'Network',
    networkNone: 'Decided by what you follow or import first',
    demo: 'demo data',
    complete: 'Data complete until',
    mode: 'Access',
    readOnly: 'Read only: another Granary writes to this folder',
    readWrite: 'Read and write',
    audit: 'Audit trail',
    auditText:
      'Everything that changed something, in order. Each entry carries the hash of the one before, so a missing or altered one shows.',
    intact: (count: string) => `Intact, ${count} entries`,
    broken: (count: string) =>
      `Broken: the hashes of the ${count} entries do not follow from each other. Restore a backup of the books and look at who had access to the data folder.`,
    auditColumns: { seq: 'No.', time: 'Time', actor: 'By', action: 'Action', subject: 'Subject', details: 'Details', hash: 'Hash' },
    auditNone: 'Nothing was changed yet.',
    about: 'About',
    version: 'Version',
    host: 'Runs as',
    hosts: { electron: 'Desktop application', loopback: 'Local server, shown in a browser', cli: 'Command line' },
    licence: 'Licence',
    licenceName: 'Apache 2.0',
    offline: 'Granary works offline. Nothing leaves this machine unless you ask for it.',
    saved: 'Saved',
  },
}

/** What a catalogue in another language has to say. */
export type Texts = Catalogue<typeof english>

/** The catalogue in use. */
export const texts: Texts = english
export const stateWords = texts.states
export const violationWords = texts.violations
export const evidenceWords = texts.evidence
