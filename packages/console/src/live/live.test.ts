/** What a page is told while it looks, and that nothing happens while none does. */
import { get } from 'node:http'
import { createAdmin } from '@tidemark/client'
import type { GroupLag } from '@tidemark/offsets'
import { TidemarkError } from '@tidemark/platform'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '../../../platform/src/testing/manual-clock.ts'
import type { ConsoleData } from '../data.ts'
import type { LiveEvent } from '../shapes.ts'
import { type World, world } from '../testing/world.ts'
import { ListChanges } from './changes.ts'
import { Sampler, type Watcher } from './sampler.ts'
import { Shared } from './shared.ts'
import { Trend, thinned } from './trend.ts'

/** The events of one connection, as they come. */
async function follow(port: number, path: string) {
  const events: any[] = []
  let onEvent = (): void => {}
  const request = get({ host: '127.0.0.1', port, path })
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
  })
  let rest = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)))
    onEvent()
  })
  response.on('error', () => {}) // it is cut at the end of a test
  const until = async (is: (event: any) => boolean): Promise<any> => {
    for (;;) {
      const found = events.find(is)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        onEvent = resolve
      })
    }
  }
  return { status: response.statusCode, headers: response.headers, events, until, end: () => request.destroy() }
}

describe('over a broker', () => {
  let w: World
  beforeAll(async () => {
    w = await world({ intervalMs: 20, viewersMax: 3 })
    await w.fill('orders', 20)
    await commit(5)
  })
  afterAll(() => w[Symbol.asyncDispose]())
  const commit = (offset: number, group = 'billing') =>
    createAdmin(w.kafka).groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset }])

  test('the list comes whole at first, then only with what changed', async () => {
    const live = await follow(w.console.port, '/api/live')
    expect(live.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(live.headers['content-security-policy']).toContain("default-src 'none'")
    expect(await live.until((e) => e.whole)).toMatchObject({ kind: 'groups', rows: [{ group: 'billing', open: 15 }] })
    await commit(8)
    expect(await live.until((e) => e.rows[0]?.open === 12)).toMatchObject({ whole: false, rows: [{ group: 'billing' }], gone: [] })
    await commit(1, 'other')
    await live.until((e) => e.rows.some((r: any) => r.group === 'other'))
    await createAdmin(w.kafka).groups.delete('other')
    expect(await live.until((e) => e.gone.length > 0)).toMatchObject({ whole: false, gone: ['other'] })
    live.end()
  })

  test('one group comes with its partitions; one that does not exist is said to be absent, beside one that does', async () => {
    const known = await follow(w.console.port, '/api/live?group=billing')
    const unknown = await follow(w.console.port, '/api/live?group=nobody')
    expect(await unknown.until((e) => e.kind === 'absent')).toMatchObject({ group: 'nobody' })
    const { lag } = await known.until((e) => e.kind === 'group')
    expect(lag).toMatchObject({ group: 'billing', partitions: [{ topic: 'orders', end: 20, doneRanges: [], retries: [] }] })
    known.end()
    unknown.end()
  })

  test('more viewers than are allowed are refused, until one has gone', async () => {
    const all = await Promise.all([1, 2, 3].map(() => follow(w.console.port, '/api/live')))
    expect((await w.send('/api/live')).json()).toMatchObject({ code: 'TOO_MANY_VIEWERS' })
    all[0]!.end()
    await expect
      .poll(async () => {
        const next = await follow(w.console.port, '/api/live')
        next.end()
        return next.status
      })
      .toBe(200)
    for (const one of all) one.end()
  })

  test('a tail brings what is written from now on, by partition and filter', async () => {
    const tail = await follow(w.console.port, '/api/topics/orders/tail?partition=0&filter=wanted')
    const { createProducer } = await import('@tidemark/client')
    await using producer = createProducer(w.kafka)
    const write = setInterval(() => void producer.send('orders', [{ value: 'other' }, { value: 'wanted' }]), 50)
    const { record } = await tail.until((e) => e.kind === 'record')
    clearInterval(write)
    expect(record.value).toMatchObject({ text: 'wanted', encoding: 'text', bytes: 6 })
    expect(tail.events.every((e) => e.record.value.text === 'wanted')).toBe(true)
    tail.end()
  })
})

