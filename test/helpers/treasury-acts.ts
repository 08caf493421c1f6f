import type { Actor, CommandInput, CommandOutput } from '../../src-shared/contract.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { curveProfiles } from '../../src-shared/treasury/curve.ts'
import type { TreasuryCommandName } from '../../src-shared/treasury/table.ts'
import { vectorUnits } from './economy.ts'
import { administrator, passphraseOf } from './treasury.ts'

/*
 * What 200 people do with a treasury, subject by subject. A subject joins by its list of acts. An act knows no more than what people know: who
 * there is, and what their commands have answered.
 */

export type Party = Actor & { entity: string; name: string }

/** What the acts know and remember. */
export interface Scene {
  random: () => number
  clock: { ts: number }
  parties: Party[]
  /** ids that commands have answered, by kind; each with who could do something with it */
  known: Map<string, { id: string; whose: Party[] }[]>
  /** what was issued of each token and not burnt */
  issuedUnits: Map<string, bigint>
  analystUrl: string
  /** notes of applications that the analyst has to answer */
  analysing: Map<string, string>
  made: number
}

export interface Act {
  name: TreasuryCommandName
  /** how often it is done, compared with others */
  weight: number
  make(scene: Scene): { actor: Actor; input: unknown }
  /** called once for each time that it was done */
  learn?(scene: Scene, output: never, said: { actor: Actor; input: never }): void
}

function act<N extends TreasuryCommandName>(
  name: N,
  weight: number,
  make: (scene: Scene) => { actor: Actor; input: CommandInput<N> },
  learn?: (scene: Scene, output: CommandOutput<N>, said: { actor: Party; input: CommandInput<N> }) => void,
): Act {
  return { name, weight, make, ...(learn && { learn: learn as unknown as NonNullable<Act['learn']> }) }
}

export const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

const someone = ({ random, parties }: Scene) => pick(random, parties)
const memo = ({ random }: Scene) => pick(random, ['', 'rent', 'Ünïcode \u202e text', 'x'.repeat(300)])

/** Mostly something small, now and then nothing, less than nothing, more than anybody has, or the most that an amount holds. */
function amount({ random }: Scene, usual = 1_000): string {
  const dice = random()
  if (dice < 0.02) return '0'
  if (dice < 0.04) return '-1'
  if (dice < 0.06) return formatAmount(2n ** 63n - 1n)
  if (dice < 0.1) return String(usual * 10_000)
  return formatAmount(BigInt(Math.floor(random() * usual * (random() < 0.5 ? 1e7 : 1e4))) + 1n)
}

const token = ({ random }: Scene) => (random() < 0.7 ? 'AZR' : pick(random, ['AZR-ETH', 'BTA-UTIL', 'BTA-GOV', 'BTA-GUAR', 'TFT', 'NONE']))

/** Somebody else, by id or name; now and then oneself, one of the treasury's own accounts, or nobody. */
function other(scene: Scene): string {
  const { random } = scene
  const dice = random()
  if (dice < 0.04) return pick(random, ['treasury', 'fees', 'credit-pool', 'pool:azr-staking', 'nobody at all'])
  const { entity, name } = someone(scene)
  return dice < 0.2 ? name : entity
}

function remember({ known }: Scene, kind: string, id: string, whose: (Party | undefined)[]): void {
  const list = known.get(kind) ?? []
  list.push({ id, whose: whose.filter(party => party !== undefined) })
  // what is long past is over mostly
  known.set(kind, list.slice(-60))
}

/** One that was made, with somebody who may do something with it; now and then anybody, or one that there is not. */
function oneOf(scene: Scene, kind: string): { actor: Party; id: string } {
  const { random } = scene
  const list = scene.known.get(kind) ?? []
  if (list.length === 0 || random() < 0.03) return { actor: someone(scene), id: `${kind}-999999` }
  const { id, whose } = pick(random, list)
  return { id, actor: whose.length > 0 && random() < 0.9 ? pick(random, whose) : someone(scene) }
}

const partyOf = ({ parties }: Scene, ref: string) => parties.find(({ entity, name }) => entity === ref || name === ref)

/** By one of those who may; `more` makes the rest of the input. */
function onOne<T extends object>(kind: string, more: (scene: Scene) => T) {
  return (scene: Scene) => {
    const { actor, id } = oneOf(scene, kind)
    return { actor, input: { id, ...more(scene) } }
  }
}
const alone = () => ({})

