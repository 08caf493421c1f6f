/** What the first look around says, a step at a time. */
export const tourTexts = {
  label: 'A look around',
  offer: 'Granary can show you in a minute where things are.',
  start: 'Show me around',
  decline: 'No, thanks',
  of: (at: number, all: number) => `${at} of ${all}`,
  back: 'Back',
  next: 'Next',
  done: 'Done',
  leave: 'Leave',
  leaveKey: 'Escape',
  steps: {
    attention: {
      title: 'First, whether anything is wrong',
      text: 'Each line says what, why, and what to do, with the time until which it helps. A press leads to the node.',
    },
    earnings: {
      title: 'Then, what you will earn',
      text: 'Every underlined figure opens how it is computed, down to the events on the chain.',
    },
    nodes: {
      title: 'All nodes, their days and their payout',
      text: 'Arrow keys move, Enter opens a node, F1 explains the column. The least downtime left is what to look at.',
    },
    known: {
      title: 'Until when all of this is known',
      text: 'Nothing after this time is guessed. The sync, and jobs that run, stand in the same line.',
    },
    alerts: {
      title: 'It tells you by itself',
      text: 'When a node goes down, runs out of downtime, or sleeps too long: once when it begins, once when it is over.',
    },
    sync: {
      title: 'Your own data',
      text: 'Follow the chain here, or import a file, and these pages show your nodes. Until then they show made-up ones.',
    },
    payouts: {
      title: 'What is to be paid',
      text: 'A run is a list of payments. Each row is paid at most once, whatever fails or is repeated.',
    },
    votes: {
      title: 'What is owed, agreed by votes',
      text: 'Granary computes each amount itself and shows it beside what others say, before you sign anything.',
    },
    keys: {
      title: 'Your keys stay here',
      text: 'Encrypted under your passphrase, on this machine only. What a signature is for is read from its bytes and shown first.',
    },
    periods: {
      title: 'What was paid, period by period',
      text: 'Every receipt with its hash; a figure opens its derivation. Two machines with the same events get the same bytes.',
    },
    audit: {
      title: 'Check receipts',
      text: 'Of a period, or files that somebody gave you: bytes, hash, recomputed, on the chain, paid once on Stellar.',
    },
    evidence: {
      title: 'Why a node earned what it did',
      text: 'Open a node, then a figure: each credit and each loss with its block. It can be saved as evidence that anybody verifies.',
    },
    exports: {
      title: 'Take it along',
      text: 'Receipts, payments, uptime and the ledger as CSV or JSON, and a statement for a farm and year.',
    },
    tokens: {
      title: 'Every token in one ledger',
      text: 'What there is, who holds it, and how it moved. Debits equal credits, to the unit.',
    },
    account: {
      title: 'Who acts',
      text: 'An entity opens with its passphrase or a key. It sends, asks, holds in escrow; only it moves what is its own.',
    },
    configuration: {
      title: 'The numbers it works by',
      text: 'Fees, yields, bounds: each with its unit and limits, and a record of who changed it.',
    },
    jobs: {
      title: 'What runs by itself',
      text: 'Rewards, yields, collections. What was missed while Granary was closed is caught up once.',
    },
    search: {
      title: 'Anywhere in a few letters',
      text: 'Ctrl K (or Cmd K) finds pages, nodes, farms, receipts and actions.',
    },
    help: {
      title: 'What a word or figure means',
      text: 'F1 opens the help about a page. This look around starts again from there.',
    },
  },
}
export type TourStepId = keyof typeof tourTexts.steps
