/**
 * One load in a process of its own: `main.ts VERB BROKERS TOPIC COUNT [PARTITIONS | HANDLER_MS]`. Prints its figures as
 * one line of JSON; `stuck` and `stuck-recorded` end by SIGKILL instead, when all but the stuck key is done, or also on
 * record.
 */
import { intoPostgres } from './exactly-once.ts'
import { fill, getStuck, goOn, keyed } from './work.ts'

const [verb, brokers, topic, count, more] = process.argv.slice(2) as [string, string, string, string, string]
const records = Number(count)
const nothing = (): void => {}
const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

const verbs: Readonly<Record<string, () => Promise<object>>> = {
  fill: async () => (await fill(brokers, topic, Number(more), records), {}),
  keyed: () => keyed(brokers, topic, records, Number(more)),
  store: () => intoPostgres(brokers, topic, records, Number(more), 'store'),
  plain: () => intoPostgres(brokers, topic, records, Number(more), 'plain'),
  stuck: () => getStuck(brokers, topic, records, { done: die, recorded: nothing }),
  'stuck-recorded': () => getStuck(brokers, topic, records, { done: nothing, recorded: die }),
  'go-on': async () => ({ again: await goOn(brokers, topic, records) }),
}
console.log(JSON.stringify(await verbs[verb]!()))