export function issued({ issuedUnits }: Scene, of: string, units: bigint): void {
  issuedUnits.set(of, (issuedUnits.get(of) ?? 0n) + units)
}

const tokenActs = [
  act('tokens.transfer', 10, scene => {
    const chainTx = scene.random() < 0.05 ? { chainTx: `0x${Math.floor(scene.random() * 20)}` } : {}
    return { actor: someone(scene), input: { to: other(scene), token: token(scene), amount: amount(scene), memo: memo(scene), ...chainTx } }
  }),
  act('tokens.fund', 6, scene => ({
    actor: scene.random() < 0.95 ? administrator : someone(scene),
    input: {
      ...(scene.random() < 0.1 && {
        from: pick(scene.random, ['fees', 'reserve', 'ubo-fund', 'pool:high-yield', scene.parties[0]!.entity]),
      }),
      to:
        scene.random() < 0.5
          ? other(scene)
          : pick(scene.random, ['credit-pool', 'pool:azr-staking', 'pool:high-yield', 'pool:liquidity-mining']),
      token: scene.random() < 0.3 ? 'BTA-UTIL' : token(scene),
      amount: amount(scene, 5_000),
    },
  })),
  act(
    'tokens.mint',
    2,
    scene => ({ actor: administrator, input: { to: other(scene), token: token(scene), amount: amount(scene) } }),
    (scene, output) => issued(scene, output.token, output.amount),
  ),
  act(
    'tokens.burn',
    2,
    scene => ({
      actor: administrator,
      input: { from: pick(scene.random, ['treasury', 'team', 'fees']), token: token(scene), amount: amount(scene) },
    }),
    (scene, output) => issued(scene, output.token, -output.amount),
  ),
  act('tokens.lock', 4, scene => ({ actor: someone(scene), input: { token: token(scene), amount: amount(scene), memo: memo(scene) } })),
  act('tokens.unlock', 3, scene => ({ actor: someone(scene), input: { token: token(scene), amount: amount(scene, 300) } })),
  act(
    'tokens.burnLocked',
    1,
    scene => ({ actor: someone(scene), input: { token: token(scene), amount: amount(scene, 50) } }),
    (scene, output) => issued(scene, output.token, -output.amount),
  ),
]

const paymentActs = [
  act('payments.send', 20, scene => ({
    actor: someone(scene),
    input: { to: other(scene), amount: amount(scene), memo: memo(scene), ...(scene.random() < 0.2 && { token: token(scene) }) },
  })),
  act('payments.import', 1, scene => {
    const lines = Array.from({ length: 1 + Math.floor(scene.random() * 4) }, () => {
      // now and then a reference that was paid before
      const reference = `r${Math.floor(scene.random() * 400)}`
      return `${reference},${other(scene)},${scene.random() < 0.9 ? '1.5' : amount(scene)}`
    })
    return { actor: someone(scene), input: { text: ['reference,to,amount', ...lines].join('\n') } }
  }),
  act(
    'requests.create',
    5,
    scene => ({ actor: someone(scene), input: { from: other(scene), amount: amount(scene, 200), memo: memo(scene) } }),
    (scene, { id, from }, { actor }) => remember(scene, 'req', id, [partyOf(scene, from), partyOf(scene, from), actor]),
  ),
  act('requests.fulfil', 5, onOne('req', alone)),
  act('requests.cancel', 1, onOne('req', alone)),
  act(
    'escrow.hold',
    6,
    scene => ({ actor: someone(scene), input: { to: other(scene), amount: amount(scene, 200), memo: memo(scene) } }),
    (scene, { id, to }, { actor }) => remember(scene, 'esc', id, [actor, partyOf(scene, to)]),
  ),
  act('escrow.release', 6, onOne('esc', alone)),
  act('revenue.reinvest', 2, scene => ({ actor: administrator, input: scene.random() < 0.2 ? { token: token(scene) } : {} })),
]

const creditActs = [
  act('credit.allowAnalyst', 3, scene => ({
    actor: someone(scene),
    input: { url: scene.random() < 0.9 ? `${scene.analystUrl}/chat/completions` : 'https://elsewhere.invalid/v1' },
  })),
  act(
    'credit.apply',
    8,
    scene => ({
      actor: someone(scene),
      input: { amount: amount(scene, 2_000), purpose: pick(scene.random, ['business', 'education']), note: `note ${scene.made++}` },
    }),
    (scene, { id, state, note }, { actor }) => {
      remember(scene, 'app', id, [actor])
      if (state === 'analysing') scene.analysing.set(id, note)
    },
  ),
  act('credit.withdraw', 1, onOne('app', alone), ({ analysing }, { id }) => void analysing.delete(id)),
  act('credit.accept', 8, onOne('app', alone), (scene, { id }, { actor }) => remember(scene, 'loan', id, [actor])),
  act(
    'credit.repay',
    6,
    onOne('loan', scene => ({ amount: amount(scene, 300) })),
  ),
]

