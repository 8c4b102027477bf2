import { apis, decodeResponse } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { handler } from './handler.ts'
import { OutputMemory } from './output-memory.ts'
import { type Begun, Pipeline } from './pipeline.ts'

type Body = { readonly errorCode: number }

interface Case {
  readonly pipeline: Pipeline
  /** The error codes of the answers that were sent, write by write. */
  readonly writes: number[][]
  readonly begun: number[]
  readonly side: { buffered: number; reading: boolean; failures: unknown[] }
  /** Gives the answer of a request, whose number is its error code. */
  answer(request: number, body?: Body | null): Promise<void>
  reject(request: number): Promise<void>
}

/**
 * Requests are frames of one byte, their number: even ones are answered in the call, odd ones later; from 100 on they
 * do not hold.
 */
function setUp(limits = { requestsInFlightMax: 100, outputBufferBytesMax: 1000 }, memory = new OutputMemory(1e9)): Case {
  const writes: number[][] = []
  const begun: number[] = []
  const side = { buffered: 0, reading: true, failures: [] as unknown[] }
  const later = new Map<number, PromiseWithResolvers<Body | undefined>>()
  const holding = handler(apis.Heartbeat, { versions: [0, 4], holds: true }, () => ({ errorCode: 0 }))
  const passing = { ...holding, holds: false }

  function begin(frame: Buffer): Begun {
    const request = frame[0]!
    begun.push(request)
    const run = (): unknown => {
      if (request % 2 === 0) return { errorCode: request }
      const answer = Promise.withResolvers<Body | undefined>()
      later.set(request, answer)
      return answer.promise
    }
    return { kind: 'handle', handler: request >= 100 ? passing : holding, version: 0, correlationId: request, run }
  }

  const pipeline = new Pipeline(
    {
      begin,
      write: (chunks) => void writes.push(chunks.map((c) => decodeResponse(apis.Heartbeat, 0, c.subarray(4)).errorCode)),
      get buffered() {
        return side.buffered
      },
      read: (on) => {
        side.reading = on
      },
      failed: (error) => void side.failures.push(error),
      answered() {},
    },
    limits,
    memory,
  )
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await null
  }
  return {
    pipeline,
    writes,
    begun,
    side,
    answer: (request, body = { errorCode: request }) => {
      later.get(request)!.resolve(body ?? undefined)
      return settle()
    },
    reject: (request) => {
      later.get(request)!.reject(new Error(`request ${request}`))
      return settle()
    },
  }
}

function push(pipeline: Pipeline, ...requests: number[]): void {
  for (const request of requests) pipeline.push(Buffer.from([request]))
  pipeline.pump()
}

test('what is answered in one turn leaves as one write, in order', () => {
  const { pipeline, writes } = setUp()
  push(pipeline, 2, 4, 6)
  expect(writes).toEqual([[2, 4, 6]])
})

test('trap 9: a request that holds keeps the next one from starting until it is answered', async () => {
  const { pipeline, writes, begun, answer } = setUp()
  push(pipeline, 2, 1, 4)
  expect(begun).toEqual([2, 1])
  await answer(1)
  expect(begun).toEqual([2, 1, 4])
  expect(writes).toEqual([[2], [1, 4]])
})

test('decision 13: one that only waits to be durable does not, and the answers stay in order', async () => {
  const { pipeline, writes, begun, answer } = setUp()
  push(pipeline, 101, 103, 4)
  expect(begun).toEqual([101, 103, 4])
  await answer(103)
  expect(writes).toEqual([])
  await answer(101)
  expect(writes).toEqual([[101, 103, 4]])
})

test('an answer that is not sent (acks=0) leaves its place to the next', async () => {
  const { pipeline, writes, answer } = setUp()
  push(pipeline, 101, 4)
  await answer(101, null)
  expect(writes).toEqual([[4]])
})

test('no more requests are begun than may be unanswered', async () => {
  const { pipeline, begun, answer } = setUp({ requestsInFlightMax: 2, outputBufferBytesMax: 1000 })
  push(pipeline, 101, 103, 105)
  expect(begun).toEqual([101, 103])
  await answer(101)
  expect(begun).toEqual([101, 103, 105])
})

test('a client that does not take its answers is not read from, and nothing more of it is begun', () => {
  const { pipeline, begun, side } = setUp({ requestsInFlightMax: 10, outputBufferBytesMax: 50 })
  side.buffered = 51
  push(pipeline, 2, 4)
  expect([begun, side.reading]).toEqual([[], false])
  side.buffered = 0
  pipeline.pump()
  expect([begun, side.reading]).toEqual([[2, 4], true])
})

test('when the memory of all replies is full, a client that left some unread gets no further one, and a client that reads is served', () => {
  const limits = { requestsInFlightMax: 10, outputBufferBytesMax: 1e6 }
  const memory = new OutputMemory(250_000)
  const slow = [setUp(limits, memory), setUp(limits, memory)]
  for (const { side, pipeline } of slow) {
    side.buffered = 150_000
    pipeline.pump()
  }
  expect([memory.bytes, memory.isFull, memory.replyBytesMax]).toEqual([300_000, true, 65_536])
  const quick = setUp(limits, memory)
  for (const { pipeline } of [...slow, quick]) push(pipeline, 2)
  expect([slow[0]!.begun, slow[1]!.begun, quick.begun]).toEqual([[], [], [2]])
  slow[1]!.pipeline.close()
  slow[0]!.pipeline.pump()
  expect([slow[0]!.begun, memory.bytes]).toEqual([[2], 150_000])
})

test('a client that sends on behind a parked request is held back', async () => {
  const { pipeline, side, answer } = setUp()
  push(pipeline, 1, ...Array.from({ length: 64 }, () => 2))
  expect(side.reading).toBe(false)
  await answer(1)
  expect(side.reading).toBe(true)
})

test('a handler that rejects ends the connection; answers that were ready are sent', async () => {
  const { pipeline, side, reject, writes } = setUp()
  push(pipeline, 2, 1)
  await reject(1)
  expect(side.failures).toHaveLength(1)
  pipeline.close()
  expect(writes).toEqual([[2]])
})

test('after close nothing is sent or begun', async () => {
  const { pipeline, writes, begun, answer } = setUp()
  push(pipeline, 1, 2)
  pipeline.close()
  await answer(1)
  push(pipeline, 4)
  expect([writes, begun]).toEqual([[], [1]])
})
