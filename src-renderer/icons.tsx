import type { ReactNode } from 'react'

/** 16 x 16 line icons in the text's colour; always beside a word or under a label, so hidden from screen readers. */
function icon(body: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
        {body}
      </svg>
    )
  }
}

export const IconOverview = icon(<path d="M2 13.5h12M3.5 11V8M6.5 11V4.5M9.5 11V6.5M12.5 11V2.5" />)
export const IconNodes = icon(<path d="M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01" strokeLinejoin="round" strokeLinecap="round" />)
export const IconMints = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M5.5 6h5M8 6v5" />
  </>,
)
export const IconPeriods = icon(<path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3" strokeLinejoin="round" />)
export const IconWhatIf = icon(<path d="M2.5 4.5h6M11.5 4.5h2M10 2.8v3.4M2.5 11.5h2M7.5 11.5h6M6 9.8v3.4" strokeLinecap="round" />)
export const IconKeys = icon(
  <>
    <circle cx="5.2" cy="8" r="2.7" />
    <path d="M7.9 8h6M11.2 8v2.6M13.4 8v1.8" strokeLinecap="round" />
  </>,
)
export const IconPayouts = icon(
  <path d="M2 5.5h12v7H2zM4.5 3h7M8 7.4a1.6 1.6 0 1 0 .01 0M4.3 9h.01M11.7 9h.01" strokeLinejoin="round" strokeLinecap="round" />,
)
export const IconVotes = icon(
  <path d="M2.5 9.5v4h11v-4M2.5 9.5l2-2.5h1M13.5 9.5l-2-2.5h-1M5.5 9.5v-7h5v7M6.7 5.8l1 1.1 1.7-2" strokeLinejoin="round" />,
)
export const IconVault = icon(
  <path
    d="M2.5 3h11v9.5h-11zM4.5 12.5v1.5M11.5 12.5v1.5M8 5.2a2.5 2.5 0 1 0 .01 0M8 7.7h.01"
    strokeLinejoin="round"
    strokeLinecap="round"
  />,
)
export const IconSync = icon(
  <path d="M13.2 6.5A5.5 5.5 0 0 0 3.4 5M2.8 9.5a5.5 5.5 0 0 0 9.8 1.5M3.2 2.2V5.2h3M12.8 13.8v-3h-3" strokeLinejoin="round" />,
)
export const IconImport = icon(<path d="M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 10.5v3h11v-3" />)
export const IconSettings = icon(
  <>
    <circle cx="8" cy="8" r="2.2" />
    <path d="M8 1.5v2.2M8 12.3v2.2M1.5 8h2.2M12.3 8h2.2M3.4 3.4 5 5M11 11l1.6 1.6M12.6 3.4 11 5M5 11l-1.6 1.6" />
  </>,
)
export const IconAlerts = icon(
  <path
    d="M3 11.5c1-1.2 1.2-2.4 1.2-4.2a3.8 3.8 0 0 1 7.6 0c0 1.8.2 3 1.2 4.2zM6.7 13.7h2.6M8 2v1.5"
    strokeLinejoin="round"
    strokeLinecap="round"
  />,
)
export const IconCredit = icon(<path d="M2.5 3.5h11v9h-11zM2.5 6.5h11M5 9.8h3" strokeLinejoin="round" />)
export const IconJobs = icon(
  <>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 4.8V8l2.3 1.6" strokeLinecap="round" />
  </>,
)
export const IconStaking = icon(
  <path d="M2.5 11.5h11v2h-11zM4 8.5h8v3M5.5 5.5h5v3M8 1.5v2.2M6.5 2.6h3" strokeLinejoin="round" strokeLinecap="round" />,
)
export const IconRewards = icon(<path d="M8 2.2a3.8 3.8 0 1 0 .01 0M5.7 9.2 4.5 14 8 12.2l3.5 1.8-1.2-4.8" strokeLinejoin="round" />)
export const IconPools = icon(
  <path
    d="M2 10c1.5 0 1.5-1.2 3-1.2S6.5 10 8 10s1.5-1.2 3-1.2 1.5 1.2 3 1.2M2 13c1.5 0 1.5-1.2 3-1.2S6.5 13 8 13s1.5-1.2 3-1.2 1.5 1.2 3 1.2M8 2.5v4M6.2 5 8 6.8 9.8 5"
    strokeLinecap="round"
  />,
)
export const IconGuarantees = icon(<path d="M8 2 13 4v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM5.8 8l1.6 1.6 3-3.2" strokeLinejoin="round" />)
export const IconCurve = icon(<path d="M2.5 2.5v11h11M4.5 11.2c4-.4 6.6-3 8-7.7" strokeLinecap="round" strokeLinejoin="round" />)
export const IconProposals = icon(<path d="M3 2.5h10v8H8.5L5.5 13v-2.5H3zM5.8 6.6l1.5 1.5 2.9-3.2" strokeLinejoin="round" />)
export const IconConfiguration = icon(<path d="M2.5 4h11M2.5 8h11M2.5 12h11M5 2.7v2.6M10.5 6.7v2.6M6.5 10.7v2.6" strokeLinecap="round" />)
export const IconTokens = icon(
  <>
    <circle cx="6" cy="8" r="3.5" />
    <path d="M8.5 5a3.5 3.5 0 1 1 0 6" />
  </>,
)
export const IconAccount = icon(<path d="M2.5 4.5h11v8h-11zM2.5 4.5 10 2.5v2M10 8.5h3.5v2H10z" strokeLinejoin="round" />)
export const IconSearch = icon(
  <>
    <circle cx="7" cy="7" r="4.3" />
    <path d="m10.3 10.3 3.4 3.4" />
  </>,
)
export const IconHelp = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M6.2 6.3a1.8 1.8 0 1 1 2.6 1.6c-.6.3-.8.6-.8 1.2M8 11.2v.3" strokeLinecap="round" />
  </>,
)
export const IconClose = icon(<path d="m4 4 8 8M12 4l-8 8" />)
export const IconStop = icon(<path d="M4 4h8v8H4z" strokeLinejoin="round" />)
export const IconCopy = icon(<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" strokeLinejoin="round" />)
export const IconDownload = icon(<path d="M8 2v8M5 7.2l3 3 3-3M2.5 13.5h11" />)
export const IconColumns = icon(<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" strokeLinejoin="round" />)
export const IconEdit = icon(<path d="m3 13 .6-2.7 7.2-7.2 2.1 2.1-7.2 7.2z" strokeLinejoin="round" />)
export const IconArrowUp = icon(<path d="M8 13V3.5M4.5 7 8 3.5 11.5 7" />)
export const IconBack = icon(<path d="M13 8H3.5M7 4.5 3.5 8 7 11.5" strokeLinecap="round" strokeLinejoin="round" />)
export const IconArrowDown = icon(<path d="M8 3v9.5M4.5 9 8 12.5 11.5 9" />)
export const IconRight = icon(<path d="m6 3.5 4.5 4.5L6 12.5" />)
export const IconNode = IconNodes
export const IconFarm = icon(<path d="M2.5 7 8 2.5 13.5 7v6.5h-11zM6.3 13.5V9.5h3.4v4" strokeLinejoin="round" />)
export const IconReceipt = icon(<path d="M3.5 2h9v12l-2.2-1.4L8 14l-2.3-1.4L3.5 14zM6 5.5h4M6 8.5h4" strokeLinejoin="round" />)
export const IconChevron = icon(<path d="M4 6l4 4 4-4" strokeLinecap="round" strokeLinejoin="round" />)
export const IconAudit = icon(
  <>
    <path d="M3 2h7l2.5 2.5V8M3 2v12h5M5.5 5.5H9M5.5 8.5h2" strokeLinejoin="round" strokeLinecap="round" />
    <path d="m9 12 1.7 1.7L14 10" strokeLinecap="round" strokeLinejoin="round" />
  </>,
)
