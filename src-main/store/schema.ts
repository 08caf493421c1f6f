import type { Generated } from 'kysely'
import type { ChainStage } from '../../src-shared/chain-contract.ts'

/** An import: one archive of one period. Readers see the `current` one of each period only. */
export interface ImportsTable {
  id: Generated<number>
  period: number
  state: 'writing' | 'current' | 'dropping'
  /** an archive is there when its import is finished; what the sync writes grows while readers see it */
  origin: 'archive' | 'sync'
  /** of a sync: the followed farms and nodes as JSON (sync-period.ts); null: the whole grid */
  scope: string | null
  network: string
  period_start: number
  period_end: number
  start_block: number
  end_block: number
  /** time of the end snapshot's block */
  end_ts: number
  nodes: number
  farms: number
  source: string
  /** SHA-256 over header and snapshots: what a resumed import must be the same in */
  identity: string
  start_hash: string
  end_hash: string
  /** chunks and events stored so far, and the last block that has events */
  chunks: number
  events: number
  last_block: number
  /** the archive's first line that is not stored yet, as JSON; null when finished */
  position: string | null
  covered_block: number
  covered_ts: number
  /** of a sync: the hash of block covered_block, hex; else empty */
  covered_hash: string
  /** of a sync: Asked of src-shared/verify.ts as JSON; null where it was read before that was kept */
  asked: string | null
  /** SHA-256 over identity and chunks, once finished: what results and books may rest on */
  digest: string | null
  started_ts: number
  finished_ts: number | null
}

export interface SnapshotsTable {
  import_id: number
  part: 'header' | 'start' | 'end'
  json: string
}

/** One per chunk: its blocks, its buckets, the contracts made in it (see codec-head.ts). */
export interface ChunksTable {
  /** import * 2^14 + chunk */
  id: number
  head: Buffer
}

/** One per chunk and bucket: the events (see codec-bucket.ts). */
export interface EventsTable {
  /** import * 2^41 + chunk * 2^27 + bucket */
  id: number
  data: Buffer
}

export interface PeriodResultsTable {
  period: number
  /** digest of the facts that the results were computed from */
  facts_digest: string
  summary: string
}

export interface NodeResultsTable {
  period: number
  node_id: number
  twin_id: number
  farm_id: number
  farm_name: string
  payout_address: string
  policy_id: number
  certified: number
  virtualized: number
  country: string
  city: string
  violation: string | null
  measured_uptime_sec: number
  slow_boots: number
  last_report_ts: number | null
  sleeping_since_ts: number | null
  reward_musd: string
  reward_units: string
  full_musd: string
  full_units: string
  sla_permille: number
  scaled: number
  hash: string
  /** JSON */
  outlook: string | null
}

/** The bulky part of a node's result, apart so that lists need not read over it. */
export interface NodeTextsTable {
  period: number
  node_id: number
  receipt: string
  overview_line: string
  days: Buffer
}

/** What rule set node-period gave for the time of one fixed period. */
export interface NodeRunsTable {
  period: number
  /** hash of all that it rests on (see nodeRunKey) */
  key: string
  covered_block: number
  /** nodes whose state is stored, mints that closed */
  open: number
  mints: number
  /** those that have states, as JSON */
  buckets: string
  computed_ts: number
  problems: string
}

/** The running states of 64 nodes after a period's end block. */
export interface NodeStatesTable {
  period: number
  bucket: number
  json: string
  /** CRC-32 of place and text */
  crc: number
}

/** A node's own period that runs after the period's last known block, as if it ended now (OpenRow of node-mints.ts). */
export interface NodeOpenTable {
  period: number
  node_id: number
  json: string
}

export interface NodeMintsTable {
  node_id: number
  start_ts: number
  end_ts: number
  /** the fixed period in which it was closed */
  period: number
  closed_ts: number
  farm_id: number
  farm_name: string
  farm_twin_id: number | null
  policy_id: number
  uptime_sec: number
  violation: string | null
  outcome: string
  reward_units: string
  carbon_units: string
  utilization: string
  hash: string
  record: string
}

/** The one chain that this store follows. */
export interface ChainTable {
  id: 1
  network: string
  /** hash of block 0, hex */
  genesis: string
}

export interface RuntimesTable {
  spec_version: number
  first_block: number
  /** SCALE bytes, zstd */
  metadata: Buffer
}

/** Hashes of the newest blocks, and of checkpoints before them (see chain.ts). */
export interface BlocksTable {
  n: number
  hash: Buffer
  ts: number
}

export interface FactsTables {
  chain: ChainTable
  runtimes: RuntimesTable
  blocks: BlocksTable
  imports: ImportsTable
  snapshots: SnapshotsTable
  chunks: ChunksTable
  events: EventsTable
  period_results: PeriodResultsTable
  node_results: NodeResultsTable
  node_texts: NodeTextsTable
  node_runs: NodeRunsTable
  node_states: NodeStatesTable
  node_mints: NodeMintsTable
  node_open: NodeOpenTable
}

export interface AuditTable {
  seq: number
  ts: number
  actor: string
  action: string
  subject: string
  details: string
  previous: string
  hash: string
}

export interface AuditHeadTable {
  id: number
  entries: number
  hash: string
}

export interface AnswersTable {
  actor: string
  key: string
  command: string
  /** SHA-256 of the input's canonical JSON */
  input_hash: string
  output: string
  ts: number
}

export interface SettingsTable {
  name: string
  value: string
}

export interface LabelsTable {
  node_id: number
  label: string
  note: string
  changed_ts: number
}