describe('the sampler', () => {
  const lagOf = (group: string, open: number): GroupLag => ({ group, open, lag: open, members: [], partitions: [] }) as never

  function start(sample: (groups: readonly string[] | undefined) => Promise<readonly GroupLag[]>) {
    const clock = new ManualClock()
    const asked: (readonly string[] | undefined)[] = []
    const bugs: unknown[] = []
    const data = { sample: (groups: readonly string[] | undefined) => (asked.push(groups), sample(groups)) } as unknown as ConsoleData
    const sampler = new Sampler(data, clock, 1_000, (error) => bugs.push(error))
    const seen: string[] = []
    const watch = (group: string | undefined): (() => void) => {
      const watcher: Watcher = {
        group,
        onSample: (found) => seen.push(`${group}: ${[...found.keys()]}`),
        onFailure: (error) => seen.push(`${group}: ${error.code}`),
      }
      return sampler.watch(watcher)
    }
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms)
      await settle()
    }
    return { sampler, asked, bugs, seen, watch, settle, pass }
  }

  test('a sample in which every log is out of reach is a failure: what was seen before stays', async () => {
    const away = { code: 'CONNECTION_LOST', message: 'away' }
    const t = start(async (groups) =>
      groups!.map((g) => ({ ...lagOf(g, 1), error: null, partitions: [{ error: away }, { error: away }] }) as never),
    )
    t.watch('a')
    await t.settle()
    expect(t.seen).toEqual(['a: CONNECTION_LOST'])
  })

  test('a sample in which one log can be read is shown', async () => {
    const away = { code: 'CONNECTION_LOST', message: 'away' }
    const t = start(async (groups) =>
      groups!.map((g) => ({ ...lagOf(g, 1), error: null, partitions: [{ error: away }, { error: null }] }) as never),
    )
    t.watch('a')
    await t.settle()
    expect(t.seen).toEqual(['a: a'])
  })

  test('asks for nothing while nobody looks, once for all who do, and stops with the last', async () => {
    const t = start(async (groups) => (groups ?? ['a', 'b']).map((g) => lagOf(g, 1)))
    await t.pass(10_000)
    expect(t.asked).toEqual([])
    const ends = [t.watch('a'), t.watch('b'), t.watch('a')]
    await t.settle()
    await t.pass(0)
    expect(t.asked).toEqual([['a'], ['a', 'b']])
    t.watch(undefined)()
    await t.settle()
    await t.pass(0)
    for (const end of ends) end()
    await t.settle()
    const before = t.asked.length
    await t.pass(10_000)
    expect(t.asked.length).toBe(before)
    expect(t.bugs).toEqual([])
  })

  test('a failure reaches everybody who looks, and the next sample comes all the same; a bug is not a failure', async () => {
    let fails: Error | undefined = new TidemarkError('UNREACHABLE', 'nothing is there')
    const t = start(async () => {
      if (fails !== undefined) throw fails
      return [lagOf('a', 1)]
    })
    t.watch('a')
    await t.settle()
    expect(t.seen).toEqual(['a: UNREACHABLE'])
    fails = new Error('a bug')
    await t.pass(1_000)
    expect(t.bugs).toEqual([fails])
    fails = undefined
    await t.pass(1_000)
    expect(t.seen).toEqual(['a: UNREACHABLE', 'a: a'])
  })
})

test('one look serves everybody for a while, and a failed one nobody', async () => {
  const clock = new ManualClock()
  let looks = 0
  let fails = false
  const shared = new Shared(clock, 1_000, async () => {
    looks++
    if (fails) throw new Error('not now')
    return looks
  })
  expect(await Promise.all([shared.get(), shared.get()])).toEqual([1, 1])
  clock.advance(999)
  expect(await shared.get()).toBe(1)
  clock.advance(1)
  fails = true
  await expect(shared.get()).rejects.toThrow('not now')
  fails = false
  expect(await shared.get()).toBe(3)
})

test('a trend is bounded, and reaches back to its first point', () => {
  const trend = new Trend(8)
  for (let i = 0; i < 1_000; i++) trend.add(i, i)
  const points = trend.points().map((p) => p.value)
  expect(points.length).toBeLessThanOrEqual(8)
  expect(points[0]).toBe(0)
  expect(points.at(-1)).toBeGreaterThan(500)
  expect([...points].sort((a, b) => a - b)).toEqual(points)
  expect(thinned([1, 2, 3, 4, 5], 3)).toEqual([1, 3, 5])
  expect(thinned([1, 2], 3)).toEqual([1, 2])
})

test('a row that stands still is not sent again, whatever its trend', () => {
  const changes = new ListChanges()
  const lag = {
    group: 'a',
    state: 'Empty',
    kind: 'classic',
    members: [],
    partitions: [],
    lag: 1,
    open: 1,
    ageMs: null,
    etaMs: null,
    runwayMs: null,
    error: null,
  }
  const next = (sample: object, trend: number[]) =>
    changes.next(new Map([['a', sample as GroupLag]]), () => trend, 0) as Extract<LiveEvent, { kind: 'groups' }>
  expect(next(lag, [1]).rows.length).toBe(1)
  expect(next(lag, [1, 1]).rows).toEqual([])
  expect(next({ ...lag, ageMs: { value: 1_001, certainty: 'exact' } }, []).rows.length).toBe(1)
  expect(next({ ...lag, ageMs: { value: 1_004, certainty: 'exact' } }, []).rows).toEqual([])
  expect(next({ ...lag, open: 2 }, []).rows.length).toBe(1)
})
