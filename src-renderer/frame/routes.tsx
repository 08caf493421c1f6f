import type { ComponentType } from 'react'
import {
  IconAccount,
  IconAlerts,
  IconAudit,
  IconConfiguration,
  IconCredit,
  IconCurve,
  IconDownload,
  IconGuarantees,
  IconHelp,
  IconImport,
  IconJobs,
  IconKeys,
  IconMints,
  IconNodes,
  IconOverview,
  IconPayouts,
  IconPeriods,
  IconPools,
  IconProposals,
  IconRewards,
  IconSettings,
  IconStaking,
  IconSync,
  IconTokens,
  IconVault,
  IconVotes,
  IconWhatIf,
} from '../icons.tsx'
import { AccountPage } from '../pages/account.tsx'
import { AlertsPage } from '../pages/alerts.tsx'
import { AuditPage } from '../pages/audit.tsx'
import { BridgeVaultPage } from '../pages/bridge-vault.tsx'
import { ComparePage } from '../pages/compare.tsx'
import { ConfigurationPage } from '../pages/configuration.tsx'
import { CreditPage } from '../pages/credit.tsx'
import { CurvePage } from '../pages/curve.tsx'
import { ExportsPage, StatementPage } from '../pages/exports.tsx'
import { GuaranteesPage } from '../pages/guarantees.tsx'
import { HelpPage } from '../pages/help.tsx'
import { ImportPage } from '../pages/import.tsx'
import { JobsPage } from '../pages/jobs.tsx'
import { KeysPage } from '../pages/keys.tsx'
import { NodeLinkPage, PeriodLinkPage, RefusedPage, RunLinkPage } from '../pages/linked.tsx'
import { MintsPage } from '../pages/mints.tsx'
import { NodePage } from '../pages/node.tsx'
import { NodesPage } from '../pages/nodes.tsx'
import { OpenedPage } from '../pages/opened.tsx'
import { OverviewPage } from '../pages/overview.tsx'
import { PayoutPage } from '../pages/payout.tsx'
import { PayoutsPage } from '../pages/payouts.tsx'
import { PeriodPage } from '../pages/period.tsx'
import { PeriodsPage } from '../pages/periods.tsx'
import { PoolsPage } from '../pages/pools.tsx'
import { ProposalsPage } from '../pages/proposals.tsx'
import { ReceiptPage } from '../pages/receipt-link.tsx'
import { RewardsPage } from '../pages/rewards.tsx'
import { SettingsPage } from '../pages/settings.tsx'
import { StakingPage } from '../pages/staking.tsx'
import { SyncPage, SyncSetupPage } from '../pages/sync.tsx'
import { TokensPage } from '../pages/tokens.tsx'
import { VotesPage } from '../pages/votes.tsx'
import { WhatIfPage } from '../pages/what-if.tsx'
import { texts } from '../texts.ts'

export interface AppRoute {
  /** pattern for wouter; parameters arrive as props.params */
  path: string
  title: string
  page: ComponentType<{ params: Record<string, string | undefined> }>
  /** where it stands in the rail; absent: reached from other pages */
  rail?: { section: 'farm' | 'sign' | 'treasury' | 'app'; icon: ComponentType<{ size?: number }> }
}

