import { Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { IconSearch } from '../icons.tsx'

/** A list's search: what is typed takes effect in a moment, and what is set elsewhere shows here too. */
export function SearchField(props: { className?: string; label: string; hint: string; value: string; onSearch: (text: string) => void }) {
  const { value, onSearch } = props
  const [text, setText] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) {
    setKnown(value)
    if (value !== text.trim()) setText(value)
  }
  const search = useDebouncedCallback((typed: string) => onSearch(typed.trim()), 200)
  return (
    <TextInput
      {...(props.className !== undefined && { className: props.className })}
      aria-label={props.label}
      placeholder={props.hint}
      title={props.hint}
      leftSection={<IconSearch />}
      maxLength={200}
      value={text}
      onChange={event => {
        setText(event.currentTarget.value)
        search(event.currentTarget.value)
      }}
    />
  )
}

/** One farm of those that a list has; one that it doesn't have any more stays chosen, by its number. */
export function FarmFilter(props: {
  className?: string
  label: string
  hint: string
  farms: { farmId: number; name: string }[]
  value: number | null
  onChoose: (farmId: number | null) => void
}) {
  const { farms, value } = props
  const options = farms.map(farm => ({ value: String(farm.farmId), label: `${cleanName(farm.name)} (${farm.farmId})` }))
  if (value !== null && !farms.some(farm => farm.farmId === value)) options.push({ value: String(value), label: `(${value})` })
  return (
    <Select
      {...(props.className !== undefined && { className: props.className })}
      aria-label={props.label}
      placeholder={props.hint}
      data={options}
      value={value === null ? null : String(value)}
      onChange={chosen => props.onChoose(chosen === null ? null : Number(chosen))}
      searchable
      clearable
      limit={100}
    />
  )
}
