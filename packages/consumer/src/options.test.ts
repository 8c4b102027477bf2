import { createKafka } from '@tidemark/client'
import { describe, expect, test } from 'vitest'
import { createConsumer } from './consumer.ts'

const kafka = createKafka({ brokers: ['127.0.0.1:1'] })
const consumer = (options: object) => () => createConsumer(kafka, { group: 'g', ...options } as never)
const each =
  (...args: unknown[]) =>
  () =>
    (createConsumer(kafka, { group: 'g' }).each as (...args: unknown[]) => void)(...args)

describe('options', () => {
  test.each([
    [{ groupId: 'x' }, "unknown option 'groupId' of createConsumer(); did you mean 'group'?"],
    [{ fromBeginning: true }, "did you mean 'startFrom'?"],
    [{ autoCommit: false }, "did you mean 'commit'?"],
    [{ startFrom: null }, "option 'startFrom' is null"],
    [{ startFrom: 'beginning' }, 'option \'startFrom\' is "beginning"'],
    [{ startFrom: new Date('0001-01-01') }, "option 'startFrom' is 0001-01-01T00:00:00.000Z"],
    [{ startFrom: new Date(-1) }, "option 'startFrom' is 1969-12-31T23:59:59.999Z"],
    [{ startFrom: new Date('x') }, "option 'startFrom' is an invalid Date"],
    [{ commit: 'auto' }, 'option \'commit\' is "auto"'],
    [{ commit: { interval: 5 } }, "unknown option 'interval' of the option 'commit'; did you mean 'intervalMs'?"],
    [{ commit: { intervalMs: Number.NaN } }, "option 'commit.intervalMs' is NaN"],
    [{ commit: null }, "option 'commit' is null"],
    [{ isolation: 'READ_COMMITTED' }, "did you mean 'read_committed'?"],
    [{ sessionTimeoutMs: 1.5e10 }, "option 'sessionTimeoutMs' is 15000000000"],
    [{ heartbeatIntervalMs: 45_000 }, "option 'heartbeatIntervalMs' is 45000; it must be shorter than sessionTimeoutMs (45000)"],
    [{ waitingRecordsMax: 0 }, "option 'waitingRecordsMax' is 0"],
    [{ bufferBytesMax: 1.5 }, "option 'bufferBytesMax' is 1.5"],
    [{ assignors: [] }, "option 'assignors' is an array"],
    [{ assignors: ['sticky'] }, 'option \'assignors\' is "sticky"'],
    [{ startAt: 5 }, "option 'startAt' is 5"],
    [{ group: '' }, 'option \'group\' is ""'],
  ])('%o is refused: %s', (options, text) => {
    expect(consumer(options)).toThrow(text)
  })

  test.each([
    [['t', { concurrency: '5' }, () => {}], 'option \'concurrency\' is "5"'],
    [['t', { fromBeginning: true }, () => {}], "unknown option 'fromBeginning' of each()"],
    [['t', { order: 'keys' }, () => {}], "did you mean 'key'?"],
    [['t', { retry: { retries: 3 } }, () => {}], "unknown option 'retries' of the option 'retry'"],
    [['t', { retry: 3 }, () => {}], "the option 'retry' takes an object of options, not 3"],
    [['t', {}, 'handler'], 'the handler of each() is "handler"'],
    [['t', {}], 'the handler of each() is an object'],
    [['', () => {}], 'the topic is ""'],
    [[5, () => {}], 'the topic is 5'],
  ])('each(%o) is refused: %s', (args, text) => {
    expect(each(...args)).toThrow(text)
  })

  test('the options of each() and batches() are optional', () => {
    createConsumer(kafka, { group: 'g' })
      .each('t', () => {})
      .batches('u', () => {})
  })

  test('a foreign client is refused', () => {
    expect(() => createConsumer({} as never, { group: 'g' })).toThrow('the first argument must be what createKafka()')
  })
})

describe('calls', () => {
  const ready = () => createConsumer(kafka, { group: 'g' }).each('t', () => {})

  test.each([-1, 1.5, Number.NaN, Infinity, '5', null, new Date('0001-01-01'), 'end'])('seek to %s is refused', async (to) => {
    await expect(ready().seek('t', 0, to as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test.each([-1, 1.5, Number.NaN, '0', null])('partition %s is refused, by seek and by pause', async (partition) => {
    await expect(ready().seek('t', partition as never, 0)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(() => ready().pause('t', [partition as never])).toThrow('a partition of pause() is')
  })

  test('a topic that the consumer does not read is refused, with those it reads', async () => {
    expect(() => ready().pause('T')).toThrow("this consumer does not read topic 'T'; it reads 't'")
    await expect(ready().seek('T', 0, 0)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test('run() never throws synchronously', async () => {
    await expect(createConsumer(kafka, { group: 'g' }).run()).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
    await expect(ready().run({ sginal: 1 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(ready().run({ signal: {} as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('after close() nothing starts; close() may come first, and twice', async () => {
    const it = ready()
    await it.close()
    await it.close()
    await expect(it.run()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('what needs a running consumer says so', async () => {
    await expect(ready().commit()).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    await expect(ready().seek('t', 0, 0)).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    expect(ready().positions()).toEqual([])
  })
})
