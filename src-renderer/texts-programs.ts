import type { RestScope } from '../src-shared/treasury/row.ts'

type Subject = RestScope extends `${infer S}:${string}` ? S : never

/** Programs that act for an entity at the REST door: a part of the page Account. */
export const programTexts = {
  title: 'Programs',
  what: 'A program on this machine acts as your entity with a token that you make for it, within what you let it do.',
  door: {
    open: (url: string) => `Programs get in at ${url}`,
    copy: 'Copy the address',
    closed: 'The door for programs is closed: no token lets anybody in. The administrator opens it in the configuration (rest.open).',
    opening: (port: number) => `The door for programs is about to open at port ${port}.`,
    shut: (problem: string) => `The door for programs should be open and is not. ${problem}`,
    settings: 'To its settings',
  },
  make: 'Make a token',
  none: 'No program acts for you. Make a token for one that should.',
  columns: { name: 'Program', scopes: 'May', made: 'Made', expires: 'Good until', used: 'Last used', state: 'State', act: 'Next' },
  forever: 'it is withdrawn',
  neverUsed: 'never',
  usedHint: 'To the minute.',
  states: { good: 'good', expired: 'expired', withdrawn: 'withdrawn' },
  withdraw: 'Withdraw',
  /** what the scopes of a subject let a program see and do */
  scopes: {
    tokens: { name: 'Tokens', read: 'see balances', write: 'send' },
    payments: { name: 'Payments', read: 'see them', write: 'pay, request, hold' },
    credit: { name: 'Credit', read: 'see loans', write: 'apply, repay' },
    pools: { name: 'Pools', read: 'see deposits', write: 'deposit, withdraw' },
    staking: { name: 'Staking', read: 'see stakes', write: 'stake, unstake' },
    rewards: { name: 'Rewards', read: 'see them', write: 'claim' },
    governance: { name: 'Proposals', read: 'see them', write: 'vote, propose' },
    curve: { name: 'Curves', read: 'see prices', write: 'mint, buy, burn' },
  } satisfies Record<Subject, { name: string; read: string; write: string }>,
  sees: 'see',
  acts: 'see and act',
  actsOnly: 'act',
  form: {
    how: 'Whoever has the token acts as your entity without its passphrase: give a program no more than it needs. It moves your money where you let it act.',
    name: 'Name',
    nameHint: 'Which program it is for, such as "Monthly payroll".',
    scopes: 'What it may do',
    missingScope: 'Choose at least one.',
    expires: 'Good for',
    days: { '30': '30 days', '90': '90 days', '365': '1 year', '': 'Until it is withdrawn' },
    action: 'Make the token',
    actionNamed: (name: string) => `Make the token for ${name}`,
    lost: 'The token was made, and the answer that held it was lost; it is not shown again. Withdraw it in the list, close this form and make another.',
  },
  made: {
    title: 'The new token',
    how: (name: string) => `This is the token of ${name}. It is shown this once and kept nowhere: give it to the program now.`,
    token: 'Token',
    copy: 'Copy the token',
    header: 'The program sends it with each request, in this header:',
    done: 'I have given it on',
  },
  withdrawForm: {
    how: (name: string) => `${name} gets in no more, at once. This can’t be taken back; you can make it another token.`,
    action: (name: string) => `Withdraw the token of ${name}`,
    done: (name: string) => `The token of ${name} is withdrawn.`,
  },
} as const
