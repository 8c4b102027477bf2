/**
 * What a plan says, against a broker. The second part is the table of cases in which other tools disagree: what each of
 * them does is beside its row.
 */
import { readFileSync } from 'node:fs'
import { type CallLimits, createProducer } from '@tidemark/client'
import { writeCompletionMap } from '@tidemark/client/internal'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { groupPositions } from '../read/group-positions.ts'
import { EPOCH_MS, MINUTE_MS, type TestWorld, testWorld } from '../testing/world.case.ts'
import { planId } from './hash.ts'
import { planMove } from './plan-move.ts'
import { checkPlan, parsePlan } from './read-plan.ts'
import type { MovePlan, MoveTarget, MoveWish } from './types.ts'

const schema = JSON.parse(readFileSync(new URL('../../schema/plan.v1.json', import.meta.url), 'utf8'))
const matches = new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(schema)

let world: TestWorld
const plans: MovePlan[] = []
beforeAll(async () => {
  world = await testWorld()
  await world.fill('orders', [10, 600, 0])
  await world.admin.topics.deleteRecords('orders', { 1: 100 })
})
afterAll(() => world[Symbol.asyncDispose]())
// Whatever a test plans is as the schema says, and comes back from its file.
afterEach(() => {
  for (const plan of plans.splice(0)) {
    expect(matches(plan), JSON.stringify(matches.errors)?.slice(0, 400)).toBe(true)
    expect(parsePlan(JSON.stringify(plan))).toEqual(plan)
  }
})

async function plan(wish: MoveWish, options?: CallLimits): Promise<MovePlan> {
  const made = await planMove(world.kafka, wish, options)
  plans.push(made)
  return made
}

let groups = 0
async function groupAt(...offsets: (number | null)[]): Promise<string> {
  const group = `g${groups++}`
  const set = offsets.flatMap((offset, partition) => (offset === null ? [] : [{ topic: 'orders', partition, offset }]))
  await world.admin.groups.setOffsets(group, set)
  return group
}
const only = (partition: number) => [{ topic: 'orders', partitions: [partition] }] as const
const to = async (group: string, target: MoveTarget, partition = 0) => (await plan({ group, scope: only(partition), target })).changes[0]!

