import { group, tftShort } from './money.ts'
import { listed } from './text.ts'
import { type CuLimit, gibFromBytes, type WhatIfAnswer, type WhatIfOutcome } from './what-if.ts'

/** What limits a node's compute units and what more of it earns, in words: the same on the command line and on screen. */

/** Why a node's period pays nothing whatever its figures, which a what-if leaves out; null: nothing does. */
export function leftOut({ virtualized, violation }: Pick<WhatIfAnswer, 'virtualized' | 'violation'>): 'virtual' | 'violation' | null {
  if (virtualized) return 'virtual'
  return violation === null ? null : 'violation'
}

const names: Record<CuLimit['by'][number], string> = { cru: 'cores', mru: 'memory', sru: 'SSD' }

/** `SSD limits its compute units: up to 500 GiB more would earn 3.10 TFT more a period.` Amounts as screens show them. */
export function limitText({ limit, slaMet, units }: Pick<WhatIfOutcome, 'limit' | 'slaMet' | 'units'>): string {
  const { by, more, gainUnits } = limit
  const who = listed(by.map(kind => names[kind]))
  const limits = `${who.charAt(0).toUpperCase()}${who.slice(1)} ${by.length === 1 && by[0] !== 'cru' ? 'limits' : 'limit'} its compute units`
  if (by.length === 3) return `${limits} alike: more of one of them alone adds none.`
  const step = listed(
    by.map(kind =>
      kind === 'cru' ? counted(more.cru) : `${group(gibFromBytes(more[kind]))} GiB${by.length > 1 ? ` of ${names[kind]}` : ''}`,
    ),
  )
  const alike = by.length > 1 ? ' alike' : ''
  if (gainUnits > 0n) return `${limits}${alike}: up to ${step} more would earn ${tftShort(gainUnits)} TFT more a period.`
  if (!slaMet && units === 0n) return `${limits}${alike}, but more of it earns nothing while the SLA is missed.`
  return `${limits}${alike}, but up to ${step} more would earn nothing more at these prices.`
}

function counted(cores: bigint): string {
  return cores === 1n ? '1 core' : `${group(String(cores))} cores`
}
