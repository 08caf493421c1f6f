import type { Rules } from '../src-shared/mint.ts'
import { usdExact } from '../src-shared/money.ts'
import { PERIOD_SEC } from '../src-shared/time.ts'
import {
  bytesFromGib,
  gibFromBytes,
  hoursFromSec,
  musdFromUsd,
  percentFromUptime,
  secFromHours,
  uptimeFromPercent,
  type WhatIfAnswer,
  type WhatIfFigures,
} from '../src-shared/what-if.ts'
import { texts } from './texts.ts'

/*
 * The form of the page What-if: what was changed of a node's figures, as the texts that stand in the fields. What nobody changed is not in
 * it and stays exactly as the node has it.
 */

export const fieldIds = [
  'cru',
  'mru',
  'sru',
  'hru',
  'nru',
  'ip',
  'uptime',
  'price',
  'policyCu',
  'policySu',
  'policyNu',
  'policyIp',
  'policySla',
] as const
export type FieldId = (typeof fieldIds)[number]

export interface Form {
  fields: Partial<Record<FieldId, string>>
  certified?: boolean
  policyId?: number
  rules?: Rules
}

export const untouched: Form = { fields: {} }

interface Field {
  show: (figures: WhatIfFigures) => string
  /** the figures with what the text says; a problem where it says nothing */
  read: (figures: WhatIfFigures, text: string) => WhatIfFigures | string
}

const words = texts.whatIf.problems
/** No node has more: 2^40 cores, or as many GiB or hours. */
const LARGE = 2n ** 40n

const gib = (member: 'mru' | 'sru' | 'hru' | 'nruBytes'): Field => ({
  show: figures => gibFromBytes(figures[member]),
  read: (figures, text) => amount(bytesFromGib(text), 2n ** 30n, value => ({ ...figures, [member]: value })),
})

const policyPrice = (member: 'cu' | 'su' | 'nu' | 'ipv4'): Field => ({
  show: ({ policy }) => usdExact(BigInt(policy[member])),
  read(figures, text) {
    const musd = musdFromUsd(text)
    return musd === null ? words.usd : { ...figures, policy: { ...figures.policy, [member]: musd } }
  },
})

const fields: Record<FieldId, Field> = {
  cru: {
    show: ({ cru }) => String(cru),
    read: (figures, text) => (/^\d{1,30}$/.test(text) ? amount(BigInt(text), 1n, cru => ({ ...figures, cru })) : words.whole),
  },
  mru: gib('mru'),
  sru: gib('sru'),
  hru: gib('hru'),
  nru: gib('nruBytes'),
  ip: {
    show: ({ ipSec }) => hoursFromSec(ipSec),
    read: (figures, text) => amount(secFromHours(text), 3_600n, ipSec => ({ ...figures, ipSec })),
  },
  uptime: {
    show: ({ uptimeSec }) => percentFromUptime(uptimeSec),
    read(figures, text) {
      const uptimeSec = uptimeFromPercent(text)
      return uptimeSec === null ? words.percent : { ...figures, uptimeSec }
    },
  },
  price: {
    show: ({ connectionPriceMusd }) => usdExact(BigInt(connectionPriceMusd)),
    read(figures, text) {
      const connectionPriceMusd = musdFromUsd(text)
      return connectionPriceMusd === null || connectionPriceMusd === 0 ? words.price : { ...figures, connectionPriceMusd }
    },
  },
  policyCu: policyPrice('cu'),
  policySu: policyPrice('su'),
  policyNu: policyPrice('nu'),
  policyIp: policyPrice('ipv4'),
  policySla: {
    show: ({ policy }) => String(policy.minimalUptime),
    read(figures, text) {
      const minimalUptime = Number(text)
      if (!/^\d{1,4}$/.test(text) || minimalUptime > 1000) return words.permille
      return { ...figures, policy: { ...figures.policy, minimalUptime } }
    },
  },
}

function amount(value: bigint | null, unit: bigint, put: (value: bigint) => WhatIfFigures): WhatIfFigures | string {
  if (value === null) return words.amount
  return value > LARGE * unit ? words.large : put(value)
}

export interface ReadForm {
  /** the node's own with what was changed; a figure that can't be read is the node's own */
  figures: WhatIfFigures
  problems: Partial<Record<FieldId, string>>
  isChanged: boolean
}

