/** Order by a number in the message: for what was sent in disorder, twice, or not at all. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer, type SequenceProblem, sequence } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('sequence.moves', { partitions: 1 })
await using producer = createProducer(kafka)
// 2 and 3 are the wrong way round, 3 comes twice, and 5 never comes.
await producer.send(
  'sequence.moves',
  [1, 3, 2, 3, 4, 6].map((number) => ({ key: 'account-7', headers: { number: `${number}` }, value: `move ${number}` })),
)

const moves: string[] = []
const problems: SequenceProblem[] = []
const stop = new AbortController()
await using consumer = createConsumer(kafka, { group: 'sequence.accounts' })
consumer.each(
  'sequence.moves',
  { concurrency: 16 },
  sequence(
    {
      key: ({ key }) => `${key}`,
      number: (message) => Number(message.header('number')), // the lesson: the number decides, not the place in the log
      window: 8, // so many of a key wait at most
      waitMaxMs: 300, // and for so long
      report: (problem) => problems.push(problem),
    },
    async ({ value }) => {
      moves.push(`${value}`)
      if (`${value}` === 'move 6') stop.abort()
    },
  ),
)
await consumer.run({ signal: stop.signal })

console.log(moves.join(', '))
for (const { kind, ...where } of problems) console.log(kind, 'number' in where ? where.number : `${where.from} to ${where.to}`)
assert.deepEqual(moves, ['move 1', 'move 2', 'move 3', 'move 4', 'move 6'])
assert.deepEqual(problems.map(({ kind }) => kind).sort(), ['duplicate', 'early', 'early', 'gap'])