describe('consequences', () => {
  it('of a short way back are counted, with the first and the last record', async () => {
    const change = await to(await groupAt(7), { kind: 'offset', offset: 2 })
    expect(change).toMatchObject({
      outcome: 'moves',
      replayed: 5,
      skipped: 0,
      lost: 0,
      counted: 'exact',
      spanMs: 4 * MINUTE_MS,
      start: 0,
      end: 10,
    })
    expect(change.first).toEqual({ offset: 2, timestampMs: EPOCH_MS + 2 * MINUTE_MS, key: 'k2', value: 'value 2' })
    expect(change.last).toMatchObject({ offset: 6, key: 'k6' })
    expect(change.bytes).toEqual({ value: 5 * 'k2value 2'.length, certainty: 'exact' })
  })

  it('of a long way are bounded, and its bytes estimated', async () => {
    await world.fill('long', [800])
    await world.admin.groups.setOffsets('of-long', [{ topic: 'long', partition: 0, offset: 800 }])
    const [long] = (await plan({ group: 'of-long', scope: 'all', target: { kind: 'start' } })).changes
    expect(long).toMatchObject({ replayed: 800, counted: 'bounded', first: { offset: 0 }, last: { offset: 799 } })
    expect(long!.bytes).toMatchObject({ certainty: 'estimated', value: expect.closeTo(800 * 12, -4) })
    const change = await to(await groupAt(null, 100), { kind: 'end' }, 1)
    expect(change).toMatchObject({ replayed: 0, skipped: 500, counted: 'exact' })
    expect(await to(await groupAt(null, 99), { kind: 'end' }, 1)).toMatchObject({ skipped: 500, lost: 1, counted: 'exact' })
    const made = await plan({ group: await groupAt(9, 600), scope: 'all', target: { kind: 'start' } })
    expect(made.summary).toMatch(/^moves 2 partitions of group 'g\d+'; 509 records \(9 h 59 min, \d+\.\d kB\) handled again\.$/)
  })

  it('name what is dropped of what was done above the commit', async () => {
    const group = await groupAt().catch(() => `g${groups++}`)
    const { topicId } = (await to(group, { kind: 'start' })) as { topicId: string }
    const map = { topicId, base: 2, top: 9, open: [2, 5], leaderEpoch: 0, notes: [], holder: undefined }
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 2, metadata: writeCompletionMap(map, 4096) }])
    const made = await plan({ group, scope: 'all', target: { kind: 'start' } })
    expect(made.changes[0]!.notes).toContain('drops "5 done above": they are handled again')
    expect(made.warnings.map(({ code }) => code)).toEqual(['done-above-dropped', 'partitions-without-commit'])
    const kept = await plan({ group, scope: 'all', target: { kind: 'start' }, keepMetadata: true })
    expect(kept.changes[0]!.notes).toEqual([])
  })

  it('of a group that does not exist: it will be created', async () => {
    const made = await plan({ group: 'a typo', scope: only(0), target: { kind: 'end' } })
    expect(made).toMatchObject({ state: 'Dead', members: 0, warnings: [{ code: 'group-will-be-created' }] })
    expect(made.changes[0]).toMatchObject({ before: null, after: { offset: 10 }, outcome: 'moves', replayed: 0, skipped: 0 })
    await expect(plan({ group: 'a typo', scope: 'all', target: { kind: 'end' } })).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
  })

  it('of an offset that is below the log: what is lost is counted', async () => {
    expect(await to(await groupAt(null, 40), { kind: 'end' }, 1)).toMatchObject({ skipped: 500, lost: 60 })
    expect(await to(await groupAt(null, 200), { kind: 'shift', by: -150 }, 1)).toMatchObject({
      after: { offset: 100 },
      fallback: 'clamped-to-start',
      replayed: 100,
      lost: 50,
    })
  })

  it('ask for no consent where a clamp leaves a partition as it is', async () => {
    const made = await plan({ group: await groupAt(0), scope: 'all', target: { kind: 'shift', by: -100 } })
    expect(made.changes).toMatchObject([{ outcome: 'unchanged', fallback: 'clamped-to-start' }])
    expect(made.needs).toEqual([])
  })

  it('of a topic that does not exist, or a partition: refused, and the others are planned', async () => {
    const scope = [...only(0), { topic: 'nowhere', partitions: [0] }, { topic: 'orders', partitions: [9] }]
    const made = await plan({ group: await groupAt(5), scope, target: { kind: 'start' } })
    expect(made.changes.map((c) => [c.topic, c.partition, c.outcome, c.fallback])).toEqual([
      ['nowhere', 0, 'refused', 'unreadable'],
      ['orders', 0, 'moves', null],
      ['orders', 9, 'refused', 'unreadable'],
    ])
    expect(made.needs).toEqual(['unreadable'])
  })

  it('of a deletion need no log: a topic that is gone is what they are for', async () => {
    await world.fill('gone', [3])
    await world.admin.groups.setOffsets('of-gone', [{ topic: 'gone', partition: 0, offset: 2 }])
    await world.admin.topics.delete('gone')
    const made = await plan(
      { group: 'of-gone', scope: [{ topic: 'gone', partitions: [0] }], target: { kind: 'delete' } },
      { timeoutMs: 2_000 },
    )
    expect(['deletes', 'unchanged']).toContain(made.changes[0]!.outcome)
    expect(made.needs).toEqual([])
  })

  it('are a command of Kafka too', async () => {
    const group = await groupAt(5, 200)
    const commands = []
    for (const target of [{ kind: 'start' }, { kind: 'shift', by: -1 }, { kind: 'time', atMs: EPOCH_MS }, { kind: 'delete' }] as const) {
      commands.push((await plan({ group, scope: 'all', target })).command.replace(/^.*--group \S+ /, ''))
    }
    expect(commands).toEqual([
      '--reset-offsets --topic orders:0,1 --to-earliest --execute',
      '--reset-offsets --topic orders:0,1 --shift-by -1 --execute',
      '--reset-offsets --topic orders:0,1 --to-datetime 2026-01-01T00:00:00.000Z --execute',
      '--delete-offsets --topic orders:0,1',
    ])
    const other = await plan({ group: await groupAt(9), scope: 'all', target: { kind: 'group', group } })
    expect(other.command).toMatch(
      /^printf '%s\\n' orders,0,5 orders,1,200 > offsets\.csv && kafka-consumer-groups\.sh .* --from-file offsets\.csv --execute$/,
    )
  })
})

