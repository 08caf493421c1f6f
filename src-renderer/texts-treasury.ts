import type { Entity } from '../src-shared/treasury/entities.ts'

/** What the pages of the treasury share: who acts, and forms that move something. */
export const treasuryTexts = {
  acting: {
    as: 'Acting as',
    administrator: 'Administrator',
    administratorHint:
      'Issues and burns tokens, funds the treasury’s own accounts and changes its settings. It is asked for again after a while without use.',
    entityHint: 'An entity has accounts in the treasury: a person, an organisation or a program. Its passphrase or key unlocks it.',
    unlock: 'Unlock your entity',
    change: 'Change',
    lock: 'Lock',
    make: 'Make an entity',
    becomeAdministrator: 'Unlock administrator',
    setAdministrator: 'Choose administrator passphrase',
    endAdministrator: 'End',
    failed: 'That did not work',
  },
  unlock: {
    title: 'Unlock an entity',
    how: 'You act as it until you lock it, close Granary, or do nothing for a while.',
    action: 'Unlock',
    entity: 'Entity',
    passphrase: 'Its passphrase',
    passphraseOf: (name: string) => `Passphrase of ${name}`,
    again: (name: string) => `${name} is not unlocked any more. Enter its passphrase to go on; what you filled in stays.`,
    byKey: 'It opens with a key of the vault, which is unlocked there first.',
    keyLocked: 'Passphrase of its key',
    other: 'Make another entity',
    none: 'No entity is unlocked. Unlock yours first.',
  },
  make: {
    title: 'Make an entity',
    how: 'It has its own balances here, and whoever has its passphrase or key acts as it.',
    action: 'Make it and unlock it',
    name: 'Name',
    nameHint: 'What others see when they pay it, such as "Alder Farm".',
    kind: 'Kind',
    kinds: { person: 'Person', organisation: 'Organisation', program: 'Program', system: 'Of the treasury' } satisfies Record<
      Entity['kind'],
      string
    >,
    opensWith: 'Opens with',
    byPassphrase: 'A passphrase',
    byKey: (name: string) => `The key "${name}"`,
    passphraseHint: 'At least 12 characters, several words. Nobody can tell it to you if you forget it.',
  },
  administrator: {
    setTitle: 'Choose the administrator passphrase',
    setHow:
      'There is no administrator yet: choose the passphrase. Whoever has it issues tokens, funds accounts and changes the settings of this treasury.',
    setAction: 'Choose it',
    title: 'Unlock the administrator',
    how: 'Until you end it, or do nothing as the administrator for a while.',
    action: 'Unlock',
    passphrase: 'Administrator passphrase',
    needed: 'This takes the administrator. What you filled in stays.',
  },
  fields: {
    missing: 'This is needed.',
    token: 'Token',
    memo: 'Note',
    memoHint: 'Stands in both statements. May be empty.',
    choose: 'Choose',
  },
  entities: 'Entities',
  outcome: 'What this does',
  safe: {
    nothing: 'Nothing was moved.',
    unknown: 'Whether it was done is not known yet. Send it again: it is done only once.',
    done: 'What was sent first stands; nothing more was moved.',
  },
  sentBefore:
    'This form was sent before with other values, and that was done. Look at the statement; close this form and open it anew to do more.',
  readOnly: 'Another Granary writes to this data folder: the treasury is used there.',
} as const