const poolActs = [
  act('pools.deposit', 8, scene => ({ actor: someone(scene), input: { id: pool(scene), amount: amount(scene, 500) } })),
  act('pools.withdraw', 10, scene => ({ actor: someone(scene), input: { id: pool(scene), amount: amount(scene, 100) } })),
]
/** Two of them mostly, so that people meet in them. */
const pool = ({ random }: Scene) =>
  random() < 0.8 ? pick(random, ['azr-staking', 'high-yield']) : pick(random, ['yield-farming', 'liquidity-mining', 'none'])

const guaranteeActs = [
  act(
    'guarantees.create',
    4,
    scene => ({
      actor: someone(scene),
      input: { to: other(scene), amount: amount(scene), coverageBps: Math.floor(scene.random() * 10_100) },
    }),
    (scene, { id, beneficiary, minted }) => {
      issued(scene, 'BTA-GUAR', minted)
      remember(scene, 'guar', id, [partyOf(scene, beneficiary)])
    },
  ),
  act('guarantees.release', 3, onOne('guar', alone), (scene, { minted }) => issued(scene, 'BTA-GUAR', -minted)),
  act('guarantees.draw', 1, onOne('guar', alone), (scene, { minted }) => issued(scene, 'BTA-GUAR', -minted)),
  act(
    'auctions.open',
    2,
    scene => ({
      actor: administrator,
      input: { title: 'Storage', base: amount(scene, 50), endTs: scene.clock.ts + Math.floor((scene.random() - 0.05) * 30 * 86_400) },
    }),
    (scene, { id }) => remember(scene, 'auc', id, []),
  ),
  act('auctions.join', 6, onOne('auc', alone)),
  act('auctions.end', 0.5, scene => ({ actor: administrator, input: { id: oneOf(scene, 'auc').id } })),
  act('access.pay', 2, scene => ({ actor: someone(scene), input: { fee: scene.random() < 0.9 ? '5' : '6' } })),
]

const stakingActs = [
  act(
    'staking.createPool',
    1,
    scene => ({
      actor: administrator,
      input: {
        name: `Staking pool ${scene.made++}`,
        token: pick(scene.random, ['AZR', 'BTA-UTIL', 'TFT']),
        apyBps: 900,
        ...(scene.random() < 0.5 && { minStake: '2', maxStake: '500', lockDays: 20, minTrust: 40.25 }),
      },
    }),
    (scene, { id }) => remember(scene, 'spool', id, []),
  ),
  act('staking.setPool', 0.5, scene => ({
    actor: administrator,
    input: { poolId: oneOf(scene, 'spool').id, isActive: scene.random() < 0.8 },
  })),
  act(
    'staking.stake',
    9,
    scene => {
      const where =
        scene.random() < 0.6 ? { days: pick(scene.random, [29, 30, 60, 89, 90, 200, 365, 30.5]) } : { poolId: oneOf(scene, 'spool').id }
      return { actor: someone(scene), input: { amount: amount(scene, 200), ...where } }
    },
    (scene, { stake }, { actor }) => remember(scene, 'stake', stake.id, [actor]),
  ),
  act('staking.unstake', 5, onStake, (scene, { stake }) => issued(scene, 'BTA-REWARD', stake.kind === 'pool' ? stake.paid : 0n)),
  act('staking.claim', 5, onStake),
]

function onStake(scene: Scene) {
  const { actor, id } = oneOf(scene, 'stake')
  return { actor, input: { stakeId: id } }
}

