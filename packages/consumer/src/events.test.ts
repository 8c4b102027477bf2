import { describe, expect, test } from 'vitest'
import { type ConsumerEvent, EventStream } from './events.ts'

const event = (generation: number): ConsumerEvent => ({ kind: 'joined', generation, memberId: 'me' })

async function all(stream: AsyncIterable<ConsumerEvent>): Promise<number[]> {
  const seen: number[] = []
  for await (const e of stream) seen.push(e.kind === 'joined' ? e.generation : -(e as { count: number }).count)
  return seen
}

describe('events', () => {
  test('any number of readers see every event, and end with the run', async () => {
    const stream = new EventStream()
    const readers = [all(stream), all(stream)]
    stream.emit(event(1))
    await null
    stream.emit(event(2))
    stream.close()
    expect(await Promise.all(readers)).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('a reader that leaves early takes nothing away from the others', async () => {
    const stream = new EventStream()
    const whole = all(stream)
    const first = (async () => {
      for await (const e of stream) return e
      return undefined
    })()
    stream.emit(event(1))
    expect(await first).toEqual(event(1))
    stream.emit(event(2))
    stream.close()
    expect(await whole).toEqual([1, 2])
  })

  test('a reader that is too slow is told how much it missed, and memory stays bounded', async () => {
    const stream = new EventStream()
    const reader = all(stream)
    for (let i = 0; i < 10_003; i++) stream.emit(event(i))
    stream.close()
    const seen = await reader
    expect(seen).toHaveLength(10_001)
    expect(seen.at(-1)).toBe(-3)
  })

  test('a reader that begins after the end ends at once', async () => {
    const stream = new EventStream()
    stream.close()
    expect(await all(stream)).toEqual([])
  })

  test('a reader that is told to return while it waits ends', async () => {
    const events = new EventStream()[Symbol.asyncIterator]()
    const next = events.next()
    expect(await events.return!()).toEqual({ done: true, value: undefined })
    expect(await next).toEqual({ done: true, value: undefined })
  })
})
