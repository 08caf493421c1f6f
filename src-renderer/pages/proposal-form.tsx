import { NumberInput, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo, useState } from 'react'
import { formatDuration } from '../../src-shared/time.ts'
import { GOVERNANCE_TOKEN, type ProposalType, proposalTypes } from '../../src-shared/treasury/governance.ts'
import { PROPOSAL_TEXT_LENGTH, PROPOSAL_TITLE_LENGTH, type VotableParameter } from '../../src-shared/treasury/governance-table.ts'
import { readPercent, writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatDateTime } from '../format.ts'
import { localInput, readLocalInput } from '../proposals-model.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import { settingName, valueText } from './configuration-columns.tsx'
import { SettingFields } from './configuration-fields.tsx'
import { draftOf, draftValue, editorOf, problemOf } from './configuration-model.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.proposals
const fields = words.fields
const DAY_SEC = 86_400
const topics = ['treasury'] as const

/** The setting that is to change, with the value that it is to have; null while that is none. */
interface Change {
  parameter: VotableParameter
  value: unknown
}

/** Proposes: what changes if it passes, when is voted and what it takes stand before the button. */
export function ProposeForm() {
  const terms = useQuery('governance.terms', {}, topics)
  const [type, setType] = useState<ProposalType>('PARAMETER_UPDATE')
  const [title, setTitle] = useState('')
  const [about, setAbout] = useState('')
  const [change, setChange] = useState<Change | null>(null)
  const [tried, setTried] = useState(false)
  const shares = useShares(terms.data)
  const time = useWindow(terms.data?.voteDays)
  const short = useShortOf(terms.data?.proposalMin)
  const sending = useSendOnce()
  const isTitled = title.trim() !== ''
  const needsChange = type === 'PARAMETER_UPDATE'
  const isReady = isTitled && (!needsChange || change !== null) && shares.isRead && time.isRead && short === null
  return (
    <TreasuryForm
      name={words.propose}
      how={words.proposeHow}
      action={isTitled ? words.proposeAction(title.trim()) : words.propose}
      as="entity"
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        const update = needsChange && change ? { parameter: change.parameter.name, value: String(change.value) } : {}
        const order = { type, title: title.trim(), description: about.trim(), ...update, ...time.order, ...shares.order }
        const { id } = await command('governance.create', order, { idempotencyKey })
        notifications.show({ message: words.proposed(id) })
        closeSheet()
      }}
    >
      {short === null ? null : <Note state="at-risk">{short}</Note>}
      {terms.error ? <ErrorPanel error={terms.error} onRetry={terms.refetch} /> : null}
      <Select
        label={fields.type}
        description={words.typeHints[type]}
        data={proposalTypes.map(value => ({ value, label: words.types[value] }))}
        value={type}
        onChange={value => setType(proposalTypes.find(one => one === value) ?? type)}
        allowDeselect={false}
      />
      {needsChange ? <SettingChoice parameters={terms.data?.parameters ?? []} tried={tried} onChange={setChange} /> : null}
      <TextInput
        label={fields.title}
        value={title}
        onChange={event => setTitle(event.currentTarget.value)}
        error={tried && !isTitled ? fields.titleMissing : null}
        maxLength={PROPOSAL_TITLE_LENGTH}
        autoComplete="off"
      />
      <Textarea
        label={fields.about}
        value={about}
        onChange={event => setAbout(event.currentTarget.value)}
        maxLength={PROPOSAL_TEXT_LENGTH}
        autosize
        minRows={3}
        maxRows={10}
      />
      {time.entries(tried)}
      {shares.entries(tried)}
      <Outcome
        title={texts.treasury.outcome}
        lines={[
          ...(needsChange && change ? [changeLine(change)] : []),
          ...(time.endTs === null ? [] : [{ label: fields.end, value: formatDateTime(time.endTs) }]),
          ...(time.lastsSec === null ? [] : [{ label: fields.lasts, value: formatDuration(time.lastsSec) }]),
        ]}
      />
    </TreasuryForm>
  )
}

function changeLine({ parameter, value }: Change) {
  const [from, to] = [valueText(parameter, parameter.value), valueText(parameter, JSON.stringify(value))]
  return { label: words.ifPasses, value: `${settingName(parameter)}: ${from} → ${to}`, strong: true }
}

/** One of the settings that a vote can change, and the value that it is to have, within its bounds. */
function SettingChoice(props: { parameters: readonly VotableParameter[]; tried: boolean; onChange: (change: Change | null) => void }) {
  const { parameters, tried, onChange } = props
  const [name, setName] = useState<string | null>(null)
  const parameter = parameters.find(one => one.name === name)
  const choose = (chosen: string | null) => {
    setName(chosen)
    onChange(null)
  }
  return (
    <>
      <Select
        label={fields.setting}
        description={fields.settingHint}
        placeholder={texts.treasury.fields.choose}
        data={parameters.map(one => ({ value: one.name, label: settingName(one) }))}
        value={name}
        onChange={choose}
        error={tried && !parameter ? fields.settingMissing : null}
        allowDeselect={false}
        searchable
      />
      {parameter ? <ValueEntry key={parameter.name} parameter={parameter} tried={tried} onChange={onChange} /> : null}
    </>
  )
}

