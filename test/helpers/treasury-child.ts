import { createRandom } from './horizon/index.ts'
import { administrator, administratorPassphrase, treasuryIn } from './treasury.ts'
import { partyCommands } from './treasury-kill.ts'

/** A process of its own: does commands of a treasury, several at once, and says the key of each that it has an answer to, until it is killed. */
const [dataDir = '', seedText = '', startText = '', ...entities] = process.argv.slice(2)
const clock = { ts: Number(startText) }
const { treasury } = treasuryIn(dataDir, clock)
await treasury.command(
  'administrator.unlock',
  { passphrase: administratorPassphrase },
  administrator,
  `child ${startText} ${Math.random()}`,
)
const random = createRandom(Number(seedText))
for (;;) {
  clock.ts += 600
  const calls = partyCommands(random, entities, 1 + Math.floor(random() * 20))
  process.stdout.write(`${JSON.stringify({ ts: clock.ts, sent: calls })}\n`)
  await Promise.all([
    treasury.runDue(),
    ...calls.map(({ name, input, actor, key }) =>
      treasury.command(name, input, actor, key).then(
        () => process.stdout.write(`${JSON.stringify({ answered: key })}\n`),
        () => process.stdout.write(`${JSON.stringify({ refused: key })}\n`),
      ),
    ),
  ])
}
