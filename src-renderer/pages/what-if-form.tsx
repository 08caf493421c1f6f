import { Checkbox, Select, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import type { WhatIfAnswer } from '../../src-shared/what-if.ts'
import { texts } from '../texts.ts'
import { baseOf, type FieldId, type Form, fieldText, ownText, type ReadForm, withField, withPolicy } from '../what-if-form.ts'
import page from './page.module.css'
import classes from './what-if.module.css'

const words = texts.whatIf
const hints: Partial<Record<FieldId, string>> = words.hints

/** A node's figures, each in a field of its own; what is wrong with one stands at it. */
export function WhatIfForm({
  form,
  read,
  answer,
  onChange,
}: {
  form: Form
  read: ReadForm
  answer: WhatIfAnswer
  onChange: (form: Form, step: 'replace' | 'push') => void
}) {
  const base = baseOf(form, answer)
  const scaled = answer.policies.some(({ id, scaled: by }) => id === base.policy.id && by)
  const field = (id: FieldId, fixed = false) => {
    const problem = read.problems[id]
    const before = ownText(id, base)
    const text = fieldText(form, id, base)
    const changed = !fixed && text.trim() !== before
    const title = fixed ? words.hints.policySlaFixed : hints[id]
    return (
      <TextInput
        key={id}
        label={words.fields[id]}
        title={title}
        classNames={{ input: classes.input ?? '', error: classes.error ?? '', label: classes.label ?? '' }}
        data-changed={changed || undefined}
        // what it is now stays readable beside what was put in its place
        description={changed ? words.wasOwn(before) : undefined}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={fixed ? words.fixedSla : text}
        error={problem}
        disabled={fixed}
        onChange={event => onChange(withField(form, id, event.currentTarget.value), 'replace')}
        inputMode="decimal"
        maxLength={40}
        spellCheck={false}
        autoComplete="off"
      />
    )
  }
  return (
    <section className={page.panel} aria-label={words.form}>
      <div className={page.panelHead}>
        <h2>{words.form}</h2>
      </div>
      <Group title={words.hardware}>{(['cru', 'mru', 'sru', 'hru'] as const).map(id => field(id))}</Group>
      <Group title={words.use}>{(['nru', 'ip', 'uptime'] as const).map(id => field(id))}</Group>
      <Group title={words.terms}>
        {field('price')}
        <Select
          className={classes.policy}
          label={words.policy}
          title={texts.terms.policy}
          classNames={{ label: classes.label ?? '' }}
          data={answer.policies.map(({ id, name }) => ({ value: String(id), label: words.policyName(id, cleanName(name)) }))}
          value={String(base.policy.id)}
          onChange={value => {
            if (value !== null) onChange(withPolicy(form, Number(value)), 'push')
          }}
          allowDeselect={false}
        />
        <Checkbox
          className={classes.certified}
          label={words.certified}
          title={words.certifiedHint[answer.rules]}
          checked={base.certified}
          onChange={event => onChange({ ...form, certified: event.currentTarget.checked }, 'push')}
        />
      </Group>
      <Group title={words.prices}>
        {(['policyCu', 'policySu', 'policyNu', 'policyIp'] as const).map(id => field(id))}
        {field('policySla', scaled)}
      </Group>
    </section>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={classes.group}>
      <legend>{title}</legend>
      <div className={classes.fields}>{children}</div>
    </fieldset>
  )
}
