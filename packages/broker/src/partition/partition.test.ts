import { readBatchHeader } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { PartitionState } from '../state/log/partition-state.ts'
import type { LogPoint } from '../state/log/point.ts'
import { MemoryBudget, MemoryLog } from '../storage/memory-log.ts'
import { batchOf } from '../testing/index.ts'
import { Partition } from './partition.ts'

/** A log whose appends are finished, or fail, when the test says so. */
class SlowLog extends MemoryLog {
  readonly pending: PromiseWithResolvers<void>[] = []

  constructor() {
    super(new MemoryBudget(1e9), { segmentBytesMax: 1e9 }, { onCheckpoint() {} })
  }

  override append(...batch: Parameters<MemoryLog['append']>): Promise<void> {
    super.append(...batch)
    const write = Promise.withResolvers<void>()
    this.pending.push(write)
    return write.promise
  }
}

function setUp() {
  const log = new SlowLog()
  const failures: unknown[] = []
  const saved: number[] = []
  let failure: Error | undefined
  const partition = new Partition({ topic: 't', topicId: 'id', index: 0, leaderEpoch: 3 }, log, {
    load: () => ({ state: new PartitionState(), savedAt: undefined, lastCrc: 0 }),
    save: (_state, { reaches }) => void saved.push(reaches),
    loadCompacted: () => 0,
    saveCompacted() {},
    failure: () => failure,
    onFailure: (cause) => {
      failures.push(cause)
      failure = new Error('the broker stopped')
      return failure
    },
  })
  void partition.state()
  const done: string[] = []
  const append = (name: string, values = ['v']): void => {
    const batch = batchOf({ values })
    const { durable } = partition.append(batch, readBatchHeader(batch))
    Promise.resolve(durable).then(
      () => done.push(`${name} at ${partition.highWatermark}`),
      (error: Error) => done.push(`${name}: ${error.message}`),
    )
  }
  const finish = async (i: number): Promise<void> => {
    log.pending[i]!.resolve()
    await settled()
  }
  return { log, partition, done, failures, saved, append, finish }
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await null
}

describe('appends that are finished later', () => {
  test('are shown, and answered, in the order of the log whatever order the disk has (rule 14)', async () => {
    const { partition, done, append, finish } = setUp()
    append('a')
    append('b', ['1', '2'])
    append('c')
    expect([partition.end, partition.highWatermark]).toEqual([4, 0])
    await finish(1)
    expect([done, partition.highWatermark]).toEqual([[], 0])
    await finish(0)
    expect([done, partition.highWatermark]).toEqual([['a at 3', 'b at 3'], 3])
    await finish(2)
    expect(done).toEqual(['a at 3', 'b at 3', 'c at 4'])
  })

  test('are not read before they are shown', async () => {
    const { partition, append, finish } = setUp()
    append('a')
    append('b')
    expect(await partition.read(0, 1e6)).toEqual([])
    await finish(0)
    expect(await partition.read(0, 1e6)).toHaveLength(1)
    expect(await partition.read(1, 1e6)).toEqual([])
  })

  test('wake who waits when they are shown, in the same turn, with the bytes that came', async () => {
    const { partition, append, finish } = setUp()
    const woken: number[] = []
    const stop = partition.onChange(() => woken.push(partition.bytesShown))
    append('a')
    expect(woken).toEqual([])
    await finish(0)
    expect(woken).toEqual([batchOf().length])
    stop()
    append('b')
    await finish(1)
    expect(woken).toHaveLength(1)
  })

  test('that fail take those behind them along, and nothing is written after them', async () => {
    const { log, partition, done, failures, append } = setUp()
    append('a')
    append('b')
    log.pending[0]!.reject(new Error('no space'))
    log.pending[1]!.resolve()
    await settled()
    expect(done).toEqual(['a: the broker stopped', 'b: the broker stopped'])
    expect([failures.length, partition.highWatermark]).toEqual([1, 0])
    expect(() => append('c')).toThrow('the broker stopped')
    expect(log.pending).toHaveLength(2)
  })

  test('settle what waits for all of them', async () => {
    const { partition, append, finish } = setUp()
    expect(partition.settled()).toBeUndefined()
    append('a')
    let isSettled = false
    void Promise.resolve(partition.settled()).then(() => {
      isSettled = true
    })
    await settled()
    expect(isSettled).toBe(false)
    await finish(0)
    expect(isSettled).toBe(true)
  })
})

test('a checkpoint is saved once for what changed', async () => {
  const { partition, saved, append, finish } = setUp()
  partition.checkpoint()
  append('a')
  await finish(0)
  partition.checkpoint()
  partition.checkpoint()
  expect(saved).toEqual([1])
})

test('deletion wakes everybody once', () => {
  const { partition } = setUp()
  let woken = 0
  partition.onChange(() => woken++)
  partition.delete()
  expect([woken, partition.deleted]).toEqual([1, true])
})

test('what a start had to read the log for is saved at the end, so that the next start need not read it; what is on the disk is not saved again', () => {
  for (const savedAt of [undefined, 4, 7]) {
    const log = new SlowLog()
    log.end = 7
    const saved: LogPoint[] = []
    const partition = new Partition({ topic: 't', topicId: 'id', index: 0, leaderEpoch: 3 }, log, {
      load: () => ({ state: new PartitionState(), savedAt, lastCrc: 99 }),
      save: (_state, point) => void saved.push(point),
      loadCompacted: () => 0,
      saveCompacted() {},
      failure: () => undefined,
      onFailure: (cause) => cause as Error,
    })
    void partition.state()
    partition.checkpoint()
    partition.checkpoint()
    expect(saved).toEqual(savedAt === 7 ? [] : [{ reaches: 7, lastCrc: 99 }])
  }
})
