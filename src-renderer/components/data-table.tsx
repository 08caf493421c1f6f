import { ActionIcon, Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useCallback, useId, useMemo, useState } from 'react'
import { csv } from '../../src-shared/csv.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { downloadText, formatCount } from '../format.ts'
import { IconColumns, IconCopy, IconDownload } from '../icons.tsx'
import { useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './data-table.module.css'
import { ErrorPanel } from './error-panel.tsx'
import type { RowSource } from './row-source.ts'
import { type Column, TableGrid, type TableSort } from './table-grid.tsx'

export type { Column, TableSort } from './table-grid.tsx'

interface TableUi {
  sort: TableSort
  hidden: string[] | null
}

/** A table's order, kept across restarts. Give it to the source and the DataTable of the same `name`. */
export function useTableSort(name: string, initial: TableSort): [TableSort, (sort: TableSort) => void] {
  const [ui, setUi] = useUi<TableUi>(`table.${name}`, { sort: initial, hidden: null })
  return [ui.sort, sort => setUi({ sort })]
}

export interface DataTableProps<Row> {
  /** under which the table's state is kept; also the name of its CSV file */
  name: string
  /** the accessible name */
  label: string
  columns: Column<Row>[]
  source: RowSource<Row>
  rowId: (row: Row) => string
  sort: TableSort
  onSort: (sort: TableSort) => void
  /** Enter, or a click on a row */
  onOpen?: (row: Row) => void
  /** shows the selection's sums; selection is offered only with it */
  sums?: (rows: Row[]) => { label: string; value: ReactNode }[]
  /** what can be done with the selection, beside its sums */
  actions?: (rows: Row[]) => ReactNode
  /** a heading at the left of the table's tools */
  title?: string
  /** after it: filters, search */
  tools?: ReactNode
  /** instead of rows when there are none */
  empty?: ReactNode
  /** at most this many rows high; without it the table takes the height that is left */
  maxRows?: number
}

/**
 * The home of rows: sticky header, virtual rows, sort and choice of columns that survive a restart, selection with sums, copy and
 * CSV of what is shown. One tab stop; arrow keys move, Enter opens, Space selects, F2 goes into a strip.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { name, label, columns, source, rowId, sort, onSort, onOpen, sums, actions, title, tools, empty, maxRows } = props
  const id = useId()
  const [ui, setUi] = useUi<TableUi>(`table.${name}`, { sort, hidden: null })
  const [selected, setSelected] = useState<Map<string, Row>>(new Map())
  const [busy, setBusy] = useState(false)
  const selectable = sums !== undefined

  const hidden = useMemo(() => new Set(ui.hidden ?? columns.filter(one => one.optional).map(one => one.id)), [ui.hidden, columns])
  const shown = useMemo(() => columns.filter(one => !hidden.has(one.id)), [columns, hidden])
  const isSelected = useMemo(() => (selectable ? (row: Row) => selected.has(rowId(row)) : null), [selectable, selected, rowId])
  const toggleRow = useCallback(
    (row: Row) => {
      setSelected(old => {
        const next = new Map(old)
        const key = rowId(row)
        if (!next.delete(key)) next.set(key, row)
        return next
      })
    },
    [rowId],
  )

  const textOf = (list: readonly Row[]) => [shown.map(one => one.header), ...list.map(row => shown.map(one => one.text(row)))]
  const copy = async (fallback?: readonly Row[]) => {
    const list = selected.size > 0 ? [...selected.values()] : (fallback ?? (await source.all()))
    await navigator.clipboard.writeText(
      textOf(list)
        .map(cells => cells.map(cell => cell.replace(/[\t\r\n]+/g, ' ')).join('\t'))
        .join('\n'),
    )
    notifications.show({ message: `${texts.table.copied}: ${texts.table.rows(formatCount(list.length))}` })
  }
  const save = async () => {
    const list = selected.size > 0 ? [...selected.values()] : await source.all()
    const [header = [], ...lines] = textOf(list)
    downloadText(`${name}.csv`, csv(header, lines))
  }
  const attempt = (work: () => Promise<void>) => {
    setBusy(true)
    work()
      .catch((error: unknown) => notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }))
      .finally(() => setBusy(false))
  }

  return (
    <div className={classes.frame} data-fill={maxRows === undefined || undefined}>
      <div className={classes.tools}>
        <div className={classes.left}>
          {title ? <h2 className={classes.title}>{title}</h2> : null}
          {tools}
        </div>
        <span className={classes.count} role="status">
          {source.loading ? texts.table.loading : texts.table.rows(formatCount(source.total))}
        </span>
        <Menu position="bottom-end" closeOnItemClick={false} shadow="md">
          <Menu.Target>
            <ActionIcon aria-label={texts.table.columns} title={texts.table.columns}>
              <IconColumns />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {columns.map((one, index) => (
              <Menu.CheckboxItem
                key={one.id}
                checked={!hidden.has(one.id)}
                disabled={index === 0}
                onChange={() => {
                  const next = new Set(hidden)
                  if (!next.delete(one.id)) next.add(one.id)
                  setUi({ hidden: [...next] })
                }}
              >
                {one.header}
              </Menu.CheckboxItem>
            ))}
          </Menu.Dropdown>
        </Menu>
        <ActionIcon
          aria-label={texts.table.copy}
          title={texts.table.copy}
          disabled={busy || source.total === 0}
          onClick={() => attempt(copy)}
        >
          <IconCopy />
        </ActionIcon>
        <ActionIcon
          aria-label={texts.table.csv}
          title={texts.table.csv}
          disabled={busy || source.total === 0}
          onClick={() => attempt(save)}
        >
          <IconDownload />
        </ActionIcon>
      </div>
      {source.error && source.total === 0 ? (
        <ErrorPanel error={source.error} onRetry={source.refetch} />
      ) : !source.loading && source.total === 0 ? (
        <div className={classes.none}>{empty ?? texts.table.none}</div>
      ) : (
        <TableGrid
          id={id}
          label={label}
          columns={shown}
          source={source}
          sort={sort}
          onSort={onSort}
          onOpen={onOpen}
          isSelected={isSelected}
          onToggle={toggleRow}
          onCopy={row => void copy(row === undefined ? [] : [row])}
          maxRows={maxRows}
        />
      )}
      <p id={`${id}-help`} className={classes.help}>
        {texts.table.help}
      </p>
      {sums && selected.size > 0 ? (
        <div className={classes.sums} role="status">
          <strong>{texts.table.selected(selected.size)}</strong>
          {sums([...selected.values()]).map(sum => (
            <span key={sum.label}>
              {sum.label} {sum.value}
            </span>
          ))}
          {actions?.([...selected.values()])}
          <Button variant="subtle" size="compact-sm" onClick={() => setSelected(new Map())}>
            {texts.table.clear}
          </Button>
        </div>
      ) : null}
    </div>
  )
}
