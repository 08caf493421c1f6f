import { Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import type { FarmRow } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'
import classes from './overview.module.css'

export interface Summand {
  /** null: it is not known which */
  id: number | null
  name: string
  units: bigint
}

/** The figure that a sum is of: its name, and its entry of the glossary. */
interface Summed {
  label: string
  help: HelpTerm
  rule: string
}

const words = texts.overview

/** The derivation of a figure that is a sum over farms. */
export function SumByFarm(
  props: Summed & {
    farms: FarmRow[]
    amount: 'earnedUnits' | 'staysUpUnits' | 'goesDownUnits'
    total: bigint
  },
) {
  const { label, help, rule, total } = props
  const lines = props.farms.map(farm => ({ id: farm.farmId, name: farmName(farm.name, farm.farmId), units: farm[props.amount] }))
  return <SumOf label={label} help={help} rule={rule} nameHead={words.sumFarm} lines={lines} total={total} />
}

const pageSize = 1000

/** The same where the rows come from a list of the core: reads all of it and adds up by farm. The sum shown is that of the rows. */
export function SumByFarmLoaded(
  props: Summed & {
    fetchPage: (
      offset: number,
      limit: number,
    ) => Promise<{ total: number; rows: { farmId: number | null; farmName: string; units: bigint }[] }>
  },
) {
  const { label, help, rule, fetchPage } = props
  const [lines, setLines] = useState<Summand[] | null>(null)
  const [error, setError] = useState<AppError | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a sheet is made for one figure; its rows are read once
  useEffect(() => {
    let open = true
    const read = async () => {
      const farms = new Map<number | null, Summand>()
      for (let offset = 0; open; offset += pageSize) {
        const page = await fetchPage(offset, pageSize)
        for (const row of page.rows) {
          const farm = farms.get(row.farmId) ?? { id: row.farmId, name: farmName(row.farmName, row.farmId), units: 0n }
          farm.units += row.units
          farms.set(row.farmId, farm)
        }
        if (page.rows.length === 0 || offset + page.rows.length >= page.total) break
      }
      return [...farms.values()].sort((a, b) => (a.units < b.units ? 1 : a.units > b.units ? -1 : (a.id ?? -1) - (b.id ?? -1)))
    }
    read().then(
      found => open && setLines(found),
      (reason: unknown) => open && setError(toAppError(reason)),
    )
    return () => {
      open = false
    }
  }, [])
  if (error) return <ErrorPanel error={error} />
  if (!lines) return <Skeleton height={240} />
  const total = lines.reduce((sum, line) => sum + line.units, 0n)
  return <SumOf label={label} help={help} rule={rule} nameHead={words.sumFarm} lines={lines} total={total} />
}

/** The derivation of a sum: the rule in words, each summand with all its decimals, the sum. */
export function SumOf(props: Summed & { nameHead: string; lines: Summand[]; total: bigint }) {
  const { label, help, rule, nameHead, lines, total } = props
  const asText = () =>
    [rule, '', ...lines.map(line => `${line.name}: ${tftExact(line.units)} TFT`), `${words.sumTotal}: ${tftExact(total)} TFT`].join('\n')
  return (
    <div className={classes.sum}>
      <h3>{words.rule}</h3>
      <p>{rule}</p>
      <h3>{words.sumTitle(nameHead.toLowerCase())}</h3>
      <table className={classes.sumTable}>
        <thead>
          <tr>
            <th scope="col">{nameHead}</th>
            <NumHead name={words.sumUnits(label)} help={help} />
          </tr>
        </thead>
        <tbody>
          {lines.map(line => (
            <tr key={line.id}>
              <td>{line.name}</td>
              <td className={classes.right}>{group(tftExact(line.units))}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.sumTotal}</th>
            <td className={classes.right}>{group(tftExact(total))}</td>
          </tr>
        </tfoot>
      </table>
      <CopyButton text={asText} label={texts.sheet.copy} />
    </div>
  )
}

function farmName(name: string, id: number | null): string {
  if (id === null) return texts.mints.unknownFarm
  return `${cleanName(name)} (${id})`
}
