import { Button, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { type MintRowStage, mintRowStageSchema } from '../../src-shared/mints-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { IconClose, IconSearch } from '../icons.tsx'
import { texts } from '../texts.ts'
import { stageName } from './mint-model.ts'
import classes from './nodes.module.css'

const words = texts.mints

/** What the page Mints shows; kept across restarts. Null: no such filter. */
export interface MintsFilter {
  farmId: number | null
  stage: MintRowStage | null
  search: string
}

export const noMintsFilter: MintsFilter = { farmId: null, stage: null, search: '' }

export function isFiltered(filter: MintsFilter): boolean {
  return filter.farmId !== null || filter.stage !== null || filter.search !== ''
}

export function MintFilters(props: {
  filter: MintsFilter
  setFilter: (change: Partial<MintsFilter>) => void
  farms: { farmId: number; name: string }[]
  rules: 'v3' | 'node-period'
}) {
  const { filter, setFilter, farms, rules } = props
  const [text, setText] = useState(filter.search)
  const [known, setKnown] = useState(filter.search)
  // the filter was set elsewhere (a farm's row): show it here too
  if (known !== filter.search) {
    setKnown(filter.search)
    if (filter.search !== text.trim()) setText(filter.search)
  }
  const search = useDebouncedCallback((value: string) => setFilter({ search: value.trim() }), 200)
  return (
    <>
      <TextInput
        className={classes.search}
        aria-label={words.searchLabel}
        placeholder={words.search}
        title={words.search}
        leftSection={<IconSearch />}
        maxLength={200}
        value={text}
        onChange={event => {
          setText(event.currentTarget.value)
          search(event.currentTarget.value)
        }}
      />
      <Select
        className={classes.filter}
        aria-label={words.farm}
        placeholder={words.allFarms}
        data={farms.map(farm => ({ value: String(farm.farmId), label: `${cleanName(farm.name)} (${farm.farmId})` }))}
        value={filter.farmId === null ? null : String(filter.farmId)}
        onChange={value => setFilter({ farmId: value === null ? null : Number(value) })}
        searchable
        clearable
        limit={100}
      />
      <Select
        className={classes.filter}
        aria-label={words.stage}
        placeholder={words.allStages}
        data={mintRowStageSchema.options.map(stage => ({ value: stage, label: stageName(stage, rules) }))}
        value={filter.stage}
        onChange={value => setFilter({ stage: mintRowStageSchema.nullable().parse(value) })}
        clearable
      />
      {isFiltered(filter) ? (
        <Button variant="subtle" px={8} leftSection={<IconClose />} onClick={() => setFilter(noMintsFilter)}>
          {words.clear}
        </Button>
      ) : null}
    </>
  )
}
