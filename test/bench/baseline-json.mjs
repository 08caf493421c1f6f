// The baseline of reading: nothing but JSON.parse of every line, one thread, reads of 1 MiB, latin1 slices. Times itself: start-up is
// not counted. Usage: baseline-json.mjs FILE
import { openSync, readSync } from 'node:fs'

const file = openSync(process.argv[2], 'r')
const READ = 1 << 20
let buffer = Buffer.allocUnsafe(8 * READ)
let held = 0
let lines = 0
let events = 0
const startMs = performance.now()
const startCpu = process.cpuUsage()
for (;;) {
  if (buffer.length - held < READ) {
    const larger = Buffer.allocUnsafe(buffer.length * 2)
    buffer.copy(larger, 0, 0, held)
    buffer = larger
  }
  const read = readSync(file, buffer, held, READ, null)
  if (read === 0) break
  const end = held + read
  let from = 0
  for (let at = buffer.indexOf(10, held); at >= 0 && at < end; at = buffer.indexOf(10, from)) {
    const line = JSON.parse(buffer.latin1Slice(from, at))
    lines++
    if (line.kind === 'block') events += line.events.length
    from = at + 1
  }
  buffer.copyWithin(0, from, end)
  held = end - from
}
const { user, system } = process.cpuUsage(startCpu)
console.log(JSON.stringify({ sec: (performance.now() - startMs) / 1000, cpuSec: (user + system) / 1e6, lines, events }))
