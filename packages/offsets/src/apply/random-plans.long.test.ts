/** A thousand random plans: what apply does, undo takes back, to the byte. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planMove } from '../plan/plan-move.ts'
import type { MoveTarget, MoveWish } from '../plan/types.ts'
import { EPOCH_MS, MINUTE_MS, type TestWorld, testWorld } from '../testing/world.case.ts'
import { applyPlan } from './apply-plan.ts'
import { planUndo } from './plan-undo.ts'

const RUNS = 1_000
const TOPICS = { a: [0, 3, 40], b: [25] } as const

let world: TestWorld
beforeAll(async () => {
  world = await testWorld()
  for (const [topic, counts] of Object.entries(TOPICS)) await world.fill(topic, counts)
  await world.admin.topics.deleteRecords('a', { 2: 10 })
})
afterAll(() => world[Symbol.asyncDispose]())

/** In the log, below its start, and beyond its end. */
const offset = fc.integer({ min: 0, max: 60 })
const metadata = fc.oneof(fc.constant(''), fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constant('tidemark/1 x 3 9 0 abc'))
const place = fc.record({ offset, leaderEpoch: fc.integer({ min: -1, max: 3 }), metadata })
const partitions = [
  ['a', 0],
  ['a', 1],
  ['a', 2],
  ['b', 0],
] as const
const commits = fc.tuple(...partitions.map(() => fc.option(place, { freq: 3 })))
const listed = fc.uniqueArray(fc.constantFrom(...partitions), { minLength: 1, maxLength: 4 })
const target: fc.Arbitrary<MoveTarget> = fc.oneof(
  fc.constantFrom<MoveTarget>(
    { kind: 'start' },
    { kind: 'end' },
    { kind: 'current' },
    { kind: 'delete' },
    { kind: 'group', group: 'other' },
  ),
  offset.map((at): MoveTarget => ({ kind: 'offset', offset: at })),
  fc.integer({ min: -50, max: 50 }).map((by): MoveTarget => ({ kind: 'shift', by })),
  fc.integer({ min: -5, max: 60 }).map((minutes): MoveTarget => ({ kind: 'time', atMs: EPOCH_MS + minutes * MINUTE_MS })),
  fc
    .tuple(listed, fc.array(place, { minLength: 4, maxLength: 4 }))
    .map(
      ([of, places]): MoveTarget => ({ kind: 'list', offsets: of.map(([topic, partition], i) => ({ topic, partition, ...places[i]! })) }),
    ),
)
const scope: fc.Arbitrary<MoveWish['scope']> = fc.constantFrom<MoveWish['scope']>(
  'all',
  [{ topic: 'a', partitions: 'all' }],
  [
    { topic: 'a', partitions: { from: 1 } },
    { topic: 'b', partitions: [0] },
  ],
)

// Drawn anew each time: a second try would hide what failed.
it('apply, then undo, gives back every offset, epoch and metadata', { retry: 0, timeout: 240_000 }, async () => {
  await world.admin.groups.setOffsets('other', [{ topic: 'a', partition: 2, offset: 12, leaderEpoch: 2, metadata: 'of another' }])
  const outcomes = new Set<string>()
  let runs = 0
  await fc.assert(
    fc.asyncProperty(commits, target, scope, fc.boolean(), async (places, to, within, keepMetadata) => {
      const group = `g${runs++}`
      const set = places.flatMap((it, i) => (it === null ? [] : [{ topic: partitions[i]![0], partition: partitions[i]![1], ...it }]))
      if (set.length > 0) await world.admin.groups.setOffsets(group, set)
      const before = await world.committed(group)
      const options = { store: world.store, ghostCheckMs: 0, accept: 'all' as const }
      let plan: Awaited<ReturnType<typeof planMove>>
      try {
        plan = await planMove(world.kafka, { group, scope: within, target: to, keepMetadata })
      } catch (error) {
        outcomes.add((error as { code: string }).code)
        expect(error).toMatchObject({ code: 'NOTHING_TO_DO' })
        return
      }
      for (const { outcome, fallback } of plan.changes) outcomes.add(`${outcome} ${fallback}`)
      if (plan.changes.every(({ outcome }) => outcome === 'unchanged' || outcome === 'refused')) {
        await expect(applyPlan(world.kafka, plan, options)).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
        return
      }
      const record = await applyPlan(world.kafka, plan, options)
      const moved = await world.committed(group)
      const after = plan.changes.flatMap((c) =>
        c.after === null ? [] : [`${c.topic}-${c.partition}: ${c.after.offset}/${c.after.leaderEpoch} '${c.after.metadata}'`],
      )
      const untouched = before.filter((line) => !plan.changes.some((c) => line.startsWith(`${c.topic}-${c.partition}:`)))
      expect(moved).toEqual([...after, ...untouched].sort())
      await applyPlan(world.kafka, await planUndo(world.kafka, record), options)
      expect(await world.committed(group)).toEqual(before)
      await world.admin.groups.delete(group).catch((error) => {
        if (error.code !== 'UNKNOWN_GROUP') throw error
      })
    }),
    { numRuns: RUNS },
  )
  // The thousand met everything that a plan can say of a partition of these topics.
  for (const fallback of ['null', 'clamped-to-start', 'clamped-to-end', 'no-record-after-time', 'nothing-committed']) {
    expect([...outcomes].some((it) => it.endsWith(fallback))).toBe(true)
  }
})
