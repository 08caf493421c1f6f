import { randomUUID } from 'node:crypto'
import { ed25519PairFromSeed, ed25519Sign, sr25519PairFromSeed, sr25519Sign } from '@polkadot/util-crypto'
import { createMintView } from '../../src-main/core/mint-view.ts'
import { onceOf } from '../../src-main/core/once.ts'
import { type VoteCommand, voteCommand } from '../../src-main/core/vote-commands.ts'
import { openVoteRoom, type VoteRoom } from '../../src-main/core/votes.ts'
import { signersHash } from '../../src-main/signing/votes/signers.ts'
import { encodeStatement } from '../../src-main/signing/votes/statement.ts'
import { voteText } from '../../src-main/signing/votes/text.ts'
import type { Store } from '../../src-main/store/index.ts'
import type { SignerSet, VoteKeyKind, VoteSigner, VoteStatement } from '../../src-shared/votes-contract.ts'

/* Signers of the tests' own, and votes as they would cast them on machines of their own. */

export interface TestSigner extends VoteSigner {
  sign(bytes: Uint8Array): Uint8Array
}

/** The same name and kind give the same key. */
export function testSigner(name: string, kind: VoteKeyKind): TestSigner {
  const seed = Buffer.alloc(32, `seed of ${name}`)
  const pair = kind === 'sr25519' ? sr25519PairFromSeed(seed) : ed25519PairFromSeed(seed, true)
  const sign = (bytes: Uint8Array) => (kind === 'sr25519' ? sr25519Sign(bytes, pair) : ed25519Sign(bytes, pair, true))
  return { name, kind, publicKey: Buffer.from(pair.publicKey).toString('hex'), sign }
}

export const ann = testSigner('Ann', 'sr25519')
export const bob = testSigner('Bob', 'ed25519')
export const cleo = testSigner('Cleo', 'sr25519')
export const eve = testSigner('Eve', 'sr25519')

export const labGenesis = 'ab'.repeat(32)

export const labSet: SignerSet = { genesis: labGenesis, serial: 1, threshold: 2, signers: [ann, bob, cleo].map(plain) }

export function plain({ name, kind, publicKey }: VoteSigner): VoteSigner {
  return { name, kind, publicKey }
}

/** A statement on period 80 of the lab's signers, with some members otherwise. */
export function statementOf(signer: VoteSigner, changes: Partial<VoteStatement> = {}, set: SignerSet = labSet): VoteStatement {
  return {
    genesis: set.genesis,
    signersHash: signersHash(set),
    subject: { rules: 'v3', period: 80 },
    options: { rules: 'v3', resources: 'latest' },
    planHash: '11'.repeat(32),
    amountUnits: 12_345n,
    basisHash: null,
    castTs: 1_700_000_000,
    signer: { kind: signer.kind, publicKey: signer.publicKey },
    ...changes,
  }
}

export function voteBytes(signer: TestSigner, changes: Partial<VoteStatement> = {}, set: SignerSet = labSet): Uint8Array {
  const bytes = encodeStatement(statementOf(signer, changes, set))
  return Uint8Array.from([...bytes, ...signer.sign(bytes)])
}

export function cast(signer: TestSigner, changes: Partial<VoteStatement> = {}, set: SignerSet = labSet): string {
  return voteText(voteBytes(signer, changes, set))
}

/** The votes' answers and commands on an open store, without the rest of the core. */
export function roomOn(store: Store, network = 'lab'): VoteRoom {
  return openVoteRoom({
    books: store,
    mints: createMintView({ active: () => ({ store, demo: false }), books: store, followed: () => network }),
    genesisOf: () => null,
    keys: {
      signWith() {
        throw new Error('nobody signs here')
      },
    },
  })
}

/** Does a command as the core does. */
export function doVote(room: VoteRoom, command: VoteCommand, input: unknown): Promise<unknown> {
  return voteCommand(room, command, input, onceOf(room.books, { actor: 'test', idempotencyKey: randomUUID(), command, input }))
}
