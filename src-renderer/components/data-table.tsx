// biome-ignore-all lint/a11y/useSemanticElements: most rows of a virtual grid are not there, which a table element does not allow for
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus and names the active cell (aria-activedescendant)
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys go to the grid

import { ActionIcon, Button, Menu, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import {
  type ColumnDef,
  columnVisibilityFeature,
  type RowData,
  rowSelectionFeature,
  rowSortingFeature,
  type SortingState,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, type ReactNode, useCallback, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from 'react'
import { csv } from '../../src-shared/csv.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { downloadText, formatCount } from '../format.ts'
import { IconArrowDown, IconArrowUp, IconColumns, IconCopy, IconDownload } from '../icons.tsx'
import { useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './data-table.module.css'
import { ErrorPanel } from './error-panel.tsx'
import type { RowSource } from './row-source.ts'

export interface Column<Row extends RowData> {
  id: string
  /** with the unit, where there is one: `Earned, TFT` */
  header: string
  /** least width in px; `grow` shares out what is left */
  width: number
  grow?: number
  align?: 'right'
  /** what is on screen */
  cell: (row: Row) => ReactNode
  /** what a copy or a file gets: exact, without separators */
  text: (row: Row) => string
  /** the header sorts; the page orders its source by `sort.id` */
  sortable?: boolean
  /** not shown until chosen */
  optional?: boolean
  /** what the column means, on hover of its header */
  hint?: string
}

export interface TableSort {
  id: string
  descending: boolean
}

interface TableUi {
  sort: TableSort
  hidden: string[] | null
}

/** A table's order, kept across restarts. Give it to the source and the DataTable of the same `name`. */
export function useTableSort(name: string, initial: TableSort): [TableSort, (sort: TableSort) => void] {
  const [ui, setUi] = useUi<TableUi>(`table.${name}`, { sort: initial, hidden: null })
  return [ui.sort, sort => setUi({ sort })]
}

export interface DataTableProps<Row extends RowData> {
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

const rowHeight = 36
const overscan = 6
const headerHeight = 36
const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature, rowSortingFeature })

/**
 * The home of rows: sticky header, virtual rows, sort and choice of columns that survive a restart, selection with sums, copy and
 * CSV of what is shown. One tab stop; arrow keys move, Enter opens, Space selects, F2 goes into a strip.
 */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { name, label, columns, source, rowId, sort, onSort, onOpen, sums, actions, title, tools, empty, maxRows } = props
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [ui, setUi] = useUi<TableUi>(`table.${name}`, { sort, hidden: null })
  const [active, setActive] = useState<{ row: number; column: number } | null>(null)
  const [selected, setSelected] = useState<Map<string, Row>>(new Map())
  const [busy, setBusy] = useState(false)
  const selectable = sums !== undefined

  const hidden = useMemo(() => new Set(ui.hidden ?? columns.filter(one => one.optional).map(one => one.id)), [ui.hidden, columns])
  const virtual = useVirtualizer({
    count: source.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    scrollMargin: 0,
    paddingStart: 0,
    useFlushSync: false,
  })
  // deferred: React may draw a jump's rows in slices and drop what is scrolled past meanwhile
  const items = useDeferredValue(virtual.getVirtualItems())
  // Rows are drawn into slots that stay: a row that is scrolled out gives its elements to the one that comes in, in place.
  const slots = Math.min(Math.ceil(((virtual.scrollRect?.height ?? 0) / rowHeight + 2 * overscan + 2) / 4) * 4, source.total)
  const first = Math.max(Math.min(items[0]?.index ?? 0, source.total - slots), 0)
  const last = Math.max(first + slots - 1, 0)
  const { show } = source
  useEffect(() => {
    if (last >= first) show(first, last)
  }, [first, last, show])

  const data = useMemo(() => {
    const rows: Row[] = []
    for (let index = first; index <= last; index++) {
      const row = source.row(index)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }, [source, first, last])
  const defs = useMemo(
    () =>
      columns.map(
        (one): ColumnDef<typeof features, Row> => ({
          id: one.id,
          accessorFn: one.text,
          enableSorting: one.sortable ?? false,
          // the largest amount is what one looks for first
          sortDescFirst: one.align === 'right',
        }),
      ),
    [columns],
  )
  const sorting = useMemo<SortingState>(() => [{ id: sort.id, desc: sort.descending }], [sort.id, sort.descending])
  const table = useTable({
    features,
    columns: defs,
    data,
    getRowId: row => rowId(row),
    manualSorting: true,
    enableSortingRemoval: false,
    state: {
      sorting,
      columnVisibility: Object.fromEntries(columns.map(one => [one.id, !hidden.has(one.id)])),
      rowSelection: Object.fromEntries([...selected.keys()].map(key => [key, true])),
    },
    onSortingChange: update => {
      const next = (typeof update === 'function' ? update(sorting) : update)[0]
      if (!next) return
      onSort({ id: next.id, descending: next.desc })
      setActive(null)
      scroller.current?.scrollTo({ top: 0 })
    },
    onColumnVisibilityChange: () => undefined,
    onRowSelectionChange: () => undefined,
  })
  const shown = useMemo(() => columns.filter(one => !hidden.has(one.id)), [columns, hidden])
  const template = useMemo(
    () => [...(selectable ? ['36px'] : []), ...shown.map(one => `minmax(${one.width}px, ${one.grow ?? 0.001}fr)`)].join(' '),
    [shown, selectable],
  )
  const minWidth = shown.reduce((sum, one) => sum + one.width, selectable ? 36 : 0)
  const rows = new Map(table.getRowModel().rows.map(row => [row.original, row]))

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
  const clickCell = useCallback(
    (index: number, column: number, row: Row, open: boolean) => {
      setActive({ row: index, column })
      if (open) onOpen?.(row)
    },
    [onOpen],
  )

  const offset = selectable ? 1 : 0
  const columnCount = shown.length + offset
  const move = (row: number, column: number) => {
    const next = { row: Math.min(Math.max(row, 0), source.total - 1), column: Math.min(Math.max(column, 0), columnCount - 1) }
    setActive(next)
    virtual.scrollToIndex(next.row)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current || source.total === 0) return
    const at = active ?? { row: first, column: 0 }
    const page = Math.max(Math.floor(((scroller.current?.clientHeight ?? 0) - headerHeight) / rowHeight) - 1, 1)
    const far = event.ctrlKey || event.metaKey
    const row = source.row(at.row)
    switch (event.key) {
      case 'ArrowDown':
        move(active ? at.row + 1 : at.row, at.column)
        break
      case 'ArrowUp':
        move(at.row - 1, at.column)
        break
      case 'ArrowRight':
        move(at.row, at.column + 1)
        break
      case 'ArrowLeft':
        move(at.row, at.column - 1)
        break
      case 'PageDown':
        move(at.row + page, at.column)
        break
      case 'PageUp':
        move(at.row - page, at.column)
        break
      case 'Home':
        move(far ? 0 : at.row, 0)
        break
      case 'End':
        move(far ? source.total - 1 : at.row, columnCount - 1)
        break
      case 'Enter':
        if (row && onOpen) onOpen(row)
        break
      case ' ':
        if (row && selectable) toggleRow(row)
        break
      case 'F2':
        document
          .getElementById(cellId(id, at.row % slots, at.column))
          ?.querySelector<HTMLElement>('[data-strip], button, a')
          ?.focus()
        break
      case 'c':
        if (!far || window.getSelection()?.toString()) return
        void copy(row ? [row] : [])
        break
      default:
        return
    }
    event.preventDefault()
  }
  const onEscape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.target === scroller.current) return
    scroller.current?.focus()
    event.stopPropagation()
  }

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

  const inSlots = Array.from({ length: slots }, (_, slot) => first + ((slot - (first % slots) + slots) % slots))
  const activeVisible = active && active.row >= first && active.row <= last
  const bodyRows = maxRows === undefined ? undefined : Math.max(Math.min(source.total, maxRows), 1)
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
        <div
          ref={scroller}
          className={classes.scroller}
          style={bodyRows === undefined ? undefined : { height: headerHeight + bodyRows * rowHeight + 2 }}
          role="grid"
          aria-label={label}
          aria-describedby={`${id}-help`}
          aria-rowcount={source.total + 1}
          aria-colcount={columnCount}
          aria-busy={source.loading || source.stale}
          aria-multiselectable={selectable}
          aria-activedescendant={activeVisible ? cellId(id, active.row % slots, active.column) : undefined}
          tabIndex={0}
          onKeyDown={onKeyDown}
          onKeyDownCapture={onEscape}
        >
          <div className={classes.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth }}>
            {selectable ? (
              <span role="columnheader" aria-colindex={1} className={classes.headCell}>
                <span className={classes.help}>{texts.table.selectedColumn}</span>
              </span>
            ) : null}
            {shown.map((one, index) => {
              const column = table.getColumn(one.id)
              const direction = sort.id === one.id ? (sort.descending ? 'descending' : 'ascending') : undefined
              return (
                <span
                  key={one.id}
                  role="columnheader"
                  aria-colindex={index + 1 + offset}
                  aria-sort={one.sortable ? (direction ?? 'none') : undefined}
                  className={classes.headCell}
                  data-align={one.align}
                  title={one.hint}
                >
                  {one.sortable ? (
                    <button type="button" className={classes.sort} onClick={() => column?.toggleSorting()}>
                      {one.header}
                      <span className={classes.arrow}>
                        {direction === 'descending' ? <IconArrowDown size={12} /> : direction ? <IconArrowUp size={12} /> : null}
                      </span>
                    </button>
                  ) : (
                    one.header
                  )}
                </span>
              )
            })}
          </div>
          <div
            className={classes.body}
            role="rowgroup"
            // the slots' order is not the rows'; said when they come to rest, as that is when they are read
            aria-owns={virtual.isScrolling || slots === 0 || first % slots === 0 ? undefined : slotIds(id, first, slots)}
            style={{ height: Math.max(virtual.getTotalSize(), rowHeight), minWidth }}
            data-stale={source.stale || undefined}
          >
            {source.loading
              ? Array.from({ length: bodyRows ?? 12 }, (_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: these stand-ins have nothing but their place
                  <div key={index} className={classes.row} style={{ transform: `translateY(${index * rowHeight}px)` }} aria-hidden="true">
                    <Skeleton height={10} width="100%" />
                  </div>
                ))
              : inSlots.map((index, slot) => {
                  const row = source.row(index)
                  return (
                    <GridRow
                      // biome-ignore lint/suspicious/noArrayIndexKey: the slot is what stays
                      key={slot}
                      slot={slot}
                      id={id}
                      index={index}
                      row={row}
                      columns={shown as Column<RowData>[]}
                      template={template}
                      top={index * rowHeight}
                      selectable={selectable}
                      selected={row !== undefined && (rows.get(row)?.getIsSelected() ?? false)}
                      activeColumn={active?.row === index ? active.column : -1}
                      canOpen={onOpen !== undefined}
                      onCell={clickCell as (index: number, column: number, row: RowData, open: boolean) => void}
                      onToggle={toggleRow as (row: RowData) => void}
                    />
                  )
                })}
          </div>
        </div>
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

