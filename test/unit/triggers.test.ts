import { describe, expect, test } from 'vitest'
import { checkMintConfig } from '../../src-main/engines/minting/mint-config.ts'
import {
  applyAction,
  countVotes,
  type DecidableMint,
  type MintAction,
  mintStage,
  undecided,
} from '../../src-main/engines/minting/triggers.ts'
import { defaultMintConfig, type MintConfig, type MintDecision, mintDecisionSchema } from '../../src-shared/node-period.ts'

const mint: DecidableMint = { id: 'ab'.repeat(32), rewardUnits: 1000n }
const voting: MintConfig = { ...defaultMintConfig, trigger: 'offline-amount', signers: ['Ann', 'Bob', 'Cleo'], threshold: 2 }
const verified: MintConfig = { ...voting, trigger: 'verified-amount' }
const claiming: MintConfig = { ...defaultMintConfig, trigger: 'claim', administrators: ['Root'] }

const vote = (signer: string, amountUnits: bigint): MintAction => ({ kind: 'vote', signer, amountUnits })
const paid = (tx: string): MintAction => ({ kind: 'paid', tx, ts: 50 })
const failed = (attempt: number): MintAction => ({ kind: 'failed', attempt, reason: 'no trustline' })
const trigger: MintAction = { kind: 'trigger', actor: 'a job' }
const claim: MintAction = { kind: 'claim', actor: 'a farmer' }
const force = (actor: string): MintAction => ({ kind: 'force', actor })

/** Applies actions that must all be taken; times are 1, 2, 3... */
function having(config: MintConfig, actions: MintAction[], start = undecided): MintDecision {
  return actions.reduce((decision, action, i) => {
    const result = applyAction(config, mint, decision, action, i + 1)
    if ('refused' in result) throw new Error(`${action.kind}: ${result.refused.code}`)
    return result.decision
  }, start)
}