/** Every page of the app, in the order of the rail. */
export const routes: AppRoute[] = [
  { path: '/', title: texts.rail.overview, page: OverviewPage, rail: { section: 'farm', icon: IconOverview } },
  { path: '/nodes', title: texts.rail.nodes, page: NodesPage, rail: { section: 'farm', icon: IconNodes } },
  { path: '/nodes/:id/:period?', title: texts.rail.nodes, page: NodePage },
  { path: '/mints', title: texts.rail.mints, page: MintsPage, rail: { section: 'farm', icon: IconMints } },
  { path: '/periods', title: texts.rail.periods, page: PeriodsPage, rail: { section: 'farm', icon: IconPeriods } },
  { path: '/periods/:index', title: texts.rail.periods, page: PeriodPage },
  { path: '/periods/:index/compare', title: texts.compare.title, page: ComparePage },
  { path: '/what-if', title: texts.whatIf.title, page: WhatIfPage, rail: { section: 'farm', icon: IconWhatIf } },
  { path: '/what-if/:id', title: texts.whatIf.title, page: WhatIfPage },
  { path: '/payouts', title: texts.pay.title, page: PayoutsPage, rail: { section: 'sign', icon: IconPayouts } },
  { path: '/payouts/:id', title: texts.pay.title, page: PayoutPage },
  { path: '/votes', title: texts.votes.title, page: VotesPage, rail: { section: 'sign', icon: IconVotes } },
  { path: '/keys', title: texts.keys.title, page: KeysPage, rail: { section: 'sign', icon: IconKeys } },
  { path: '/tokens', title: texts.tokens.title, page: TokensPage, rail: { section: 'treasury', icon: IconTokens } },
  { path: '/tokens/:token', title: texts.tokens.title, page: TokensPage },
  { path: '/account', title: texts.account.title, page: AccountPage, rail: { section: 'treasury', icon: IconAccount } },
  { path: '/bridge-vault', title: texts.vault.title, page: BridgeVaultPage, rail: { section: 'treasury', icon: IconVault } },
  { path: '/staking', title: texts.staking.title, page: StakingPage, rail: { section: 'treasury', icon: IconStaking } },
  { path: '/rewards', title: texts.rewards.title, page: RewardsPage, rail: { section: 'treasury', icon: IconRewards } },
  { path: '/credit', title: texts.credit.title, page: CreditPage, rail: { section: 'treasury', icon: IconCredit } },
  { path: '/pools', title: texts.pools.title, page: PoolsPage, rail: { section: 'treasury', icon: IconPools } },
  { path: '/guarantees', title: texts.guarantees.title, page: GuaranteesPage, rail: { section: 'treasury', icon: IconGuarantees } },
  { path: '/curve', title: texts.curve.title, page: CurvePage, rail: { section: 'treasury', icon: IconCurve } },
  { path: '/proposals', title: texts.proposals.title, page: ProposalsPage, rail: { section: 'treasury', icon: IconProposals } },
  { path: '/jobs', title: texts.jobs.title, page: JobsPage, rail: { section: 'treasury', icon: IconJobs } },
  {
    path: '/configuration',
    title: texts.configuration.title,
    page: ConfigurationPage,
    rail: { section: 'treasury', icon: IconConfiguration },
  },
  { path: '/audit', title: texts.audit.title, page: AuditPage, rail: { section: 'app', icon: IconAudit } },
  { path: '/exports', title: texts.exports.title, page: ExportsPage, rail: { section: 'app', icon: IconDownload } },
  { path: '/exports/statement', title: texts.exports.parts.statement, page: StatementPage },
  { path: '/alerts', title: texts.alerts.title, page: AlertsPage, rail: { section: 'app', icon: IconAlerts } },
  { path: '/sync', title: texts.rail.sync, page: SyncPage, rail: { section: 'app', icon: IconSync } },
  { path: '/sync/setup', title: texts.sync.setupTitle, page: SyncSetupPage },
  { path: '/import', title: texts.rail.import, page: ImportPage, rail: { section: 'app', icon: IconImport } },
  { path: '/receipt/:hash', title: texts.desktop.receipt.title, page: ReceiptPage },
  { path: '/node/:id', title: texts.rail.nodes, page: NodeLinkPage },
  { path: '/period/:id', title: texts.rail.periods, page: PeriodLinkPage },
  { path: '/run/:id', title: texts.pay.title, page: RunLinkPage },
  { path: '/refused/:kind/:text?', title: texts.desktop.refused.title, page: RefusedPage },
  { path: '/opened/:number', title: texts.desktop.opened.title, page: OpenedPage },
  { path: '/settings', title: texts.rail.settings, page: SettingsPage, rail: { section: 'app', icon: IconSettings } },
  { path: '/help', title: texts.help.title, page: HelpPage, rail: { section: 'app', icon: IconHelp } },
  { path: '/help/:topic/:anchor?', title: texts.help.title, page: HelpPage },
]

/** The page at `location` is the route's, or one below it. */
export function isCurrent({ path }: AppRoute, location: string): boolean {
  const [head = ''] = location.slice(1).split('/')
  const [own = ''] = path.slice(1).split('/')
  return head === own
}
