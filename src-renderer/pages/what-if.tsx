import { Button, SegmentedControl, Select, Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Topic } from '../../src-shared/contract.ts'
import { type Rules, rulesSchema } from '../../src-shared/mint.ts'
import { cleanName } from '../../src-shared/text.ts'
import { type WhatIfAnswer, whatIfFiguresSchema } from '../../src-shared/what-if.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { nodePath, whatIfPath } from '../links.ts'
import { useStore } from '../store.ts'
import { texts } from '../texts.ts'
import {
  type Form,
  formFromState,
  nextPolicy,
  type ReadForm,
  readForm,
  suggestions,
  untouched,
  withMore,
  withPolicy,
} from '../what-if-form.ts'
import page from './page.module.css'
import classes from './what-if.module.css'
import { WhatIfForm } from './what-if-form.tsx'
import { WhatIfResult } from './what-if-result.tsx'

const words = texts.whatIf
const topics: Topic[] = ['facts', 'results', 'mints', 'settings']
/** What is typed is asked for once it stands still for so long. */
const SETTLED_MS = 200

/** What a period of a node would pay with other figures: the node's form beside what it changes. */
export function WhatIfPage({ params }: { params: Record<string, string | undefined> }) {
  const farmId = useStore(state => state.settings)?.myFarms[0]
  const first = useQuery('nodes.list', { limit: 1, ...(farmId === undefined ? {} : { farmId }) }, ['results'])
  const wanted = params.id === undefined ? first.data?.rows[0]?.nodeId : Number(params.id)
  if (params.id !== undefined && !/^\d{1,10}$/.test(params.id))
    return (
      <Head>
        <p>
          {words.noSuchNode(params.id)} <Link href="/nodes">{texts.rail.nodes}</Link>
        </p>
      </Head>
    )
  if (first.error)
    return (
      <Head>
        <ErrorPanel error={first.error} onRetry={first.refetch} />
      </Head>
    )
  if (wanted === undefined)
    return (
      <Head>
        {first.data ? (
          <EmptyState title={texts.nodes.emptyTitle} action={<Link href="/import">{texts.overview.emptyAction}</Link>}>
            {texts.overview.emptyText}
          </EmptyState>
        ) : (
          <Skeleton height={420} />
        )}
      </Head>
    )
  return <WhatIfOfNode key={wanted} nodeId={wanted} />
}

function Head({ children }: { children: React.ReactNode }) {
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{words.title}</h1>
      </div>
      {children}
    </div>
  )
}

/** The form, kept with the step of the browser's history that it belongs to: Back brings the one before again. */
function useForm(): [Form, (form: Form, step: 'replace' | 'push') => void] {
  const [form, setForm] = useState(() => formFromState(window.history.state))
  useEffect(() => {
    const back = () => setForm(formFromState(window.history.state))
    window.addEventListener('popstate', back)
    return () => window.removeEventListener('popstate', back)
  }, [])
  return [
    form,
    (next, step) => {
      window.history[step === 'push' ? 'pushState' : 'replaceState']({ whatIf: next }, '')
      setForm(next)
    },
  ]
}

function WhatIfOfNode({ nodeId }: { nodeId: number }) {
  const [form, setForm] = useForm()
  const rules = form.rules === undefined ? {} : { rules: form.rules }
  const base = useQuery('whatIf.get', { nodeId, ...rules }, topics, { keepPrevious: true })
  // an answer by the other rule set stays on screen until its own is there, but nothing is worked out from it
  const own = base.data
  const read = own ? readForm(form, own) : null
  const asks = read?.isChanged === true && Object.keys(read.problems).length === 0
  const key = read && asks ? JSON.stringify(whatIfFiguresSchema.encode(read.figures)) : ''
  const [settled] = useDebouncedValue(key, SETTLED_MS)
  const changed = useQuery(
    'whatIf.get',
    { nodeId, ...rules, ...(settled === '' ? {} : { figures: JSON.parse(settled) as never }) },
    topics,
    { enabled: settled !== '', keepPrevious: true },
  )
  const isFresh = key !== '' && key === settled && !changed.stale
  const push = (next: Form) => setForm(next, 'push')
  return (
    <div className={page.page}>
      <div className={page.head}>
        <h1>{words.title}</h1>
        <span className={page.dim}>{words.intro}</span>
      </div>
      <div className={classes.choice}>
        <NodeChoice nodeId={nodeId} answer={own} rules={form.rules} />
        <RulesChoice
          rules={form.rules ?? own?.networkRules}
          network={own?.networkRules}
          onChange={chosen => push({ ...form, rules: chosen })}
        />
        <Link href={nodePath(nodeId)} className={page.link}>
          {words.toNode(nodeId)}
        </Link>
      </div>
      {base.error ? <ErrorPanel error={base.error} onRetry={base.refetch} /> : null}
      {own && read && !base.error ? (
        <>
          <Presets form={form} read={read} answer={own} onChange={push} />
          <div className={classes.sides} aria-busy={base.stale}>
            <WhatIfForm form={form} read={read} answer={own} onChange={setForm} />
            <div className={page.stack}>
              {changed.error && asks ? <ErrorPanel error={changed.error} onRetry={changed.refetch} /> : null}
              <WhatIfResult
                answer={own}
                changed={asks && !changed.error ? (changed.data?.changed ?? null) : null}
                read={read}
                busy={asks && !isFresh}
                onMore={more => push(withMore(form, read.figures, more))}
              />
            </div>
          </div>
        </>
      ) : base.error ? null : (
        <Skeleton height={420} />
      )}
    </div>
  )
}

