import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPlan } from '../plan/build-plan.ts'
import { changeOf } from '../plan/change.ts'
import type { MovePlan } from '../plan/types.ts'
import { type TestWorld, testWorld } from '../testing/world.case.ts'
import { applyPlan } from './apply-plan.ts'
import { lastOutsideMove, planRestore } from './plan-restore.ts'

let world: TestWorld
beforeAll(async () => {
  world = await testWorld()
  await world.fill('orders', [10, 10])
})
afterAll(() => world[Symbol.asyncDispose]())

const set = (group: string, partition: number, offset: number, metadata = '') =>
  world.admin.groups.setOffsets(group, [{ topic: 'orders', partition, offset, metadata }])
const quick = () => ({ store: world.store, ghostCheckMs: 0 })

/** Commits are told apart by their milliseconds. */
async function afterNow(): Promise<Date> {
  const now = Date.now()
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve))
  return new Date(now)
}

it('brings a group back to where it stood, with its metadata; what was not committed then is deleted', async () => {
  await set('g', 0, 4, 'mine')
  const then = await afterNow()
  await set('g', 0, 9)
  await set('g', 1, 9)
  const plan = await planRestore(world.kafka, 'g', then)
  expect(plan.changes).toMatchObject([
    { partition: 0, before: { offset: 9 }, after: { offset: 4, metadata: 'mine' }, outcome: 'moves', fallback: null },
    { partition: 1, before: { offset: 9 }, after: null, outcome: 'deletes', fallback: null },
  ])
  await applyPlan(world.kafka, plan, quick())
  expect(await world.committed('g')).toEqual(["orders-0: 4/-1 'mine'"])
  expect((await world.store.list({ group: 'g' }))[0]!.target).toBe(`as at ${then.toISOString()}`)
})

it('finds what a tool moved last, and no more', async () => {
  await set('h', 0, 2)
  await set('h', 1, 3)
  await afterNow()
  await set('h', 1, 8)
  const last = await lastOutsideMove(world.kafka, 'h')
  // Commits within a second are one move.
  expect(last?.partitions).toEqual([
    { topic: 'orders', partition: 0, place: { offset: 2, leaderEpoch: -1, metadata: '' } },
    { topic: 'orders', partition: 1, place: { offset: 8, leaderEpoch: -1, metadata: '' } },
  ])
  expect(await lastOutsideMove(world.kafka, 'nobody')).toBeUndefined()
  await expect(planRestore(world.kafka, 'nobody', new Date())).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
  const misspelt = { validFor: 1 } as object
  await expect(planRestore(world.kafka, 'nobody', new Date(), misspelt)).rejects.toThrow(/of planRestore\(\).*validForMs/)
})

it('warns of partitions that were committed again after the move that is taken back', async () => {
  await set('i', 0, 2)
  await set('i', 1, 3)
  const moved = await lastOutsideMove(world.kafka, 'i')
  const { at } = moved!
  const warned = (plan: MovePlan) => plan.warnings.filter(({ code }) => code === 'moved-since').map(({ message }) => message)
  expect(warned(await planRestore(world.kafka, 'i', at, { undoes: moved! }))).toEqual([])
  await set('i', 1, 5) // as a member would, had the group one
  const plan = await planRestore(world.kafka, 'i', at, { undoes: moved! })
  expect(warned(plan)).toEqual(['orders-1 was committed again after the move that is taken back'])
})

it('says of which partitions the log does not know enough, and leaves those of which it knows nothing', () => {
  const log = { start: 0, startEpoch: 0, end: 10, endEpoch: 0 }
  const place = { offset: 3, leaderEpoch: -1, metadata: '' }
  const facts = (partition: number, known: typeof place | null) => ({
    topic: 'orders',
    partition,
    topicId: 'id',
    committed: { offset: 9, leaderEpoch: -1, metadata: '' },
    log,
    given: { place: known, topicId: null, isBounded: true },
  })
  const wish = { group: 'g', scope: 'all', target: { kind: 'places', places: [] } } as const
  const changes = [changeOf(wish, facts(0, place)), changeOf(wish, facts(1, null))]
  expect(changes).toMatchObject([
    { outcome: 'moves', after: { offset: 3 }, fallback: 'not-exact' },
    { outcome: 'refused', after: { offset: 9 }, fallback: 'nothing-committed' },
  ])
  const group = {
    clusterId: 'c',
    group: 'g',
    kind: 'classic',
    state: 'Empty',
    protocolType: '',
    members: 0,
    brokers: ['b:1'],
    isSecured: false,
  }
  const plan = buildPlan({ wish, group, changes, nowMs: 0, validForMs: 1, leftOut: [], notRead: null, movedSince: [] })
  expect(plan.needs).toEqual(['not-exact', 'nothing-committed'])
  expect(plan.command).toContain('--bootstrap-server b:1 --group g')
  const secured = buildPlan({
    wish,
    group: { ...group, isSecured: true },
    changes,
    nowMs: 0,
    validForMs: 1,
    leftOut: [],
    notRead: null,
    movedSince: [],
  })
  expect(secured.command).toContain('--bootstrap-server b:1 --command-config client.properties --group g')
})