function ValueEntry(props: { parameter: VotableParameter; tried: boolean; onChange: (change: Change | null) => void }) {
  const { parameter, tried, onChange } = props
  const editor = useMemo(() => editorOf(parameter.name), [parameter.name])
  const [draft, setDraft] = useState(() => draftOf(editor, parameter.value))
  const value = draftValue(editor, draft)
  const isSame = JSON.stringify(value) === parameter.value
  const problem = problemOf(parameter.name, value) ?? (isSame ? { path: [], message: words.presentSame } : null)
  return (
    <>
      <p className={page.dim}>
        {fields.present}: <strong>{valueText(parameter, parameter.value)}</strong>. {boundsText(parameter)}
      </p>
      <SettingFields
        row={parameter}
        editor={editor}
        draft={draft}
        problem={tried || !isSame ? problem : null}
        onChange={changed => {
          setDraft(changed)
          const entered = draftValue(editor, changed)
          const isGood = problemOf(parameter.name, entered) === null && JSON.stringify(entered) !== parameter.value
          onChange(isGood ? { parameter, value: entered } : null)
        }}
      />
    </>
  )
}

/** The bounds as the value is written, and as it is entered. */
function boundsText(parameter: VotableParameter): string {
  const { least, most, kind } = parameter
  const shown = (text: string) => valueText(parameter, kind === 'amount' ? JSON.stringify(text) : text)
  const bounds = fields.bounds(shown(least), shown(most))
  return kind === 'integer' && shown(least) !== least ? `${bounds} ${fields.boundsAsEntered(least, most)}` : bounds
}

/** Why whoever acts can't propose: what they hold is too little; null: they can, or nobody acts yet. */
function useShortOf(least: bigint | undefined): string | null {
  const entityId = useSession().data?.entity?.entityId
  const { data } = useQuery('tokens.balance', { entityId: entityId ?? '', tokenId: GOVERNANCE_TOKEN }, topics, {
    enabled: entityId !== undefined,
  })
  if (entityId === undefined || least === undefined || !data || data.total >= least) return null
  return fields.short(writeAmount(data.total), writeAmount(least))
}

/** From when to when is voted. */
function useWindow(usualDays: number | undefined) {
  const nowTs = useNowTs()
  const [begins, setBegins] = useState<'now' | 'at'>('now')
  const [start, setStart] = useState('')
  const [end, setEnd] = useState<string | null>(null)
  const startTs = begins === 'now' ? nowTs : readLocalInput(start)
  const usualEnd = startTs === null || usualDays === undefined ? '' : localInput(startTs + usualDays * DAY_SEC)
  const endTs = readLocalInput(end ?? usualEnd)
  const isStart = startTs !== null && (begins === 'now' || startTs > nowTs)
  const isEnd = endTs !== null && startTs !== null && endTs > startTs
  return {
    endTs: isEnd ? endTs : null,
    lastsSec: isStart && isEnd ? endTs - startTs : null,
    isRead: isStart && isEnd,
    order: { ...(begins === 'at' && startTs !== null && { startTs }), ...(endTs !== null && { endTs }) },
    entries: (tried: boolean) => (
      <>
        <div>
          <p>{fields.begins}</p>
          <SegmentedControl
            aria-label={fields.begins}
            data={[
              { value: 'now', label: fields.beginsNow },
              { value: 'at', label: fields.beginsAt },
            ]}
            value={begins}
            onChange={value => setBegins(value === 'at' ? 'at' : 'now')}
            transitionDuration={0}
          />
        </div>
        {begins === 'at' ? (
          <TextInput
            type="datetime-local"
            label={fields.start}
            description={fields.local}
            value={start}
            onChange={event => setStart(event.currentTarget.value)}
            error={tried && !isStart ? fields.startBad : null}
            maw={240}
          />
        ) : null}
        <TextInput
          type="datetime-local"
          label={fields.end}
          description={fields.local}
          value={end ?? usualEnd}
          onChange={event => setEnd(event.currentTarget.value)}
          error={(tried || end !== null) && !isEnd ? fields.endBad : null}
          maw={240}
        />
      </>
    ),
  }
}

/** Quorum and approval: those of the settings, unless others are entered. */
function useShares(usual: { quorumPercent: number; thresholdPercent: number } | undefined) {
  const [quorum, setQuorum] = useState<string | number | null>(null)
  const [threshold, setThreshold] = useState<string | number | null>(null)
  const [quorumPercent, thresholdPercent] = [
    readPercent(quorum ?? usual?.quorumPercent ?? ''),
    readPercent(threshold ?? usual?.thresholdPercent ?? ''),
  ]
  const entry = (label: string, hint: string, value: string | number, read: number | null, set: (value: string | number) => void) => (
    <NumberInput
      label={label}
      description={hint}
      value={value}
      onChange={set}
      error={read === null ? fields.shareBad : null}
      decimalScale={2}
      allowNegative={false}
      maw={240}
    />
  )
  return {
    isRead: quorumPercent !== null && thresholdPercent !== null,
    order: {
      ...(quorum !== null && quorumPercent !== null && { quorumPercent }),
      ...(threshold !== null && thresholdPercent !== null && { thresholdPercent }),
    },
    entries: (tried: boolean) =>
      usual || tried ? (
        <div className={page.columns}>
          {entry(fields.quorum, fields.quorumHint, quorum ?? usual?.quorumPercent ?? '', quorumPercent, setQuorum)}
          {entry(fields.threshold, fields.thresholdHint, threshold ?? usual?.thresholdPercent ?? '', thresholdPercent, setThreshold)}
        </div>
      ) : null,
  }
}