/** Finds a node by number, label or farm. */
function NodeChoice({ nodeId, answer, rules }: { nodeId: number; answer: WhatIfAnswer | undefined; rules: Rules | undefined }) {
  const [, navigate] = useLocation()
  const [text, setText] = useState('')
  const current = {
    value: String(nodeId),
    label: answer ? words.nodeOption(nodeId, cleanName(answer.label), cleanName(answer.farmName), answer.farmId) : String(nodeId),
  }
  const [search] = useDebouncedValue(text === current.label ? '' : text.trim(), SETTLED_MS)
  const found = useQuery('nodes.list', { limit: 50, ...(search === '' ? {} : { search }) }, ['results', 'labels'], { keepPrevious: true })
  const options = (found.data?.rows ?? []).map(row => ({
    value: String(row.nodeId),
    label: words.nodeOption(row.nodeId, cleanName(row.label), cleanName(row.farmName), row.farmId),
  }))
  if (!options.some(({ value }) => value === current.value)) options.unshift(current)
  return (
    <Select
      className={classes.node}
      label={words.node}
      placeholder={words.nodeHint}
      data={options}
      value={current.value}
      onChange={value => {
        if (value === null || value === current.value) return
        navigate(whatIfPath(Number(value)), { state: { whatIf: { ...untouched, ...(rules === undefined ? {} : { rules }) } } })
      }}
      searchable
      // the core has searched, by more than what the option says
      filter={({ options: all }) => all}
      onSearchChange={setText}
      nothingFoundMessage={words.nodeNone}
      allowDeselect={false}
      selectFirstOptionOnChange
    />
  )
}

function RulesChoice({
  rules,
  network,
  onChange,
}: {
  rules: Rules | undefined
  network: Rules | undefined
  onChange: (rules: Rules) => void
}) {
  return (
    <fieldset className={classes.rules} title={network ? words.rulesPay(network) : undefined}>
      <legend>{words.rules}</legend>
      <SegmentedControl
        data={rulesSchema.options.map(value => ({ value, label: words.rulesNames[value] }))}
        value={rules ?? 'v3'}
        onChange={value => onChange(rulesSchema.parse(value))}
        transitionDuration={0}
      />
    </fieldset>
  )
}

function Presets({
  form,
  read: { figures, isChanged },
  answer,
  onChange,
}: {
  form: Form
  read: ReadForm
  answer: WhatIfAnswer
  onChange: (form: Form) => void
}) {
  const other = nextPolicy(figures, answer.policies)
  const preset = (label: string, next: () => Form, title?: string) => (
    <Button variant="default" h={32} onClick={() => onChange(next())} title={title}>
      {label}
    </Button>
  )
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a legend of its own line
    <div role="group" aria-label={words.presets} className={classes.presets}>
      <span className={page.dim}>{words.presets}</span>
      {preset(words.doubleMemory, () => suggestions.doubleMemory(form, figures))}
      {preset(words.addSsd, () => suggestions.addSsd(form, figures), words.addSsdHint)}
      {preset(figures.certified ? words.uncertify : words.certify, () => suggestions.certify(form, figures))}
      {preset(words.uptime999, () => suggestions.uptime999(form))}
      {other === null ? null : preset(words.otherPolicy(other), () => withPolicy(form, other))}
      {isChanged ? preset(words.reset, () => ({ ...untouched, ...(form.rules === undefined ? {} : { rules: form.rules }) })) : null}
    </div>
  )
}
