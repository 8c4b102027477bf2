import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyPlan } from '../apply/apply-plan.ts'
import { EPOCH_MS, MINUTE_MS, type TestWorld, testWorld } from '../testing/world.case.ts'
import { planReplay } from './plan-replay.ts'
import { type ReplayProgress, watchReplay } from './watch-replay.ts'

let world: TestWorld
beforeAll(async () => {
  world = await testWorld()
  await world.fill('orders', [20, 20, 5])
  await world.admin.groups.setOffsets('billing', [
    { topic: 'orders', partition: 0, offset: 15 },
    { topic: 'orders', partition: 1, offset: 10 },
    { topic: 'orders', partition: 2, offset: 3 },
  ])
})
afterAll(() => world[Symbol.asyncDispose]())

const at = (minutes: number) => ({ kind: 'time', atMs: EPOCH_MS + minutes * MINUTE_MS }) as const

it('is a group of its own, from one place to where the other group stands', async () => {
  const replay = await planReplay(world.kafka, { group: 'billing', from: at(4) })
  expect(replay).toMatchObject({ fork: 'billing.replay-1', records: 17, needs: [] })
  expect(replay.ranges).toEqual([
    { topic: 'orders', partition: 0, from: 4, to: 15 },
    { topic: 'orders', partition: 1, from: 4, to: 10 },
  ])
  const before = await world.committed('billing')
  await applyPlan(world.kafka, replay.plan, { store: world.store, ghostCheckMs: 0 })
  expect(await world.committed('billing')).toEqual(before)
  expect((await planReplay(world.kafka, { group: 'billing', from: at(4) })).fork).toBe('billing.replay-2')

  // Partition 2 is not replayed: consumers of the fork begin at its end.
  expect(await world.committed(replay.fork)).toEqual(["orders-0: 4/-1 ''", "orders-1: 4/-1 ''", "orders-2: 5/-1 ''"])
  const seen: ReplayProgress[] = []
  for await (const progress of watchReplay(world.kafka, replay, { everyMs: 1 })) {
    seen.push(progress)
    const offset = seen.length === 1 ? 9 : 20
    const set = [0, 1].map((partition) => ({ topic: 'orders', partition, offset }))
    await world.admin.groups.setOffsets(replay.fork, set)
  }
  expect(seen).toEqual([
    { done: 0, members: 0, reached: false },
    { done: 10, members: 0, reached: false },
    { done: 17, members: 0, reached: true },
  ])
})

it('says what has to be accepted, and refuses a name that is taken', async () => {
  const replay = await planReplay(world.kafka, { group: 'billing', from: { kind: 'start' }, to: at(4), as: 'again' })
  expect(replay).toMatchObject({ fork: 'again', needs: [], records: 4 + 4 + 4 })
  expect(await planReplay(world.kafka, { group: 'billing', from: at(2), to: at(99) })).toMatchObject({ needs: ['no-record-after-time'] })
  await expect(planReplay(world.kafka, { group: 'billing', from: { kind: 'start' }, as: 'billing' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  await expect(planReplay(world.kafka, { group: 'billing', from: { kind: 'end' } })).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
  await expect(planReplay(world.kafka, { group: 'billing', from: { kind: 'end' }, too: 1 } as never)).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
})

it('ends when its signal aborts', async () => {
  const replay = await planReplay(world.kafka, { group: 'billing', from: { kind: 'start' } })
  const watching = watchReplay(world.kafka, replay, { everyMs: 5, signal: AbortSignal.timeout(30) })
  const all = async () => {
    for await (const progress of watching) expect(progress.reached).toBe(false)
  }
  await expect(all()).rejects.toMatchObject({ code: 'ABORTED' })
})
