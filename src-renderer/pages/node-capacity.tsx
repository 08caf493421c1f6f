import { group, usdExact } from '../../src-shared/money.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import { NumHead } from '../components/num-head.tsx'
import { texts } from '../texts.ts'
import classes from './page.module.css'

const words = texts.node.capacity

const GIB = 1_073_741_824n

/** What the node has, how much of it was used on average, and the units that are paid for it. */
export function NodeCapacity({ detail }: { detail: NodeDetail }) {
  const { resources, utilization, cloudUnits } = detail
  const rows: [name: string, amount: string, usedPercent: number][] = [
    [words.cores, group(resources.cru), utilization.cru],
    [words.memory, gibText(resources.mru), utilization.mru],
    [words.hdd, gibText(resources.hru), utilization.hru],
    [words.ssd, gibText(resources.sru), utilization.sru],
  ]
  return (
    <section className={classes.panel} aria-label={words.title}>
      <div className={classes.panelHead}>
        <h2>{words.title}</h2>
        <span className={classes.dim}>{words.average}</span>
      </div>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{words.resource}</th>
              <NumHead name={words.total} help="capacity" />
              <NumHead name={words.used} help="utilization" />
              <th scope="col">
                <span className={classes.hidden}>{words.usedBar}</span>
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
        <span>{words.cu(cloudUnits.cu)}</span>
        <span>{words.su(cloudUnits.su)}</span>
        <span>{words.nu(cloudUnits.nu)}</span>
        <span>{words.ips(group(utilization.ipHours.toFixed(2)))}</span>
        <span>{words.price(usdExact(BigInt(detail.connectionPriceMusd)))}</span>
      </p>
    </section>
  )
}

/** Bytes as GiB with 2 decimals, cut. */
export function gibText(bytes: string): string {
  const hundredths = (BigInt(bytes) * 100n) / GIB
  return group(`${hundredths / 100n}.${(hundredths % 100n).toString().padStart(2, '0')}`)
}
