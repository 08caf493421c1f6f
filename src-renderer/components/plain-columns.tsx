import { formatUtc } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { HelpTerm } from '../help-terms.ts'
import type { Column } from './data-table.tsx'
import { Clip } from './names.tsx'
import { Amount, DateTime } from './values.tsx'

/* Columns of plain values, as the treasury's tables have most of them. */

export type Field<Row> = Pick<Column<Row>, 'id' | 'header'>
/** An amount is computed from something, which its entry of the glossary tells. */
export type AmountField<Row> = Field<Row> & { help: HelpTerm }

/** An amount of one token, which stands in the header; null: nothing to show. */
export function amountColumn<Row>(field: AmountField<Row>, token: string, unitsOf: (row: Row) => bigint | null): Column<Row> {
  return {
    ...field,
    width: 120,
    grow: 1,
    align: 'right',
    cell: row => {
      const units = unitsOf(row)
      return units === null ? '' : <Amount units={units} token={token} />
    },
    text: row => {
      const units = unitsOf(row)
      return units === null ? '' : formatAmount(units)
    },
  }
}

/** A moment in seconds since the epoch; null: none. */
export function timeColumn<Row>(field: Field<Row>, tsOf: (row: Row) => number | null): Column<Row> {
  return {
    ...field,
    width: 150,
    cell: row => {
      const ts = tsOf(row)
      return ts === null ? '' : <DateTime ts={ts} />
    },
    text: row => {
      const ts = tsOf(row)
      return ts === null ? '' : formatUtc(ts)
    },
  }
}

export function textColumn<Row>(field: Field<Row>, width: number, textOf: (row: Row) => string): Column<Row> {
  return { ...field, width, cell: row => <Clip text={textOf(row)} />, text: textOf }
}
