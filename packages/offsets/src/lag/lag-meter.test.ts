import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { batch, marker, startGroups } from '../testing/groups.case.ts'
import { LagMeter } from './lag-meter.ts'

const T0 = 1_700_000_000_000

describe('a lag in time', () => {
  it('is the age of the next unread record and the span to the last one, as the log has them', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [1, 4] } })
    cluster.create('t', 2)
    cluster.append('t', 0, batch(T0 - 9_000, T0 - 7_000, T0 - 5_000))
    cluster.append('t', 0, batch(T0 - 1_000))
    cluster.append('t', 1, batch(T0, T0, T0, T0))
    const meter = new LagMeter(kafka)
    const [group] = await world.settle(meter.sample(['g']))
    const [a, b] = group!.partitions
    expect(a).toMatchObject({ lag: 3, committedAtMs: T0 - 7_000, records: { value: 3, certainty: 'exact' } })
    expect(a).toMatchObject({ spanMs: { value: 6_000, certainty: 'exact' }, etaMs: null, runwayMs: null })
    expect(a!.ageMs).toEqual({ value: group!.atMs - (T0 - 7_000), certainty: 'exact', reason: null })
    expect(b).toMatchObject({ lag: 0, committedAtMs: null, ageMs: { value: 0 }, spanMs: { value: 0 }, etaMs: { value: 0 } })
    expect(group).toMatchObject({ group: 'g', lag: 3, open: 3, ageMs: a!.ageMs, error: null })
  })

  it('is looked up once: an idle group costs no Fetch', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [1] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(T0, T0, T0))
    const meter = new LagMeter(kafka)
    await world.settle(meter.sample())
    const before = cluster.callsOf('Fetch').length
    expect(before).toBeGreaterThan(0)
    await world.run(5_000)
    const [group] = await world.settle(meter.sample())
    expect(group!.ageMs!.value).toBeGreaterThanOrEqual(5_000)
    expect(cluster.callsOf('Fetch')).toHaveLength(before)
  })

  it('is none where nothing is committed, and counts from the start of the log where records are gone', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [null, 0], u: [] } })
    cluster.create('t', 2)
    for (const p of [0, 1]) for (let i = 0; i < 3; i++) cluster.append('t', p, batch(T0 - 1_000 * (9 - i)))
    cluster.partition('t', 1).start = 2
    const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
    expect(group!.partitions).toHaveLength(1)
    expect(group!.partitions[0]).toMatchObject({ partition: 1, lag: 1, reason: 'below-start', committedAtMs: T0 - 7_000 })
  })

  it('of which only markers are left holds no records, and says so', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [1, 0] } })
    cluster.create('t', 2)
    cluster.append('t', 0, batch(T0 - 9_000))
    cluster.append('t', 0, marker(T0 - 8_000))
    cluster.append('t', 1, marker(T0 - 9_000))
    cluster.append('t', 1, batch(T0 - 3_000))
    cluster.append('t', 1, marker(T0 - 2_000))
    const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
    const [markers, holed] = group!.partitions
    expect(markers).toMatchObject({ lag: 1, records: { value: 0, certainty: 'exact' }, committedAtMs: null })
    expect(markers!.ageMs).toMatchObject({ value: 0, certainty: 'bounded' })
    expect(markers!.ageMs!.reason).toContain('markers of transactions')
    expect(holed).toMatchObject({ lag: 3, records: { value: 1, certainty: 'exact' }, committedAtMs: T0 - 3_000 })
    expect(holed!.spanMs).toMatchObject({ value: 1_000, certainty: 'bounded' })
  })

  it('of a record from the future is none, and says so', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [0] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(T0 + 3_600_000))
    const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
    expect(group!.ageMs).toMatchObject({ value: 0, certainty: 'bounded' })
    expect(group!.ageMs!.reason).toContain('in the future')
  })

  it('that cannot be looked at says why, and the lag in messages is told all the same', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [0] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(T0))
    cluster.on('Fetch', async (_, next) => {
      const answer = await next()
      Object.assign(answer.responses[0].partitions[0], { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, records: null })
      return answer
    })
    const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
    expect(group!.partitions[0]).toMatchObject({ lag: 1, ageMs: null, error: null, recordError: { code: 'TOPIC_AUTHORIZATION_FAILED' } })
  })

  it('a batch that is larger than its share of a request is fetched alone', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [0, 0] } })
    cluster.create('t', 2)
    for (const p of [0, 1]) cluster.append('t', p, batch(T0 - 5_000))
    cluster.on('Fetch', async ({ body }, next) => {
      const answer = await next()
      // Kafka's rule: only the first partition of a request brings a batch that is larger than its share.
      const parts = answer.responses.flatMap((r: any) => r.partitions)
      if (body.topics.flatMap((t: any) => t.partitions).length > 1) for (const part of parts.slice(1)) part.records = Buffer.alloc(0)
      return answer
    })
    const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
    expect(group!.partitions.map((p) => p.committedAtMs)).toEqual([T0 - 5_000, T0 - 5_000])
  })
})

