import { Button, Select } from '@mantine/core'
import { type MintRowStage, mintRowStageSchema } from '../../src-shared/mints-contract.ts'
import { FarmFilter, SearchField } from '../components/list-filters.tsx'
import { IconClose } from '../icons.tsx'
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
  return (
    <>
      <SearchField
        {...(classes.search !== undefined && { className: classes.search })}
        label={words.searchLabel}
        hint={words.search}
        value={filter.search}
        onSearch={search => setFilter({ search })}
      />
      <FarmFilter
        {...(classes.filter !== undefined && { className: classes.filter })}
        label={words.farm}
        hint={words.allFarms}
        farms={farms}
        value={filter.farmId}
        onChoose={farmId => setFilter({ farmId })}
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
