import { toAppError } from '../../src-shared/errors.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import { loadAccount, loadClock, trustlineFor } from '../clients/stellar/accounts.ts'
import type { AccountState, LedgerClock } from '../clients/stellar/types.ts'
import { LEDGER_SEC } from '../engines/payout-plan/plan.ts'
import { horizonOf } from '../jobs/pay/plan.ts'
import type { KnownAccount } from '../signing/review/facts.ts'

/** What the ledger says of accounts before something is signed. */
export interface LedgerWord {
  accounts: Map<string, KnownAccount>
  /** keys that may sign for the accounts whose signers were asked for */
  signers: string[]
  /** why nothing, or not all, is known; null: all was answered */
  why: string | null
}

export interface AccountsAsk {
  payees: readonly string[]
  /** accounts that pay or whose number is used: their signers are wanted */
  sources: readonly string[]
  signal?: AbortSignal | undefined
}

/** Accounts that are asked about at once. */
const CONCURRENCY = 10
/** Whoever waits before a decision would rather know soon that Horizon does not answer. */
const TRIES = 2
/** An answer is good for so long, in seconds: a review is looked at more than once. */
const GOOD_SEC = 600

/** Asks Horizon for accounts, and remembers the answers for a while. Nothing that it fails to answer is taken for an answer. */
export function createAccountBook(nowTs: () => number) {
  const kept = new Map<string, { ts: number; known: KnownAccount; signers: string[] }>()

  return async function ask(config: PayConfig, { payees, sources, signal }: AccountsAsk): Promise<LedgerWord> {
    const word: LedgerWord = { accounts: new Map(), signers: [], why: null }
    const signers = new Set<string>()
    const wanted = new Set(sources)
    const open = [...new Set([...payees, ...sources])]
    try {
      const horizon = horizonOf(config, { tries: TRIES })
      const clock = await loadClock(horizon, { signal })
      const asset = { code: config.assetCode, issuer: config.issuer }
      const work = async (): Promise<void> => {
        for (let address = open.pop(); address !== undefined; address = open.pop()) {
          const key = `${horizon.url} ${asset.code} ${asset.issuer} ${address}`
          let found = kept.get(key)
          if (!found || found.ts < nowTs() - GOOD_SEC) {
            const account = await loadAccount(horizon, address, { signal })
            found = { ts: nowTs(), known: knownAccount(account, asset, clock), signers: account?.signers.map(each => each.key) ?? [] }
            kept.set(key, found)
          }
          word.accounts.set(address, found.known)
          if (wanted.has(address)) for (const signer of found.signers) signers.add(signer)
        }
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, work))
    } catch (error) {
      // the others stop too
      open.length = 0
      const { code, message } = toAppError(error)
      if (code === 'cancelled') throw error
      word.why = message
    }
    return { ...word, signers: [...signers] }
  }
}

function knownAccount(account: AccountState | null, asset: { code: string; issuer: string }, clock: LedgerClock): KnownAccount {
  if (!account) return { state: 'missing' }
  // the issuer holds its own asset without a trustline
  if (account.id !== asset.issuer && !trustlineFor(account, asset)?.isAuthorised) return { state: 'no-trustline' }
  // an account's numbers begin with the ledger that made it (Stellar's documentation of sequence numbers); they only grow
  const born = Number(account.sequence >> 32n)
  return { state: 'there', bornTs: born > clock.ledger ? 0 : clock.closeTs - (clock.ledger - born) * LEDGER_SEC }
}
