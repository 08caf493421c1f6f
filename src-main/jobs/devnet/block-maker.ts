import type { EventSink } from '../../../src-shared/grid.ts'
import type { DevChain, SealedBlock } from './chain.ts'
import { addedBy146 } from './declare-types.ts'
import { createEventLog, type EventRecord, recordsOf } from './event-log.ts'
import { applyRareEvent } from './grid-state.ts'
import { devnetRuntimes } from './runtime.ts'
import type { Value } from './scale.ts'
import { type StateView, viewState } from './state.ts'

/** Makes a chain's next block: begin, give it events, seal. */
export interface BlockMaker {
  /** `stateKnown`: the state has what these events did already */
  begin(ts: number, options?: { stateKnown?: boolean }): void
  readonly sink: Omit<EventSink, 'block'>
  /** the state of the block under way */
  view(): StateView
  /** the events given so far, as the chain will have them */
  records(): EventRecord[]
  seal(signed?: SealedBlock['signed']): number
}

export function createBlockMaker(chain: DevChain): BlockMaker {
  const log = createEventLog()
  let view: StateView
  let ts = 0
  let block = 0
  let stateKnown = false
  return {
    begin(at, options = {}) {
      ts = at
      block = chain.head() + 1
      stateKnown = options.stateKnown ?? false
      const runtime = chain.runtimeOf(block)
      log.begin(runtime)
      view = viewState(chain.state, runtime, block)
      // As on a real chain the first block of a new runtime rewrites what its layouts changed.
      if (block === chain.upgradeBlock + 1) migrate(chain, block)
    },
    sink: {
      uptime: (nodeId, now, uptime) => log.uptime(nodeId, now, uptime),
      consumption: (contractId, timestamp, window, nru) => log.consumption(contractId, timestamp, window, nru),
      rare(event) {
        // What the snapshot has already is written to a state that nobody keeps.
        applyRareEvent(stateKnown ? unkept(view) : view, log, block, event)
      },
    },
    view: () => view,
    records: () => recordsOf(log.bytes(), view.runtime),
    seal: signed => chain.seal({ ts, log: log.bytes(), ...(signed && { signed }) }),
  }
}

function unkept(view: StateView): StateView {
  return { ...view, put: () => undefined, remove: () => undefined }
}

function migrate(chain: DevChain, block: number): void {
  const [from, to] = devnetRuntimes()
  const changed = [
    ['SmartContractModule', 'Contracts', addedBy146.Contract],
    ['TfgridModule', 'Nodes', addedBy146.Node],
  ] as const
  for (const [pallet, item, added] of changed)
    for (const [key, value] of chain.state.entries(from.storageKey(pallet, item), block - 1)) {
      const record = from.decodeStorage(pallet, item, value) as { [name: string]: Value }
      chain.state.set(key, block, to.encodeStorage(pallet, item, { ...added, ...record }))
    }
}