export interface MintDecisionsTable {
  network: string
  node_id: number
  start_ts: number
  mint_id: string
  decision: string
  changed_ts: number
}

export interface VaultTransfersTable {
  network: string
  tx: string
  ts: number
  amount_units: string
  memo: string | null
  note: string
  added_ts: number
}

/** One key of the vault (see core/keys.ts); its secret stands in `box` only. */
export interface KeysTable {
  id: string
  name: string
  kind: 'stellar' | 'sr25519' | 'ed25519'
  origin: 'made' | 'words' | 'seed' | 'json' | 'watch'
  /** hex */
  public_key: string
  address: string
  path: string
  /** signing/key-box.ts, wrapped once more where bound_to says so; null: only watched */
  box: Buffer | null
  bound_to: string | null
  /** which words are still to be asked back, as JSON; null: none */
  ask: string | null
  created_ts: number
}

/** How often passphrases were wrong since one was right, and when the last was tried. One row. */
export interface KeyTriesTable {
  id: 1
  wrong: number
  last_ts: number
}

export interface PayoutRunsTable {
  /** hash of the canonical plan, hex */
  id: string
  network: string
  /** `period 102`, or `mints` */
  subject: string
  /** the canonical plan */
  plan: string
  made_here: number
  /** a key of this store signed it */
  signed_here: number
  stage: string
  added_ts: number
  changed_ts: number
}

export interface PayoutRowsTable {
  run_id: string
  place: number
  network: string
  receipt: string
  /** the receipt, or for a retry the one that it stands for */
  origin: string
  node_id: number
  farm_id: number
  payee: string
  amount_units: string
  stage: string
  /** the transaction that paid it */
  tx: string | null
  ledger: number | null
  paid_ts: number | null
  is_foreign: number
  conflict: string
  /** see payment-marks.ts; null: kept before there were marks */
  mark: string | null
}

export interface PayoutEnvelopesTable {
  hash: string
  run_id: string
  place: number
  generation: number
  kind: string
  min_ts: number
  max_ts: number
  fee_stroops: number
  /** base64 of the XDR, without signatures */
  envelope: string
  stage: string
}

export interface PayoutSignaturesTable {
  hash: string
  signer: string
  /** base64, checked before it was kept */
  signature: string
}

export interface PayoutApprovalsTable {
  run_id: string
  signer: string
  /** over the run's id, base64 */
  signature: string
  added_ts: number
}

export interface PayoutAttemptsTable {
  id: Generated<number>
  hash: string
  sent_ts: number
  /** null: no answer yet */
  outcome: string | null
  note: string
}

/** Who may vote on a network (SignerSet of src-shared/votes-contract.ts, JSON). */
export interface VoteSignersTable {
  network: string
  signer_set: string
  changed_ts: number
}

/** The latest vote of one signer on one subject; both as their names of signing/votes/statement.ts. */
export interface VotesTable {
  network: string
  signers_hash: string
  subject: string
  signer: string
  cast_ts: number
  /** statement and signature */
  vote: Buffer
  added_ts: number
}

/** What votes rest on (Basis of src-shared/verify.ts, JSON), by its hash. */
export interface VoteBasesTable {
  hash: string
  basis: string
}

/** What was paid or decided after its votes: nothing more counts on it. */
export interface VoteExecutionsTable {
  network: string
  subject: string
  amount_units: string
  plan_hash: string
  how: string
  ts: number
  /** empty: no run of this program */
  run_id: string
}

/** A call to the grid's chain, from its bytes to what became of it (chain-calls.ts). */
export interface ChainCallsTable {
  id: string
  /** what was said when it was prepared (JSON, store/chain-calls.ts) */
  told: string
  network: string
  /** what was asked for (ChainCall of src-shared/chain-contract.ts, JSON) */
  call: string
  /** of the key that signs: its kind, 32 bytes as hex, and its address */
  key_kind: 'sr25519' | 'ed25519'
  public_key: string
  address: string
  /** what is signed, and the runtime that it is for (chain_runtimes) */
  payload: Buffer
  runtime: string
  nonce: number
  first_block: number
  last_block: number
  /** as it is sent, and its hash */
  extrinsic: Buffer | null
  hash: string | null
  stage: ChainStage
  /** how often it was sent, or was about to be */
  attempts: number
  /** no finalized block up to this one has it */
  searched_to: number
  block_n: number | null
  block_hash: string | null
  error: string | null
  fee_units: string | null
  note: string
  replaces: string | null
  created_ts: number
  sent_ts: number | null
  ended_ts: number | null
}

/** Metadata (zstd) of the runtimes that calls were made for, by its SHA-256. */
export interface ChainRuntimesTable {
  hash: string
  network: string
  spec_version: number
  metadata: Buffer
  added_ts: number
}

export interface BooksTables {
  chain_calls: ChainCallsTable
  chain_runtimes: ChainRuntimesTable
  keys: KeysTable
  key_tries: KeyTriesTable
  audit: AuditTable
  audit_head: AuditHeadTable
  answers: AnswersTable
  settings: SettingsTable
  labels: LabelsTable
  mint_decisions: MintDecisionsTable
  vault_transfers: VaultTransfersTable
  payout_runs: PayoutRunsTable
  payout_rows: PayoutRowsTable
  payout_envelopes: PayoutEnvelopesTable
  payout_signatures: PayoutSignaturesTable
  payout_approvals: PayoutApprovalsTable
  payout_attempts: PayoutAttemptsTable
  vote_signers: VoteSignersTable
  votes: VotesTable
  vote_bases: VoteBasesTable
  vote_executions: VoteExecutionsTable
}
