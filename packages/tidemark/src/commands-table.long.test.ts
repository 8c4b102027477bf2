/**
 * The table of docs/guide/commands.md, typed on our broker: what each command prints, on which stream, and its exit
 * code.
 */
import { type Broker, startBroker } from '@tidemark/broker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compared } from '../../../conformance/commands/normalise.ts'
import { OURS, warmUp } from '../../../conformance/commands/ours.ts'
import { typeAll } from '../../../conformance/commands/run.ts'
import { shortened, tableOf, tablePage } from '../../../conformance/commands/table.ts'

const steps = tableOf(tablePage())

describe.skipIf(process.platform === 'win32')('on our broker', () => {
  let broker: Broker
  let other: Broker
  let answers: readonly string[]
  beforeAll(async () => {
    broker = await startBroker(OURS)
    other = await startBroker({ data: ':memory:' })
    await warmUp(broker.brokers)
    answers = shortened(steps, await typeAll(steps, { brokers: broker.brokers, other: other.brokers, settles: false }))
  }, 300_000)
  afterAll(() => Promise.all([broker.close(), other.close()]))

  test.each(steps.map(({ line, answer }, i) => ({ i, line, answer })))('$i: $line', ({ i, answer }) => {
    expect(compared(answers[i]!)).toBe(compared(answer))
  })

  test('nothing that is piped has an escape sequence', () => {
    expect(answers.filter((answer) => answer.includes('\u001b'))).toEqual([])
  })
})