describe('rates', () => {
  it('are measured between samples, and say when the group has caught up', async () => {
    const { world, cluster, kafka, groups } = startGroups({ g: { t: [0] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(...Array.from({ length: 100 }, () => T0)))
    const meter = new LagMeter(kafka)
    expect((await world.settle(meter.sample()))[0]!.partitions[0]).toMatchObject({ handledPerSecond: null, etaMs: null })
    // A group without members: its first step may be a move of its offsets.
    await world.run(5_000)
    groups.g = { t: [20] }
    cluster.append('t', 0, batch(...Array.from({ length: 10 }, () => T0)))
    expect((await world.settle(meter.sample()))[0]!.partitions[0]).toMatchObject({ handledPerSecond: null, etaMs: null })
    await world.run(5_000)
    groups.g = { t: [40] }
    cluster.append('t', 0, batch(...Array.from({ length: 10 }, () => T0)))
    const [group] = await world.settle(meter.sample())
    const { handledPerSecond, arrivingPerSecond, etaMs } = group!.partitions[0]!
    expect(handledPerSecond).toBeCloseTo(4, 1)
    expect(arrivingPerSecond).toBeCloseTo(2, 1)
    expect(etaMs!.certainty).toBe('estimated')
    expect(etaMs!.value / 1_000).toBeCloseTo(40, 0)
    expect(group!.etaMs).toEqual(etaMs)
  })

  it('of a group that falls behind promise nothing', async () => {
    const { world, cluster, kafka } = startGroups({ g: { t: [0] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(T0))
    const meter = new LagMeter(kafka)
    await world.settle(meter.sample())
    await world.run(1_000)
    cluster.append('t', 0, batch(T0))
    expect((await world.settle(meter.sample()))[0]).toMatchObject({ lag: 2, etaMs: null })
  })

  it('begin anew after a group was moved back', async () => {
    const { world, cluster, kafka, groups } = startGroups({ g: { t: [5] } })
    cluster.create('t', 1)
    cluster.append('t', 0, batch(...Array.from({ length: 10 }, () => T0)))
    const meter = new LagMeter(kafka)
    await world.settle(meter.sample())
    await world.run(1_000)
    groups.g = { t: [0] }
    expect((await world.settle(meter.sample()))[0]!.partitions[0]).toMatchObject({ lag: 10, handledPerSecond: null })
  })
})

it('the runway is what retention leaves of the next unread record, at least', async () => {
  const { world, cluster, kafka } = startGroups({ g: { t: [0], kept: [0], compacted: [0] } })
  const configs: Record<string, [string, string][]> = {
    t: [['retention.ms', '60000']],
    kept: [['retention.ms', '-1']],
    compacted: [
      ['cleanup.policy', 'compact'],
      ['retention.ms', '60000'],
    ],
  }
  cluster.on('DescribeConfigs', ({ body }) => ({
    results: body.resources.map(({ resourceName }: { resourceName: string }) => ({
      errorCode: 0,
      errorMessage: null,
      resourceType: 2,
      resourceName,
      configs: configs[resourceName]!.map(([name, value]) => ({
        name,
        value,
        readOnly: false,
        configSource: 1,
        isSensitive: false,
        synonyms: [],
      })),
    })),
  }))
  for (const topic of Object.keys(configs)) {
    cluster.create(topic, 1)
    cluster.append(topic, 0, batch(T0 - 10_000))
  }
  const [group] = await world.settle(new LagMeter(kafka).sample(['g']))
  expect(group!.partitions.map((p) => [p.topic, p.runwayMs?.certainty])).toEqual([
    ['compacted', undefined],
    ['kept', undefined],
    ['t', 'bounded'],
  ])
  expect(group!.runwayMs!.value).toBeLessThanOrEqual(50_000)
  expect(group!.runwayMs!.value).toBeGreaterThan(40_000)
})

it('1,000 groups of 10 partitions are looked up with some dozen Fetch requests, and each place once', async () => {
  const groups = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`g${i}`, { t: Array.from({ length: 10 }, () => i % 100) }]))
  const { world, cluster, kafka } = startGroups(groups, 3)
  cluster.create('t', 10)
  for (let p = 0; p < 10; p++) for (let i = 0; i < 100; i++) cluster.append('t', p, batch(T0 - 1_000 * (100 - i)))
  const meter = new LagMeter(kafka)
  const sample = await world.settle(meter.sample())
  expect(sample).toHaveLength(1_000)
  expect(sample.every((group) => group.partitions.every((p) => p.ageMs?.certainty === 'exact'))).toBe(true)
  expect(cluster.callsOf('Fetch').length).toBeLessThan(30)
  const total = cluster.calls.length
  await world.settle(meter.sample())
  expect(cluster.calls.length - total).toBeLessThan(50)
})

it('what one sample does not look up is bounded by what it did, and looked up in the next', async () => {
  const { world, cluster, kafka } = startGroups({ a: { t: [0] }, b: { t: [1] } })
  cluster.create('t', 1)
  for (let i = 0; i < 3; i++) cluster.append('t', 0, batch(T0 - 1_000 * (9 - i)))
  cluster.on('Fetch', async (_, next) => {
    const answer = await next()
    const [part] = answer.responses[0].partitions
    part.records = part.records.subarray(0, 12 + part.records.readInt32BE(8)) // one batch
    return answer
  })
  const meter = new LagMeter(kafka, { lookUpsMax: 1 })
  const [a, b] = await world.settle(meter.sample())
  expect(a!.ageMs).toMatchObject({ certainty: 'exact' })
  expect(b!.ageMs).toMatchObject({ value: a!.ageMs!.value, certainty: 'bounded' })
  expect((await world.settle(meter.sample()))[1]!.ageMs).toMatchObject({ certainty: 'exact' })
})

it('refuses what it does not have, and ends with close', async () => {
  const { world, kafka } = startGroups({ g: {} })
  for (const options of [{ window: 1 }, { rateWindowMs: 0 }, { lookUpsMax: -1 }, null]) {
    expect(() => new LagMeter(kafka, options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
  const meter = new LagMeter(kafka)
  expect(await world.fails(meter.sample('g' as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await world.fails(meter.sample(['']))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await world.fails(meter.sample(['nobody']))).toMatchObject({ code: 'UNKNOWN_GROUP' })
  expect(await world.settle(meter.sample([]))).toEqual([])
  meter.close()
  expect(await world.fails(meter.sample())).toMatchObject({ code: 'CLOSED' })
})