interface GridRowProps {
  id: string
  slot: number
  index: number
  row: RowData | undefined
  columns: Column<RowData>[]
  template: string
  top: number
  selectable: boolean
  selected: boolean
  activeColumn: number
  canOpen: boolean
  onCell: (index: number, column: number, row: RowData, open: boolean) => void
  onToggle: (row: RowData) => void
}

/** By slot, not by row: what stays as it is need not be written at every step of a scroll. */
function cellId(id: string, slot: number, column: number): string {
  return `${id}-${slot}-${column}`
}

function slotId(id: string, slot: number): string {
  return `${id}-slot-${slot}`
}

/** The slots in the order of the rows that they show. */
function slotIds(id: string, first: number, slots: number): string {
  return Array.from({ length: slots }, (_, at) => slotId(id, (first + at) % slots)).join(' ')
}

/** Drawn anew only when something of it changed: scrolling by a row draws one row. */
const GridRow = memo(function GridRow(props: GridRowProps) {
  const { id, slot, index, row, columns, template, top, selectable, selected, activeColumn, canOpen, onCell, onToggle } = props
  const offset = selectable ? 1 : 0
  return (
    <div
      id={slotId(id, slot)}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selectable ? selected : undefined}
      className={classes.row}
      data-open={canOpen || undefined}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: template }}
    >
      {selectable ? (
        <span
          id={cellId(id, slot, 0)}
          role="gridcell"
          aria-colindex={1}
          className={classes.cell}
          data-active={activeColumn === 0 || undefined}
        >
          {row === undefined ? null : (
            <input type="checkbox" tabIndex={-1} checked={selected} aria-label={`Select row ${index + 1}`} onChange={() => onToggle(row)} />
          )}
        </span>
      ) : null}
      {columns.map((column, at) => (
        <span
          key={column.id}
          id={cellId(id, slot, at + offset)}
          role="gridcell"
          aria-colindex={at + 1 + offset}
          className={classes.cell}
          data-align={column.align}
          data-active={activeColumn === at + offset || undefined}
          onClick={event => {
            if (row === undefined || window.getSelection()?.toString()) return
            const inner = (event.target as Element).closest('button, a, input, [data-strip]')
            onCell(index, at + offset, row, !inner)
          }}
        >
          {row === undefined ? <span className={classes.pending} /> : column.cell(row)}
        </span>
      ))}
    </div>
  )
})
