/**
 * Writes what each command prints into docs/guide/commands.md: `node --conditions=@tidemark/source
 * conformance/commands/write.ts`. Read the difference.
 */
import { startBroker } from '@tidemark/broker'
import { OURS, warmUp } from './ours.ts'
import { typeAll } from './run.ts'
import { shortened, tableOf, tablePage, writeTable } from './table.ts'

await using broker = await startBroker(OURS)
await using other = await startBroker({ data: ':memory:' })
await warmUp(broker.brokers)
const startedMs = performance.now()
const steps = tableOf(tablePage())
writeTable(shortened(steps, await typeAll(steps, { brokers: broker.brokers, other: other.brokers, settles: false })))
console.log(`${Math.round(performance.now() - startedMs)} ms`)