describe('where other tools disagree', () => {
  // kafka-consumer-groups, rpk and kcl: the end of the log, with a wrong word or none; kaf: skipped; kafkactl: offset
  // -1.
  it('a time after the last record is the end of the log, and has to be accepted', async () => {
    const made = await plan({ group: await groupAt(5), scope: only(0), target: { kind: 'time', atMs: EPOCH_MS + 10 * MINUTE_MS } })
    expect(made.changes[0]).toMatchObject({ after: { offset: 10 }, fallback: 'no-record-after-time' })
    expect(made.needs).toEqual(['no-record-after-time'])
    expect(await to(await groupAt(5), { kind: 'time', atMs: EPOCH_MS + 9 * MINUTE_MS })).toMatchObject({
      after: { offset: 9 },
      fallback: null,
    })
    // Only of an empty log is every time at its end.
    expect(await to(await groupAt(5), { kind: 'time', atMs: EPOCH_MS }, 2)).toMatchObject({
      after: { offset: 0 },
      fallback: null,
      notes: expect.arrayContaining(['the log is empty']),
    })
  })

  // kafka-consumer-groups and kafbat: clamped with a log line; rpk, kcl, kaf: not checked; kafkactl: an error.
  it('an offset outside of the log is clamped, and has to be accepted', async () => {
    expect(await to(await groupAt(5), { kind: 'offset', offset: 11 })).toMatchObject({ after: { offset: 10 }, fallback: 'clamped-to-end' })
    expect(await to(await groupAt(null, 200), { kind: 'offset', offset: 99 }, 1)).toMatchObject({
      after: { offset: 100 },
      fallback: 'clamped-to-start',
      lost: 1,
    })
    expect(await to(await groupAt(5), { kind: 'offset', offset: 10 })).toMatchObject({ after: { offset: 10 }, fallback: null })
  })

  // kafka-consumer-groups: --to-current means the end, --shift-by gives up all partitions; rpk touches only topics
  // with a commit.
  it('a partition without a commit falls back or stays, and has to be accepted; the others move', async () => {
    const scope = [{ topic: 'orders', partitions: [0, 1] }]
    const group = await groupAt(5)
    const current = await plan({ group, scope, target: { kind: 'current' } })
    expect(current.changes.map((c) => [c.outcome, c.after?.offset, c.fallback])).toEqual([
      ['unchanged', 5, null],
      ['moves', 600, 'nothing-committed'],
    ])
    const shift = await plan({ group, scope, target: { kind: 'shift', by: 1 } })
    expect(shift.changes.map((c) => [c.outcome, c.after?.offset, c.fallback])).toEqual([
      ['moves', 6, null],
      ['refused', undefined, 'nothing-committed'],
    ])
    expect(shift.needs).toEqual(['nothing-committed'])
  })

  // Dropped by all but kafkactl's clone.
  it('metadata is kept when a group is copied, and its loss is said when a group is reset', async () => {
    const group = await groupAt(5)
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 6, metadata: 'AgAAAZoQy7g=' }])
    const copied = await plan({ group: 'copy', scope: 'all', target: { kind: 'group', group } })
    expect(copied.changes[0]!.after).toEqual({ offset: 6, leaderEpoch: -1, metadata: 'AgAAAZoQy7g=' })
    const reset = await plan({ group, scope: 'all', target: { kind: 'start' } })
    expect(reset.changes[0]!.after!.metadata).toBe('')
    expect(reset.warnings.map(({ code }) => code)).toContain('metadata-dropped')
  })

  // Dropped by all but kcl.
  it('the leader epoch is that of the log where it is known, and none where it is not', async () => {
    const group = await groupAt(5)
    for (const [target, leaderEpoch] of [
      [{ kind: 'start' }, 0],
      [{ kind: 'end' }, 0],
      [{ kind: 'time', atMs: EPOCH_MS }, 0],
      [{ kind: 'offset', offset: 3 }, -1],
    ] as const) {
      expect((await to(group, target)).after).toMatchObject({ leaderEpoch })
    }
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 6, leaderEpoch: 0 }])
    expect(await to('another', { kind: 'group', group })).toMatchObject({ after: { offset: 6, leaderEpoch: 0 } })
  })

  // kafka-consumer-groups, kaf, kafkactl and kcl show a negative lag.
  it('a commit beyond the end of the log has the lag 0, and a plan says where it lies', async () => {
    const group = await groupAt(17)
    expect((await groupPositions(world.kafka, group)).positions[0]).toMatchObject({ lag: 0, reason: 'beyond-end' })
    const change = await to(group, { kind: 'shift', by: -3 })
    expect(change).toMatchObject({ after: { offset: 10 }, fallback: 'clamped-to-end', replayed: 0 })
    expect(change.notes).toContain('what is committed (17) lies beyond the end of the log')
  })

  // Counted as if the records were there by kafka-consumer-groups, kcl and kaf.
  it('a commit below the start of the log has the lag of what is there, and a plan counts what is lost', async () => {
    const group = await groupAt(null, 20)
    expect((await groupPositions(world.kafka, group)).positions[0]).toMatchObject({ lag: 500, reason: 'below-start' })
    expect(await to(group, { kind: 'start' }, 1)).toMatchObject({ replayed: 0, skipped: 0, lost: 80, outcome: 'moves' })
  })

  // kcl: the lag is the end; kadm: end - start; others print a dash.
  it('without a commit there is no lag, and nothing is called replayed or skipped', async () => {
    expect(await to(await groupAt(5), { kind: 'start' }, 1)).toMatchObject({
      before: null,
      replayed: 0,
      skipped: 0,
      notes: ['nothing was committed before'],
    })
  })
})

