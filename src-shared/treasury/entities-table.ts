import { z } from 'zod'
import { none } from '../contract-parts.ts'
import { PASSPHRASE_LENGTH } from '../keys-contract.ts'
import { ENTITY_NAME_LENGTH, entityKinds, entityRef, entitySchema, treasurySessionSchema } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const chosenPassphrase = z.string().min(PASSPHRASE_LENGTH, `Take at least ${PASSPHRASE_LENGTH} characters.`).max(1000)
/** one that is tried: may be any */
const passphrase = z.string().min(1).max(1000)

/** Who there is, who acts here, and the administrator. */
export const entityRows = {
  'entities.list': treasuryQuery({
    about: 'every entity, and the accounts of the treasury itself',
    in: none,
    out: z.array(entitySchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'entities list' },
  }),
  'session.get': treasuryQuery({
    about: 'which entity is unlocked here, and whether the administrator is',
    in: none,
    out: treasurySessionSchema,
    who: 'anyone',
    rest: null,
    cli: null,
  }),
  'entities.create': treasuryCommand({
    about: 'make an entity that opens with a passphrase, or with a key of the vault',
    in: z.object({
      name: z.string().trim().min(1).max(ENTITY_NAME_LENGTH),
      kind: z.enum(entityKinds).default('person'),
      /** one of the two */
      passphrase: chosenPassphrase.optional(),
      keyId: z.uuid().optional(),
    }),
    out: entitySchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'entities create', args: ['name'] },
    secrets: ['passphrase'],
  }),
  'entities.unlock': treasuryCommand({
    about: 'act as this entity: by its passphrase, or by its key, which has to be unlocked in the vault',
    in: z.object({ entityId: entityRef, passphrase: passphrase.optional() }),
    out: entitySchema,
    who: 'anyone',
    rest: null,
    cli: null,
    secrets: ['passphrase'],
  }),
  'entities.lock': treasuryCommand({
    about: 'act as nobody any more; the administrator goes too',
    in: none,
    out: none,
    who: 'anyone',
    rest: null,
    cli: null,
  }),
  'entities.setPassphrase': treasuryCommand({
    about: 'give the unlocked entity another passphrase',
    in: z.object({ passphrase, newPassphrase: chosenPassphrase }),
    out: none,
    who: 'entity',
    rest: null,
    cli: { words: 'entities set-passphrase' },
    secrets: ['passphrase', 'newPassphrase'],
  }),
  'administrator.set': treasuryCommand({
    about: 'choose the administrator passphrase; once there is one, it takes that one to change it',
    in: z.object({ passphrase: passphrase.optional(), newPassphrase: chosenPassphrase }),
    out: none,
    who: 'anyone',
    rest: null,
    cli: { words: 'administrator set' },
    secrets: ['passphrase', 'newPassphrase'],
  }),
  'administrator.unlock': treasuryCommand({
    about: 'be the administrator too, until nothing was done as one for a while',
    in: z.object({ passphrase }),
    out: none,
    who: 'anyone',
    rest: null,
    cli: null,
    secrets: ['passphrase'],
  }),
  'administrator.lock': treasuryCommand({
    about: 'be no administrator any more',
    in: none,
    out: none,
    who: 'anyone',
    rest: null,
    cli: null,
  }),
}
