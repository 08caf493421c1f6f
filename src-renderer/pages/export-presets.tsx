import { Button, NativeSelect, Popover, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { CommandInput } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { ExportPreset } from '../../src-shared/exports.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { texts } from '../texts.ts'
import { type Choice, noFilters } from './export-rows.tsx'

const words = texts.exports.presets

interface PresetsProps {
  choice: Choice
  order: CommandInput<'exports.savePreset'>['order']
  onChoose: (choice: Choice) => void
}

/** Exports that are kept by name: choose one, keep what is chosen now, delete one. */
export function Presets({ choice, order, onChoose }: PresetsProps) {
  const { data = [] } = useQuery('exports.presets', {}, ['settings'])
  const [chosen, setChosen] = useState('')
  const [error, setError] = useState<AppError | null>(null)
  const current = data.find(({ name }) => name === chosen)
  const attempt = (work: Promise<unknown>, done: string) => {
    setError(null)
    work.then(
      () => notifications.show({ message: done }),
      (reason: unknown) => setError(toAppError(reason)),
    )
  }
  return (
    <>
      <NativeSelect
        aria-label={words.choose}
        value={current ? chosen : ''}
        disabled={data.length === 0}
        data={[
          { value: '', label: data.length === 0 ? words.choose : words.hint },
          ...data.map(({ name }) => ({ value: name, label: name })),
        ]}
        onChange={event => {
          const name = event.currentTarget.value
          setChosen(name)
          const preset = data.find(one => one.name === name)
          if (preset) onChoose(choiceOf(preset))
        }}
      />
      <SaveForm
        initial={current ? chosen : texts.exports.rows.kinds[choice.kind]}
        onSave={name => {
          setChosen(name)
          attempt(command('exports.savePreset', { name, order }), words.saved(name))
        }}
      />
      {current ? (
        <Button h={32} variant="default" onClick={() => attempt(command('exports.deletePreset', { name: chosen }), words.removed(chosen))}>
          {words.remove}
        </Button>
      ) : null}
      {error ? <ErrorPanel error={error} title={words.failed} /> : null}
    </>
  )
}

function choiceOf({ order: { kind, format, filter } }: ExportPreset): Choice {
  const { from = '', to = '', period, farmId = null, nodeId, account = '' } = filter
  return { kind, format, ...noFilters, from, to, farmId, account, period: String(period ?? ''), nodeId: String(nodeId ?? '') }
}

function SaveForm({ initial, onSave }: { initial: string; onSave: (name: string) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [name, setName] = useState('')
  return (
    <Popover opened={isOpen} onChange={setOpen} trapFocus shadow="md" position="bottom-start">
      <Popover.Target>
        <Button
          h={32}
          variant="default"
          onClick={() => {
            setName(initial)
            setOpen(!isOpen)
          }}
        >
          {words.save}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={words.save}>
        <form
          onSubmit={event => {
            event.preventDefault()
            if (name.trim() === '') return
            setOpen(false)
            onSave(name.trim())
          }}
        >
          <TextInput label={words.name} value={name} maxLength={60} data-autofocus onChange={event => setName(event.currentTarget.value)} />
          <Button h={32} mt={8} type="submit" disabled={name.trim() === ''}>
            {words.save}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