describe('a plan', () => {
  it('has the hash of what it says', async () => {
    const made = await plan({ group: await groupAt(5), scope: 'all', target: { kind: 'start' } })
    expect(planId(made)).toBe(made.id)
    expect(planId(Object.fromEntries(Object.entries(made).reverse()) as unknown as MovePlan)).toBe(made.id)
    expect(() => checkPlan({ ...made, changes: [] })).toThrow(expect.objectContaining({ code: 'PLAN_DAMAGED' }))
  })

  it('does without the records where they cannot be read', async () => {
    await using producer = createProducer(world.kafka)
    await world.admin.topics.create('wide', { partitions: 70 })
    for (let partition = 0; partition < 70; partition++) void producer.send('wide', { value: 'a', partition })
    await producer.flush()
    const made = await plan({ group: 'wide', scope: [{ topic: 'wide', partitions: 'all' }], target: { kind: 'start' } })
    expect(made.changes).toHaveLength(70)
    await world.admin.groups.setOffsets(
      'wide',
      made.changes.map(({ topic, partition }) => ({ topic, partition, offset: 1 })),
    )
    const back = await plan({ group: 'wide', scope: 'all', target: { kind: 'start' } })
    expect(back.warnings).toEqual([
      { code: 'records-not-read', message: expect.stringMatching(/the records of 6 partitions .* looks at 64/) },
    ])
    expect(back.changes.filter(({ first }) => first === null)).toHaveLength(6)
  })

  it.each<[unknown, string]>([
    [{ group: '', scope: 'all', target: { kind: 'start' } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'some', target: { kind: 'start' } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: [{ topic: 't', partitions: [-1] }], target: { kind: 'start' } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: [{ topic: 't', partitions: 5 }], target: { kind: 'start' } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'all', target: { kind: 'begin' } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'all', target: null }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'all', target: { kind: 'offset', offset: -1 } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'all', target: { kind: 'list', offsets: [{ topic: 't' }] } }, 'INVALID_ARGUMENT'],
    [{ group: 'g', scope: 'all', target: { kind: 'start' }, dryRun: true }, 'INVALID_OPTION'],
    [null, 'INVALID_OPTION'],
  ])('%j is refused', async (wish, code) => {
    await expect(planMove(world.kafka, wish as MoveWish)).rejects.toMatchObject({ code })
  })

  it('refuses options that it does not have', async () => {
    await expect(
      planMove(world.kafka, { group: 'g', scope: 'all', target: { kind: 'start' } }, { validFor: 1 } as never),
    ).rejects.toMatchObject({ code: 'INVALID_OPTION', message: /did you mean 'validForMs'/ })
  })
})