const rewardActs = [
  act('rewards.topUp', 0.5, scene => ({ actor: administrator, input: { amount: amount(scene) } })),
  act(
    'rewards.prove',
    5,
    scene => ({
      actor: someone(scene),
      input: {
        // one that the books make is of chance, and stands in no trail
        id: `proof-${scene.made++}`,
        moduleId: `module ${Math.floor(scene.random() * 30)}`,
        difficulty: 1 + Math.floor(scene.random() * 11),
        ...(scene.random() < 0.5 ? { scoreText: pick(scene.random, ['71.50', '100', '0', '101', 'x']) } : { score: 33.3 }),
        completed: scene.random() < 0.9,
      },
    }),
    (scene, { proof }, { actor }) => remember(scene, 'proof', proof.id, [actor]),
  ),
  act('rewards.pay', 3, scene => ({ actor: administrator, input: { ids: [oneOf(scene, 'proof').id, oneOf(scene, 'proof').id] } })),
  act('rewards.payAmount', 1, scene => ({
    actor: administrator,
    input: { to: other(scene), type: 'module_completion', category: pick(scene.random, ['basic', 'advanced', 'none']) },
  })),
  act(
    'rewards.grant',
    3,
    scene => ({ actor: administrator, input: { to: other(scene), kind: 'referral', amount: amount(scene, 50) } }),
    (scene, { id, recipientId }) => remember(scene, 'reward', id, [partyOf(scene, recipientId)]),
  ),
  act(
    'rewards.distribute',
    3,
    scene => ({ actor: administrator, input: { rewardId: oneOf(scene, 'reward').id } }),
    (scene, { token: of, amount: units }) => issued(scene, of, units),
  ),
  act('rewards.claim', 3, scene => {
    const { actor, id } = oneOf(scene, 'reward')
    return { actor, input: { rewardId: id } }
  }),
]

/** On the ledger or simulated; a token of its own, or one that everything else moves too. */
const curveActs = [
  act(
    'curve.create',
    2,
    scene => ({
      actor: scene.random() < 0.9 ? administrator : someone(scene),
      input: {
        ...(scene.random() < 0.4 ? { kind: 'simulated' as const, pricing: pick(scene.random, ['exact', 'spot']) } : {}),
        ...{ asset: pick(scene.random, ['AZR-ETH', 'BTA-UTIL', 'BTA-REWARD', 'TOK', 'TFT']), foreignAsset: 'AZR' },
        ...{ initialPrice: pick(scene.random, ['0.5', '0.01', '0']), slope: '0.0001', profile: pick(scene.random, curveProfiles) },
      },
    }),
    (scene, { id, kind }) => remember(scene, kind === 'simulated' ? 'simulated' : 'curve', id, []),
  ),
  act('curve.updateSlope', 0.5, scene => ({
    actor: administrator,
    input: { curveId: aCurve(scene), slope: pick(scene.random, ['0.0001', '0.001', '0.00000000000000001', '0']) },
  })),
  act(
    'curve.mint',
    6,
    scene => ({ actor: someone(scene), input: { curveId: aCurve(scene), payment: amount(scene, 100), ...least(scene) } }),
    (scene, traded) => onLedger(scene, traded.curve, traded.minted - traded.burnt),
  ),
  act(
    'curve.buy',
    5,
    scene => ({ actor: someone(scene), input: { curveId: aCurve(scene), payment: amount(scene, 100), ...least(scene) } }),
    (scene, traded) => onLedger(scene, traded.curve, traded.minted - traded.burnt),
  ),
  act(
    'curve.burn',
    3,
    scene => ({ actor: someone(scene), input: { curveId: aCurve(scene), amount: amount(scene, 20) } }),
    (scene, { curve }, { input }) => onLedger(scene, curve, -vectorUnits(input.amount)),
  ),
  act(
    'curve.burnFees',
    1,
    scene => ({ actor: administrator, input: { curveId: aCurve(scene) } }),
    (scene, { curve, burnt }) => onLedger(scene, curve, -burnt),
  ),
  act('curve.deposit', 1, scene => ({
    actor: administrator,
    input: { curveId: oneOf(scene, scene.random() < 0.9 ? 'simulated' : 'curve').id, entityId: other(scene), amount: amount(scene, 5_000) },
  })),
]
const aCurve = (scene: Scene) => oneOf(scene, scene.random() < 0.8 ? 'curve' : 'simulated').id
const least = (scene: Scene) => (scene.random() < 0.2 ? { leastShare: amount(scene, 50) } : {})

function onLedger(scene: Scene, { kind, asset }: { kind: string; asset: string }, units: bigint): void {
  if (kind === 'ledger') issued(scene, asset, units)
}

