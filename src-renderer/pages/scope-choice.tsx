import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { FoundFarm } from '../../src-shared/sync.ts'
import { cleanName } from '../../src-shared/text.ts'
import { query } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { shortAddress } from '../components/names.tsx'
import { formatCount } from '../format.ts'
import { IconClose, IconSearch } from '../icons.tsx'
import { type Choice, farmTitle } from '../sync-words.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync.setup
const shownNodes = 60

/** What to follow: the whole grid, or farms and nodes that are looked for on the chain and kept as chips. */
export function ScopeChoice(props: {
  network: string
  whole: boolean
  onWhole: (whole: boolean) => void
  choice: Choice
  onChoice: (choice: Choice) => void
}) {
  const { network, whole, onWhole, choice, onChoice } = props
  return (
    <fieldset className={classes.step}>
      <legend>{words.what}</legend>
      <div>
        <SegmentedControl
          aria-label={words.what}
          data={(['chosen', 'all'] as const).map(value => ({ value, label: words.scopes[value] }))}
          value={whole ? 'all' : 'chosen'}
          onChange={value => onWhole(value === 'all')}
          transitionDuration={0}
        />
      </div>
      <p className={page.dim}>{whole ? words.allText : words.chosenText}</p>
      {whole ? null : (
        <>
          <FarmSearch key={network} network={network} choice={choice} onChoice={onChoice} />
          <Chosen choice={choice} onChoice={onChoice} />
        </>
      )}
    </fieldset>
  )
}

function Chosen({ choice, onChoice }: { choice: Choice; onChoice: (choice: Choice) => void }) {
  return (
    <div>
      <strong>{words.chosen}</strong>
      {choice.farms.length + choice.nodes.length === 0 ? <p className={page.dim}>{words.chosenNone}</p> : null}
      <ul className={classes.chips} aria-label={words.chosen}>
        {choice.farms.map(farm => (
          <li key={`farm ${farm.farmId}`}>
            <Chip
              text={`${farmTitle(farm)}, ${words.allNodes}`}
              onRemove={() => onChoice({ ...choice, farms: choice.farms.filter(one => one.farmId !== farm.farmId) })}
            />
          </li>
        ))}
        {choice.nodes.map(node => (
          <li key={`node ${node.nodeId}`}>
            <Chip
              text={words.node(node.nodeId)}
              onRemove={() => onChoice({ ...choice, nodes: choice.nodes.filter(one => one.nodeId !== node.nodeId) })}
            />
          </li>
        ))}
      </ul>
    </div>
  )
}

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <button type="button" className={classes.chip} onClick={onRemove} aria-label={words.remove(text)} title={words.remove(text)}>
      {text}
      <IconClose size={12} />
    </button>
  )
}

function FarmSearch({ network, choice, onChoice }: { network: string; choice: Choice; onChoice: (choice: Choice) => void }) {
  const [text, setText] = useState('')
  const search = useAsk((input: string, signal) => query('sync.find', { network, text: input }, signal))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = text.trim()
    if (wanted !== '') search.run(wanted)
  }
  const { answer } = search
  return (
    <>
      <form className={classes.searchRow} onSubmit={submit}>
        <TextInput
          className={classes.searchField ?? ''}
          label={words.search}
          description={words.searchHint}
          leftSection={<IconSearch />}
          value={text}
          maxLength={100}
          onChange={event => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={text.trim() === '' || search.busy}>
          {words.find}
        </Button>
      </form>
      {search.busy ? <Asking what={words.finding(network)} onCancel={search.cancel} /> : null}
      {search.error ? (
        <ErrorPanel
          error={search.error}
          title={words.findFailed}
          safe={words.estimateSafe}
          onRetry={() => search.run(search.input ?? text.trim())}
        />
      ) : null}
      {answer ? (
        <>
          <p role="status" className={page.dim}>
            {answer.farms.length === 0
              ? words.foundNone(search.input ?? '')
              : words.found(formatCount(answer.farms.length), formatCount(answer.total))}
          </p>
          {answer.farms.length > 0 ? (
            <ul className={classes.found}>
              {answer.farms.map(farm => (
                <li key={farm.farmId}>
                  <Found farm={farm} text={search.input ?? ''} choice={choice} onChoice={onChoice} />
                </li>
              ))}
            </ul>
          ) : null}
        </>
      ) : null}
    </>
  )
}

function Found(props: { farm: FoundFarm; text: string; choice: Choice; onChoice: (choice: Choice) => void }) {
  const { farm, text, choice, onChoice } = props
  // who looked for a node's number wants to see that node
  const asked = farm.nodes.find(node => String(node) === text)
  const [open, setOpen] = useState(asked !== undefined && farm.farmId !== asked)
  const whole = choice.farms.some(one => one.farmId === farm.farmId)
  const addFarm = () =>
    onChoice({
      farms: [...choice.farms, { farmId: farm.farmId, name: farm.name }],
      nodes: choice.nodes.filter(node => !farm.nodes.includes(node.nodeId)),
    })
  const toggle = (nodeId: number) => {
    const without = choice.nodes.filter(node => node.nodeId !== nodeId)
    const nodes = without.length < choice.nodes.length ? without : [...without, { nodeId, farmId: farm.farmId, farmName: farm.name }]
    onChoice({ ...choice, nodes })
  }
  const shown = asked === undefined ? farm.nodes : [asked, ...farm.nodes.filter(node => node !== asked)]
  return (
    <>
      <div className={classes.line}>
        <div>
          <strong>{farmTitle(farm)}</strong>
          <div className={classes.small}>
            <span>{words.nodes(farm.nodes.length)}</span>
            <span title={cleanName(farm.payoutAddress)}>
              {farm.payoutAddress === '' ? words.noAddress : `${words.paysTo} ${shortAddress(farm.payoutAddress)}`}
            </span>
          </div>
        </div>
        <div className={page.buttons}>
          {farm.nodes.length > 0 && !whole ? (
            <Button
              variant="subtle"
              h={32}
              aria-expanded={open}
              aria-label={`${open ? words.hideNodes : words.showNodes}: ${farmTitle(farm)}`}
              onClick={() => setOpen(!open)}
            >
              {open ? words.hideNodes : words.showNodes}
            </Button>
          ) : null}
          <Button
            variant="default"
            h={32}
            disabled={whole}
            aria-label={`${whole ? words.addedFarm : words.addFarm}: ${farmTitle(farm)}`}
            onClick={addFarm}
          >
            {whole ? words.addedFarm : words.addFarm}
          </Button>
        </div>
      </div>
      {open && !whole ? (
        <fieldset className={classes.states} aria-label={farmTitle(farm)}>
          {shown.slice(0, shownNodes).map(nodeId => (
            <button
              key={nodeId}
              type="button"
              className={classes.chip}
              aria-pressed={choice.nodes.some(node => node.nodeId === nodeId)}
              onClick={() => toggle(nodeId)}
            >
              {words.node(nodeId)}
            </button>
          ))}
          {shown.length > shownNodes ? <p className={page.dim}>{words.moreNodes(shown.length - shownNodes)}</p> : null}
        </fieldset>
      ) : null}
    </>
  )
}