/** What the form comes to for a node. */
export function readForm(form: Form, { own, policies }: Pick<WhatIfAnswer, 'own' | 'policies'>): ReadForm {
  let figures = baseOf(form, { own, policies })
  const problems: ReadForm['problems'] = {}
  let isChanged = figures.certified !== own.certified || figures.policy !== own.policy
  for (const id of fieldIds) {
    const text = form.fields[id]?.trim()
    // as it stood there: nothing was changed, however the figure goes on behind what is shown
    if (text === undefined || text === fields[id].show(figures)) continue
    const read = fields[id].read(figures, text)
    isChanged = true
    if (typeof read === 'string') problems[id] = read
    else figures = read
  }
  return { figures, problems, isChanged }
}

/** The figures before the fields: the node's own, and those of the policy that was chosen. */
export function baseOf(form: Form, { own, policies }: Pick<WhatIfAnswer, 'own' | 'policies'>): WhatIfFigures {
  const chosen = form.policyId === undefined ? undefined : policies.find(({ id }) => id === form.policyId)
  const policy = chosen === undefined || chosen.id === own.policy.id ? own.policy : pricesOf(chosen)
  return { ...own, certified: form.certified ?? own.certified, policy }
}

function pricesOf({ id, cu, su, nu, ipv4, minimalUptime }: WhatIfAnswer['policies'][number]): WhatIfFigures['policy'] {
  return { id, cu, su, nu, ipv4, minimalUptime }
}

/** What stands in a field. */
export function fieldText(form: Form, id: FieldId, base: WhatIfFigures): string {
  return form.fields[id] ?? fields[id].show(base)
}

/** What a figure is without the form's change of it, as its field would show it. */
export function ownText(id: FieldId, base: WhatIfFigures): string {
  return fields[id].show(base)
}

/** Another policy brings its own prices. */
export function withPolicy(form: Form, policyId: number): Form {
  const { policyCu, policySu, policyNu, policyIp, policySla, ...rest } = form.fields
  return { ...form, fields: rest, policyId }
}

export function withField(form: Form, id: FieldId, text: string): Form {
  return { ...form, fields: { ...form.fields, [id]: text } }
}

/** 1 TB as disks are sold. */
const TERABYTE = 10n ** 12n

/** The form after one of the suggestions, which all begin with the figures that stand in it. */
export const suggestions = {
  doubleMemory: (form: Form, { mru }: WhatIfFigures) => withField(form, 'mru', gibFromBytes(mru * 2n)),
  addSsd: (form: Form, { sru }: WhatIfFigures) => withField(form, 'sru', gibFromBytes(sru + TERABYTE)),
  uptime999: (form: Form) => withField(form, 'uptime', '99.9'),
  certify: (form: Form, { certified }: WhatIfFigures): Form => ({ ...form, certified: !certified }),
}

/** The form with so much more of what limits the compute units. */
export function withMore(form: Form, figures: WhatIfFigures, more: { cru: bigint; mru: bigint; sru: bigint }): Form {
  let next = form
  if (more.cru > 0n) next = withField(next, 'cru', String(figures.cru + more.cru))
  // shown figures are cut, so the last digit goes up: the step must be taken in full
  for (const id of ['mru', 'sru'] as const) if (more[id] > 0n) next = withField(next, id, gibUp(figures[id] + more[id]))
  return next
}

function gibUp(bytes: bigint): string {
  const text = gibFromBytes(bytes)
  return bytesFromGib(text) === bytes ? text : gibFromBytes(bytes + 2n ** 30n / 1000n)
}

/** The next policy of the chain after the one in the form; null where there is only one. */
export function nextPolicy(figures: WhatIfFigures, policies: WhatIfAnswer['policies']): number | null {
  if (policies.length < 2) return null
  const at = policies.findIndex(({ id }) => id === figures.policy.id)
  return policies[(at + 1) % policies.length]!.id
}

/** What is kept with a step of the browser's history, so that Back brings it again; anything else is an untouched form. */
export function formFromState(state: unknown): Form {
  const kept = (state as { whatIf?: Form } | null)?.whatIf
  if (typeof kept !== 'object' || kept === null || typeof kept.fields !== 'object' || kept.fields === null) return untouched
  return kept
}

/** Uptime in permille with its fraction, for a figure in per cent. */
export function exactUptime({ uptimeSec }: Pick<WhatIfFigures, 'uptimeSec'>): number {
  return Math.min((uptimeSec * 1000) / PERIOD_SEC, 1000)
}
