// biome-ignore-all lint/a11y/useSemanticElements: most rows of a virtual grid are not there, which a table element does not allow for
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus and names the active cell (aria-activedescendant)
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys go to the grid

import { Skeleton } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useDeferredValue,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { HelpTerm } from '../help-terms.ts'
import { IconArrowDown, IconArrowUp, IconHelp } from '../icons.tsx'
import { keepPlace, placeKey, placeOf } from '../table-places.ts'
import { texts } from '../texts.ts'
import classes from './data-table.module.css'
import { openTerm } from './help-mark.tsx'
import type { RowSource } from './row-source.ts'

export interface Column<Row> {
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
  /** its entry of the glossary: by the mark in its header, and F1 in one of its cells */
  help?: HelpTerm
}

export interface TableSort {
  id: string
  descending: boolean
}

export interface TableGridProps<Row> {
  id: string
  /** the accessible name */
  label: string
  /** those that are shown */
  columns: readonly Column<Row>[]
  source: RowSource<Row>
  sort: TableSort
  onSort: (sort: TableSort) => void
  onOpen: ((row: Row) => void) | undefined
  /** null: rows can't be selected */
  isSelected: ((row: Row) => boolean) | null
  onToggle: (row: Row) => void
  onCopy: (row: Row | undefined) => void
  /** at most this many rows high; without it the grid takes the height that is left */
  maxRows: number | undefined
}

const rowHeight = 36
const overscan = 6
const headerHeight = 36

/**
 * The rows of a table with their header. Scrolling draws this and nothing around it. One tab stop; arrow keys move, Enter opens, Space selects,
 * F2 goes into a strip.
 */
export function TableGrid<Row>(props: TableGridProps<Row>) {
  const { id, label, columns, source, sort, onSort, onOpen, isSelected, onToggle, onCopy, maxRows } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [key] = useState(() => placeKey(label))
  const [place] = useState(() => placeOf(key))
  const [active, setActive] = useState(place?.active ?? null)
  const selectable = isSelected !== null
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

  // only once there are rows there is something to scroll
  const isThere = !source.loading && source.total > 0
  useLayoutEffect(() => {
    if (!isThere || place === null) return
    scroller.current?.scrollTo({ top: place.top })
    if (place.focused) scroller.current?.focus({ preventScroll: true })
  }, [isThere, place])
  const activeNow = useRef(active)
  activeNow.current = active
  useLayoutEffect(
    () => () => {
      const focused = document.activeElement === scroller.current
      keepPlace(key, { top: virtual.scrollOffset ?? 0, active: activeNow.current, focused })
    },
    [key, virtual],
  )

  const template = useMemo(
    () => [...(selectable ? ['36px'] : []), ...columns.map(one => `minmax(${one.width}px, ${one.grow ?? 0.001}fr)`)].join(' '),
    [columns, selectable],
  )
  const minWidth = columns.reduce((sum, one) => sum + one.width, selectable ? 36 : 0)
  const toggleSort = useCallback(
    (column: Column<unknown>) => {
      // the largest amount is what one looks for first
      onSort({ id: column.id, descending: sort.id === column.id ? !sort.descending : column.align === 'right' })
      setActive(null)
      scroller.current?.scrollTo({ top: 0 })
    },
    [sort, onSort],
  )
  // pages make these anew whenever they are drawn: rows must not be drawn anew for that
  const latest = useRef({ onOpen, onToggle })
  latest.current = { onOpen, onToggle }
  const clickCell = useCallback((index: number, column: number, row: Row, open: boolean) => {
    setActive({ row: index, column })
    if (open) latest.current.onOpen?.(row)
  }, [])
  const toggleRow = useCallback((row: Row) => latest.current.onToggle(row), [])

  const offset = selectable ? 1 : 0
  const columnCount = columns.length + offset
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
        if (row && selectable) onToggle(row)
        break
      case 'F2':
        document
          .getElementById(cellId(id, at.row % slots, at.column))
          ?.querySelector<HTMLElement>('[data-strip], button, a')
          ?.focus()
        break
      case 'F1': {
        const about = columns[at.column - offset]
        if (!active || !about?.help) return
        openTerm(about.help, about.header)
        break
      }
      case 'c':
        if (!far || window.getSelection()?.toString()) return
        onCopy(row)
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

  const inSlots = Array.from({ length: slots }, (_, slot) => first + ((slot - (first % slots) + slots) % slots))
  const activeVisible = active && active.row >= first && active.row <= last
  const bodyRows = maxRows === undefined ? undefined : Math.max(Math.min(source.total, maxRows), 1)
  return (
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
      <Head
        columns={columns as readonly Column<unknown>[]}
        template={template}
        minWidth={minWidth}
        selectable={selectable}
        sort={sort}
        onToggle={toggleSort}
      />
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
                  columns={columns as readonly Column<unknown>[]}
                  template={template}
                  top={index * rowHeight}
                  selectable={selectable}
                  selected={row !== undefined && (isSelected?.(row) ?? false)}
                  activeColumn={active?.row === index ? active.column : -1}
                  canOpen={onOpen !== undefined}
                  onCell={clickCell as GridRowProps['onCell']}
                  onToggle={toggleRow as GridRowProps['onToggle']}
                />
              )
            })}
      </div>
    </div>
  )
}

interface HeadProps {
  columns: readonly Column<unknown>[]
  template: string
  minWidth: number
  selectable: boolean
  sort: TableSort
  onToggle: (column: Column<unknown>) => void
}

/** Stays as it is while the rows below it scroll. */
const Head = memo(function Head({ columns, template, minWidth, selectable, sort, onToggle }: HeadProps) {
  const offset = selectable ? 1 : 0
  return (
    <div className={classes.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, minWidth }}>
      {selectable ? (
        <span role="columnheader" aria-colindex={1} className={classes.headCell}>
          <span className={classes.help}>{texts.table.selectedColumn}</span>
        </span>
      ) : null}
      {columns.map((one, index) => {
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
              <button type="button" className={classes.sort} onClick={() => onToggle(one)}>
                {one.header}
                <span className={classes.arrow}>
                  {direction === 'descending' ? <IconArrowDown size={12} /> : direction ? <IconArrowUp size={12} /> : null}
                </span>
              </button>
            ) : (
              one.header
            )}
            {one.help ? (
              // by keyboard it is F1, as a header is no stop of the grid
              <button
                type="button"
                tabIndex={-1}
                aria-hidden="true"
                className={classes.about}
                title={texts.help.mark(one.header)}
                onClick={() => openTerm(one.help!, one.header)}
              >
                <IconHelp size={14} />
              </button>
            ) : null}
          </span>
        )
      })}
    </div>
  )
})

interface GridRowProps {
  id: string
  slot: number
  index: number
  row: unknown | undefined
  columns: readonly Column<unknown>[]
  template: string
  top: number
  selectable: boolean
  selected: boolean
  activeColumn: number
  canOpen: boolean
  onCell: (index: number, column: number, row: unknown, open: boolean) => void
  onToggle: (row: unknown) => void
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
            <input
              type="checkbox"
              tabIndex={-1}
              checked={selected}
              aria-label={texts.table.selectRow(index + 1)}
              onChange={() => onToggle(row)}
            />
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
