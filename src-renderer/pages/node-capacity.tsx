import type { NodeDetail } from '../../src-shared/contract.ts'
import { group, usdExact } from '../../src-shared/money.ts'
import classes from './page.module.css'

const GIB = 1_073_741_824n

/** What the node has, how much of it was used on average, and the units that are paid for it. */
export function NodeCapacity({ detail }: { detail: NodeDetail }) {
  const { resources, utilization, cloudUnits } = detail
  const rows: [name: string, amount: string, usedPercent: number][] = [
    ['Cores', group(resources.cru), utilization.cru],
    ['Memory, GiB', gibText(resources.mru), utilization.mru],
    ['HDD, GiB', gibText(resources.hru), utilization.hru],
    ['SSD, GiB', gibText(resources.sru), utilization.sru],
  ]
  return (
    <section className={classes.panel} aria-label="Capacity and use">
      <div className={classes.panelHead}>
        <h2>Capacity and use</h2>
        <span className={classes.dim}>average of the period</span>
      </div>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Resource</th>
              <th scope="col" className={classes.num}>
                Total
              </th>
              <th scope="col" className={classes.num}>
                Used, %
              </th>
              <th scope="col">
                <span className={classes.hidden}>Used, as a bar</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, amount, used]) => (
              <tr key={name}>
                <td>{name}</td>
                <td className={classes.num}>{amount}</td>
                <td className={classes.num}>{used.toFixed(2)}</td>
                <td width="35%">
                  <div className={classes.meter} aria-hidden="true">
                    <i style={{ width: `${Math.min(Math.max(used, 0), 100)}%` }} />
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={classes.facts}>
        <span>Compute units {cloudUnits.cu}</span>
        <span>Storage units {cloudUnits.su}</span>
        <span>Network units {cloudUnits.nu}</span>
        <span>Public IPs {group(utilization.ipHours.toFixed(2))} h</span>
        <span>Price on connect {usdExact(BigInt(detail.connectionPriceMusd))} USD a TFT</span>
      </p>
    </section>
  )
}

/** Bytes as GiB with 2 decimals, cut. */
export function gibText(bytes: string): string {
  const hundredths = (BigInt(bytes) * 100n) / GIB
  return group(`${hundredths / 100n}.${(hundredths % 100n).toString().padStart(2, '0')}`)
}
