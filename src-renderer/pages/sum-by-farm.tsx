import type { FarmRow } from '../../src-shared/contract.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { texts } from '../texts.ts'
import classes from './overview.module.css'

/** The derivation of a figure that is a sum over farms: the rule in words, each summand with all its decimals, the sum. */
export function SumByFarm(props: { rule: string; farms: FarmRow[]; amount: 'earnedUnits' | 'projectedUnits'; total: bigint }) {
  const words = texts.overview
  const lines = props.farms.map(farm => ({ id: farm.farmId, name: `${cleanName(farm.name)} (${farm.farmId})`, units: farm[props.amount] }))
  const asText = () =>
    [
      props.rule,
      '',
      ...lines.map(line => `${line.name}: ${tftExact(line.units)} TFT`),
      `${words.sumTotal}: ${tftExact(props.total)} TFT`,
    ].join('\n')
  return (
    <div className={classes.sum}>
      <h3>{words.rule}</h3>
      <p>{props.rule}</p>
      <h3>{words.sumTitle}</h3>
      <table className={classes.sumTable}>
        <thead>
          <tr>
            <th scope="col">{words.sumFarm}</th>
            <th scope="col" className={classes.right}>
              TFT
            </th>
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
            <td className={classes.right}>{group(tftExact(props.total))}</td>
          </tr>
        </tfoot>
      </table>
      <CopyButton text={asText} label={texts.sheet.copy} />
    </div>
  )
}