const governanceActs = [
  // who proposes has to hold some
  act(
    'tokens.fund',
    3,
    scene => ({ actor: administrator, input: { to: someone(scene).entity, token: 'BTA-GOV', amount: '20000' } }),
    (scene, _output, { input }) => remember(scene, 'holder', input.to, [partyOf(scene, input.to)]),
  ),
  act(
    'governance.create',
    3,
    scene => {
      const { random, clock } = scene
      const startTs = clock.ts + pick(random, [0, 0, 3_600, 86_400, -1])
      const change = pick(random, [
        ...[
          { parameter: 'payments.feeBps', value: pick(random, ['0', '12', '1001']) },
          { parameter: 'staking.minimum', value: '2.50' },
        ],
        ...[
          { parameter: 'governance.quorumPercent', value: '5' },
          { parameter: 'analyst.url', value: 'https://elsewhere.invalid/v1' },
        ],
      ])
      const what = random() < 0.6 ? { type: 'PARAMETER_UPDATE' as const, ...change } : { type: 'POLICY_CHANGE' as const }
      return {
        actor: oneOf(scene, 'holder').actor,
        // what is held by whoever is not of the treasury is little of the supply
        input: {
          ...what,
          title: `Proposal ${scene.made++}`,
          startTs,
          endTs: startTs + pick(random, [2, 20, 60]) * 86_400,
          quorumPercent: 0.5,
        },
      }
    },
    (scene, { id }) => remember(scene, 'prop', id, []),
  ),
  act(
    'governance.vote',
    12,
    onOne('prop', ({ random }) => ({ vote: pick(random, ['YES', 'YES', 'NO', 'ABSTAIN', 'MAYBE']) })),
  ),
  act('governance.execute', 3, scene => ({
    actor: scene.random() < 0.9 ? administrator : someone(scene),
    input: { id: oneOf(scene, 'prop').id },
  })),
]

const otherActs = [
  act(
    'entities.create',
    0.5,
    scene => {
      const name = `Person ${scene.random() < 0.9 ? scene.made++ : 3}`
      return { actor: { id: 'test:nobody' }, input: { name, passphrase: passphraseOf(name) } }
    },
    ({ parties }, { entityId, name }) => void parties.push({ id: 'test:rest', entity: entityId, name }),
  ),
  act(
    'access-tokens.create',
    0.5,
    scene => ({ actor: someone(scene), input: { name: 'a program', scopes: ['tokens:read'], expiresInDays: 30 } }),
    (scene, { token: made }, { actor }) => remember(scene, 'token', made.id, [actor]),
  ),
  act('access-tokens.withdraw', 0.5, onOne('token', alone)),
  act('watch.decide', 0.7, ({ random }) => ({
    actor: administrator,
    input: { id: `mark-${1 + Math.floor(random() * 5)}`, verdict: pick(random, ['fine', 'suspicious']), note: 'looked at' },
  })),
  act('configuration.set', 2, ({ random }) => {
    const [name, values] = pick(random, [
      ['payments.feeBps', ['0', '10', '1000', '1001']],
      ['guarantees.ratio', ['0', '1', '1.5', '-1']],
      ['credit.taxBps', ['0', '2000']],
      ['access.fee', ['5', '0']],
      ['curve.routerFeePpm', ['0', '3000']],
      ['reinvest.teamBps', ['1000', '9000']],
      ['jobs.auctions', ['0 */8 * * *', '30 3 * * 1', 'never']],
      ['jobs.collection', ['0 0 * * *', '0 */12 * * *']],
      ['no.such.setting', ['1']],
    ] as const)
    return { actor: administrator, input: { name, value: pick<string>(random, values) } }
  }),
  act('configuration.reset', 0.5, ({ random }) => ({
    actor: administrator,
    input: { name: pick(random, ['payments.feeBps', 'credit.taxBps']) },
  })),
  act('schedule.runNow', 1, ({ random }) => ({
    actor: administrator,
    input: { job: pick(random, ['collection', 'pool-yields', 'auctions', 'none']) },
  })),
]

export const acts: readonly Act[] = [
  ...tokenActs,
  ...paymentActs,
  ...creditActs,
  ...poolActs,
  ...guaranteeActs,
  ...stakingActs,
  ...rewardActs,
  ...curveActs,
  ...governanceActs,
  ...otherActs,
]

/** What the simulation does of itself (the administrator, the clock, who is unlocked), or what moves and decides nothing. */
export const actedElsewhere: readonly TreasuryCommandName[] = [
  'tokens.initialize',
  'entities.unlock',
  'entities.lock',
  'entities.setPassphrase',
  'administrator.set',
  'administrator.unlock',
  'administrator.lock',
  'configuration.import',
  'credit.setAnalystKey',
  'credit.removeAnalystKey',
  'schedule.confirm',
]