function codeOf(config: MintConfig, decision: MintDecision, action: MintAction, of = mint): string {
  const result = applyAction(config, of, decision, action, 99)
  if (!('refused' in result)) return 'taken'
  expect(result.refused.message).toMatch(/^[A-Z"0-9-][^!]*\.$/)
  return result.refused.code
}

describe('offline-amount', () => {
  test('the first amount with M equal votes is decided', () => {
    const two = having(voting, [vote('Ann', 900n), vote('Bob', 1100n)])
    expect(two.decided).toBeNull()
    expect(mintStage(two, mint)).toBe('claimable')
    const three = having(voting, [vote('Cleo', 900n)], two)
    expect(three.decided).toEqual({ attempt: 1, amountUnits: 900n, by: ['Ann', 'Cleo'], how: 'votes', ts: 1 })
    expect(mintStage(three, mint)).toBe('decided')
    expect(codeOf(voting, three, vote('Bob', 900n))).toBe('already-decided')
  })
  test('a signer has one vote, and the last one counts', () => {
    const again = having(voting, [vote('Ann', 900n), vote('Ann', 900n), vote('Ann', 800n)])
    expect(again).toEqual({ votes: [{ signer: 'Ann', amountUnits: 800n, ts: 3 }], decided: null, payments: [] })
    expect(having(voting, [vote('Bob', 900n)], again).decided).toBeNull()
    expect(having(voting, [vote('Bob', 800n)], again).decided?.amountUnits).toBe(800n)
  })
  test('a repeated vote changes nothing', () => {
    const once = having(voting, [vote('Ann', 900n)])
    expect(having(voting, [vote('Ann', 900n)], once)).toBe(once)
  })
  test('only present signers count', () => {
    const one = having(voting, [vote('Ann', 900n)])
    const without: MintConfig = { ...voting, signers: ['Bob', 'Cleo', 'Dan'] }
    const two = having(without, [vote('Bob', 900n)], one)
    expect(two.decided).toBeNull()
    expect(countVotes(without, mint, two)).toEqual([{ amountUnits: 900n, signers: ['Bob'] }])
    expect(having(without, [vote('Dan', 900n)], two).decided?.by).toEqual(['Bob', 'Dan'])
    expect(codeOf(without, two, vote('Ann', 900n))).toBe('not-a-signer')
  })
  test('votes that suffice since the set was changed decide with the next vote, also a repeated one', () => {
    const five: MintConfig = { ...voting, signers: ['Ann', 'Bob', 'Cleo', 'Dan', 'Eve'], threshold: 3 }
    const two = having(five, [vote('Ann', 900n), vote('Bob', 900n)])
    expect(having(voting, [vote('Ann', 900n)], two).decided).toMatchObject({ amountUnits: 900n, by: ['Ann', 'Bob'] })
  })
  test('while half of the signers would do, no vote is taken', () => {
    expect(codeOf({ ...voting, threshold: 1 }, undecided, vote('Ann', 1n))).toBe('bad-config')
    expect(codeOf({ ...voting, signers: ['Ann', 'ann '] }, undecided, vote('Ann', 1n))).toBe('bad-config')
    expect(codeOf({ ...voting, signers: [] }, undecided, vote('Ann', 1n))).toBe('bad-config')
  })
  test('an amount is above 0 and fits', () => {
    for (const amount of [0n, -1n, 2n ** 63n]) expect(codeOf(voting, undecided, vote('Ann', amount))).toBe('bad-amount')
    expect(codeOf(voting, undecided, vote('Ann', 2n ** 63n - 1n))).toBe('taken')
  })
})

describe('verified-amount', () => {
  test('only the self-calculated amount is ever decided', () => {
    const others = having(verified, [vote('Ann', 900n), vote('Bob', 900n), vote('Cleo', 900n)])
    expect(others.decided).toBeNull()
    expect(others.votes).toHaveLength(3)
    expect(countVotes(verified, mint, others)).toEqual([])
    expect(having(verified, [vote('Ann', 1000n), vote('Bob', 1000n)], others).decided).toMatchObject({
      amountUnits: 1000n,
      by: ['Ann', 'Bob'],
    })
  })
  test('a vote for another figure takes the earlier one back', () => {
    expect(having(verified, [vote('Ann', 1000n), vote('Ann', 900n), vote('Bob', 1000n)]).decided).toBeNull()
  })
})

describe('permissionless and claim', () => {
  test('anyone triggers the self-calculated amount, once', () => {
    const decided = having(defaultMintConfig, [trigger])
    expect(decided.decided).toEqual({ attempt: 1, amountUnits: 1000n, by: ['a job'], how: 'anyone', ts: 1 })
    expect(codeOf(defaultMintConfig, decided, trigger)).toBe('already-decided')
  })
  test('the farmer claims, or an administrator forces', () => {
    expect(having(claiming, [claim]).decided).toMatchObject({ by: ['a farmer'], how: 'claim', amountUnits: 1000n })
    expect(having(claiming, [force('Root')]).decided).toMatchObject({ by: ['Root'], how: 'forced', amountUnits: 1000n })
    expect(codeOf(claiming, undecided, force('a farmer'))).toBe('not-an-administrator')
    expect(codeOf(claiming, undecided, { kind: 'claim', actor: ' ' })).toBe('no-name')
  })
  test('each trigger takes its own actions only', () => {
    const configs = { voting, verified, permissionless: defaultMintConfig, claiming }
    const actions = { vote: vote('Ann', 1000n), trigger, claim, force: force('Root') }
    const taken = Object.entries(configs).map(([name, config]) => [
      name,
      Object.entries(actions)
        .filter(([, action]) => codeOf({ ...config, administrators: ['Root'] }, undecided, action) !== 'wrong-trigger')
        .map(([kind]) => kind),
    ])
    expect(Object.fromEntries(taken)).toEqual({
      voting: ['vote'],
      verified: ['vote'],
      permissionless: ['trigger'],
      claiming: ['claim', 'force'],
    })
  })
  test('a mint of nothing cannot be triggered', () => {
    const nothing = { ...mint, rewardUnits: 0n }
    expect(mintStage(undecided, nothing)).toBe('nothing')
    expect(codeOf(defaultMintConfig, undecided, trigger, nothing)).toBe('nothing-to-pay')
    expect(codeOf(claiming, undecided, force('Root'), nothing)).toBe('nothing-to-pay')
    expect(codeOf(voting, undecided, vote('Ann', 5n), nothing)).toBe('nothing-to-pay')
  })
})

describe('payment', () => {
  test('what was paid is marked, and nothing is possible any more', () => {
    const done = having(defaultMintConfig, [trigger, paid('t1')])
    expect(mintStage(done, mint)).toBe('paid')
    expect(done.payments).toEqual([{ result: 'paid', decided: done.decided, tx: 't1', ts: 50 }])
    expect(having(defaultMintConfig, [paid('t1')], done)).toBe(done)
    expect(codeOf(defaultMintConfig, done, paid('t2'))).toBe('already-paid')
    expect(codeOf(defaultMintConfig, done, failed(1))).toBe('already-paid')
    expect(codeOf(defaultMintConfig, done, trigger)).toBe('already-paid')
    expect(codeOf(claiming, done, force('Root'))).toBe('already-paid')
    expect(codeOf(voting, done, vote('Ann', 1000n))).toBe('already-paid')
  })
  test('what failed is claimable again, by the same trigger', () => {
    const once = having(defaultMintConfig, [trigger, failed(1)])
    expect(mintStage(once, mint)).toBe('failed')
    expect(once.payments[0]).toMatchObject({ result: 'failed', reason: 'no trustline', decided: { attempt: 1, by: ['a job'] } })
    const twice = having(defaultMintConfig, [trigger], once)
    expect(twice.decided?.attempt).toBe(2)
    expect(mintStage(twice, mint)).toBe('decided')
    expect(mintStage(having(defaultMintConfig, [paid('t')], twice), mint)).toBe('paid')
  })
  test('after a failure votes are cast anew', () => {
    const once = having(voting, [vote('Ann', 900n), vote('Bob', 900n), failed(1)])
    expect(once.votes).toEqual([])
    const one = having(voting, [vote('Ann', 900n)], once)
    expect(one.decided).toBeNull()
    expect(mintStage(one, mint)).toBe('failed')
  })
  test('an old failure that is told again does not open the mint', () => {
    const second = having(defaultMintConfig, [trigger, failed(1), trigger])
    expect(codeOf(defaultMintConfig, second, failed(1))).toBe('other-attempt')
    expect(codeOf(defaultMintConfig, second, failed(2))).toBe('taken')
  })
  test('a payment that turns up after it was called failed counts', () => {
    const late = having(defaultMintConfig, [trigger, failed(1), paid('t1')])
    expect(mintStage(late, mint)).toBe('paid')
    expect(late.decided?.attempt).toBe(1)
    expect(codeOf(defaultMintConfig, late, trigger)).toBe('already-paid')
  })
  test('without a decision nothing is paid or fails', () => {
    expect(codeOf(defaultMintConfig, undecided, paid('t'))).toBe('not-decided')
    expect(codeOf(defaultMintConfig, undecided, failed(1))).toBe('not-decided')
    expect(codeOf(defaultMintConfig, having(defaultMintConfig, [trigger, failed(1)]), failed(1))).toBe('not-decided')
  })
  test('a decision is kept as plain data', () => {
    const all = having(voting, [
      vote('Ann', 900n),
      vote('Bob', 900n),
      failed(1),
      vote('Ann', 2n ** 60n),
      vote('Cleo', 2n ** 60n),
      paid('t'),
    ])
    const text = JSON.stringify(mintDecisionSchema.encode(all))
    expect(mintDecisionSchema.decode(JSON.parse(text))).toEqual(all)
  })
})

describe('configuration', () => {
  const fieldsOf = (config: Partial<MintConfig>) => checkMintConfig({ ...defaultMintConfig, ...config }).map(problem => problem.field)
  test('the default is sound, and so are the triggers that need no votes whatever the threshold', () => {
    expect(fieldsOf({})).toEqual([])
    expect(fieldsOf({ trigger: 'claim', threshold: 9, signers: ['Ann', 'Ann'] })).toEqual([])
    expect(checkMintConfig(voting)).toEqual([])
    expect(fieldsOf({ ...voting, signers: ['Ann'], threshold: 1 })).toEqual([])
  })
  test('more than half, and no more than all', () => {
    const allowed = (trigger: MintConfig['trigger'], count: number) =>
      [1, 2, 3, 4, 5, 6].filter(threshold => fieldsOf({ trigger, threshold, signers: [...'ABCDE'].slice(0, count) }).length === 0)
    expect(allowed('offline-amount', 1)).toEqual([1])
    expect(allowed('offline-amount', 2)).toEqual([2])
    expect(allowed('verified-amount', 3)).toEqual([2, 3])
    expect(allowed('verified-amount', 4)).toEqual([3, 4])
    expect(allowed('offline-amount', 5)).toEqual([3, 4, 5])
    expect(allowed('offline-amount', 0)).toEqual([])
  })
  test('each message names the field and the way out', () => {
    const problems = checkMintConfig({
      ...voting,
      signers: ['Ann', 'ANN', 'Bob', 'Cleo'],
      threshold: 2,
      administrators: ['Root', 'Root'],
      carbon: { on: true, wallet: '' },
      vault: { mode: 'manual', address: 'GABC' },
    })
    expect(problems.map(problem => problem.message)).toEqual([
      'Signers: "ANN" is listed twice, and each signer has one vote. Take one of them out.',
      'Threshold: 2 of 4 is not more than half. Enter 3 to 4.',
      'Administrators: "Root" is listed twice. Take one of them out.',
      'Carbon wallet: the offset is on and has no wallet. Enter the wallet that gets it, or turn the offset off.',
      'Vault address: this is no Stellar account. Enter the 56 characters that begin with G, or leave it empty.',
    ])
    expect(checkMintConfig({ ...voting, threshold: 4 })[0]?.message).toBe(
      'Threshold: 4 equal votes are more than the 3 signers. Enter 2 to 3, or add signers.',
    )
    expect(fieldsOf({ trigger: 'verified-amount' })).toEqual(['signers'])
    expect(
      fieldsOf({
        carbon: { on: true, wallet: 'W' },
        vault: { mode: 'periodic', address: 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU' },
      }),
    ).toEqual([])
  })
})
