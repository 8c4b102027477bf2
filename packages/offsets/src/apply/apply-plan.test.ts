import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { committedBy } from '../plan/gather.ts'
import { planId } from '../plan/hash.ts'
import { planMove } from '../plan/plan-move.ts'
import type { MoveWish } from '../plan/types.ts'
import { type TestWorld, testWorld } from '../testing/world.case.ts'
import { applyPlan } from './apply-plan.ts'
import { watchForGhosts } from './ghost-consumer.ts'
import { planUndo } from './plan-undo.ts'
import { settleMove } from './settle-move.ts'

let world: TestWorld
beforeAll(async () => {
  world = await testWorld()
  await world.fill('orders', [10, 10])
})
afterAll(() => world[Symbol.asyncDispose]())

let groups = 0
/** A group that has committed for both partitions, with everything that a commit can have. */
async function committedGroup(): Promise<string> {
  const group = `g${groups++}`
  await world.admin.groups.setOffsets(group, [
    { topic: 'orders', partition: 0, offset: 5, leaderEpoch: 0, metadata: 'a "note" — ü' },
    { topic: 'orders', partition: 1, offset: 7 },
  ])
  return group
}

const BEFORE = [`orders-0: 5/0 'a "note" — ü'`, "orders-1: 7/-1 ''"]
const AT_START = ["orders-0: 0/0 ''", "orders-1: 0/0 ''"]
const toStart = (group: string): MoveWish => ({ group, scope: 'all', target: { kind: 'start' } })
const quick = () => ({ store: world.store, ghostCheckMs: 0, user: 'test' })

describe('a plan that is applied', () => {
  it('moves what it says, and is on record with what it replaced', async () => {
    const group = await committedGroup()
    const plan = await planMove(world.kafka, toStart(group))
    const record = await applyPlan(world.kafka, plan, { ...quick(), reason: 'a bug in billing' })
    expect(await world.committed(group)).toEqual(AT_START)
    expect(record).toMatchObject({ state: 'applied', user: 'test', reason: 'a bug in billing', target: 'start' })
    expect(record.changes[0]).toMatchObject({
      before: { offset: 5, leaderEpoch: 0, metadata: 'a "note" — ü' },
      after: { offset: 0 },
      state: 'done',
    })
    expect(await world.store.list({ group })).toEqual([record])
  })

  it('is taken back to the byte, and what was not committed is not committed again', async () => {
    const group = await committedGroup()
    const wish = { ...toStart(group), scope: [{ topic: 'orders', partitions: 'all' }] } as const
    await world.admin.groups.deleteOffsets(group, [{ topic: 'orders', partition: 1 }])
    const record = await applyPlan(world.kafka, await planMove(world.kafka, wish), quick())
    expect(await world.committed(group)).toEqual(AT_START)
    const undo = await planUndo(world.kafka, record)
    expect(undo.changes.map((c) => c.outcome)).toEqual(['moves', 'deletes'])
    await applyPlan(world.kafka, undo, quick())
    expect(await world.committed(group)).toEqual([BEFORE[0]])
    expect((await world.store.list({ group })).map((r) => r.state)).toEqual(['applied', 'undone'])
  })
})

describe('a plan that no longer fits', () => {
  it('is refused when an offset, an epoch or metadata changed, and nothing is written down', async () => {
    const changes = [{ offset: 6 }, { leaderEpoch: 1 }, { metadata: 'another' }]
    for (const change of changes) {
      const group = await committedGroup()
      const plan = await planMove(world.kafka, toStart(group))
      await world.admin.groups.setOffsets(group, [
        { topic: 'orders', partition: 0, offset: 5, leaderEpoch: 0, metadata: 'a "note" — ü', ...change },
      ])
      const now = await world.committed(group)
      await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({ code: 'PLAN_STALE' })
      expect(await world.committed(group)).toEqual(now)
      expect(await world.store.list({ group })).toEqual([])
    }
  })

  it('takes what members moved forward meanwhile, if that was accepted, and undo gives back that', async () => {
    const group = await committedGroup()
    const plan = await planMove(world.kafka, toStart(group))
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 9 }])
    await expect(applyPlan(world.kafka, plan, { ...quick(), accept: 'all' })).rejects.toMatchObject({ code: 'PLAN_STALE' })
    const record = await applyPlan(world.kafka, plan, { ...quick(), accept: ['progressed'] })
    expect(record.changes[0]!.before).toEqual({ offset: 9, leaderEpoch: -1, metadata: '' })
    expect(await world.committed(group)).toEqual(AT_START)
  })

  it('is refused when it is too old, was edited, or is of another cluster or topic', async () => {
    const group = await committedGroup()
    const plan = await planMove(world.kafka, toStart(group))
    const fails = (given: object) => expect(applyPlan(world.kafka, given as never, quick())).rejects
    await fails({ ...plan, expiresAtMs: plan.expiresAtMs + 1 }).toMatchObject({ code: 'PLAN_DAMAGED' })
    await fails({ ...plan, version: 2 }).toMatchObject({ code: 'PLAN_DAMAGED' })
    await fails({}).toMatchObject({ code: 'PLAN_DAMAGED' })
    const old = { ...plan, expiresAtMs: 1 }
    await fails({ ...old, id: planId(old) }).toMatchObject({ code: 'PLAN_EXPIRED' })
    await using other = await testWorld({ isOurs: true })
    await expect(applyPlan(other.kafka, plan, { ...quick(), store: other.store })).rejects.toMatchObject({ code: 'PLAN_STALE' })
    expect(await world.committed(group)).toEqual(BEFORE)
  })

  it('is refused when the topic was deleted and created again', async () => {
    await world.fill('again', [3])
    await world.admin.groups.setOffsets('of-again', [{ topic: 'again', partition: 0, offset: 2 }])
    const plan = await planMove(world.kafka, toStart('of-again'))
    await world.admin.topics.delete('again')
    await world.fill('again', [3])
    await world.admin.groups.setOffsets('of-again', [{ topic: 'again', partition: 0, offset: 2 }])
    await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({ code: 'PLAN_STALE', message: /created again/ })
  })

  it('is refused when retention took the place away that it moves to', async () => {
    await world.fill('trimmed', [9])
    await world.admin.groups.setOffsets('of-trimmed', [{ topic: 'trimmed', partition: 0, offset: 8 }])
    const plan = await planMove(world.kafka, toStart('of-trimmed'))
    await world.admin.topics.deleteRecords('trimmed', { 0: 4 })
    await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({ code: 'PLAN_STALE', message: /from 4 to 9/ })
  })
})

describe('fallbacks', () => {
  it('are refused unless they are accepted by name, or all', async () => {
    const group = await committedGroup()
    const plan = await planMove(world.kafka, { group, scope: 'all', target: { kind: 'offset', offset: 99 } })
    expect(plan.needs).toEqual(['clamped-to-end'])
    await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({ code: 'FALLBACK_NOT_ACCEPTED' })
    await expect(applyPlan(world.kafka, plan, { ...quick(), accept: ['clamped-to-start'] })).rejects.toMatchObject({
      code: 'FALLBACK_NOT_ACCEPTED',
    })
    expect(await world.committed(group)).toEqual(BEFORE)
    await applyPlan(world.kafka, plan, { ...quick(), accept: ['clamped-to-end'] })
    expect(await world.committed(group)).toEqual(["orders-0: 10/0 ''", "orders-1: 10/0 ''"])
    await expect(applyPlan(world.kafka, plan, { ...quick(), accept: ['nonsense' as never] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})

describe('ended in the middle', () => {
  it.each(['waiting', 'checked', 'recorded', 'committed', 'verified', 'closed'] as const)(
    'after %s the state is before or after, and the next call says which',
    async (last) => {
      const group = await committedGroup()
      const plan = await planMove(world.kafka, toStart(group))
      const onProgress = (step: string): void => {
        if (step === last) throw new Error('the process ends')
      }
      await expect(applyPlan(world.kafka, plan, { ...quick(), onProgress })).rejects.toThrow('the process ends')
      const isDone = last === 'committed' || last === 'verified' || last === 'closed'
      expect(await world.committed(group)).toEqual(isDone ? AT_START : BEFORE)
      const [record] = await world.store.list({ group })
      if (last === 'waiting' || last === 'checked') return expect(record).toBeUndefined()
      expect(record!.state).toBe(last === 'closed' ? 'applied' : 'applying')
      const settled = await settleMove(world.kafka, record!, world.store)
      expect(settled.state).toBe(isDone ? 'applied' : 'failed')
      expect(settled.changes.map(({ state }) => state)).toEqual(isDone ? ['done', 'done'] : ['refused', 'refused'])
      if (!isDone) return expect(planUndo(world.kafka, settled)).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
      await applyPlan(world.kafka, await planUndo(world.kafka, settled), quick())
      expect(await world.committed(group)).toEqual(BEFORE)
    },
  )
})

describe('two at once', () => {
  it('one wins, and the other finds the plan stale', async () => {
    const group = await committedGroup()
    const plan = await planMove(world.kafka, toStart(group))
    const other = await planMove(world.kafka, { group, scope: 'all', target: { kind: 'end' } })
    const results = await Promise.allSettled([applyPlan(world.kafka, plan, quick()), applyPlan(world.kafka, other, quick())])
    expect(results.map((r) => (r.status === 'fulfilled' ? 'applied' : r.reason.code)).sort()).toEqual(['PLAN_STALE', 'applied'])
    expect(await world.store.list({ group })).toHaveLength(1)
  })
})

describe('what the cluster refuses', () => {
  it('in part is reported and recorded truthfully, and what was done can be taken back', async () => {
    const group = await committedGroup()
    const offsets = [
      { topic: 'orders', partition: 0, offset: 1 },
      { topic: 'orders', partition: 1, offset: 1, metadata: 'x'.repeat(5_000) },
    ]
    const plan = await planMove(world.kafka, { group, scope: 'all', target: { kind: 'list', offsets } })
    await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({
      code: 'MOVE_INCOMPLETE',
      message: /1 of 2 partitions .* orders-1 was not: .*OFFSET_METADATA_TOO_LARGE/,
      partitions: [{ topic: 'orders', partition: 1, offset: 1 }],
    })
    expect(await world.committed(group)).toEqual(["orders-0: 1/-1 ''", BEFORE[1]])
    const [record] = await world.store.list({ group })
    expect(record).toMatchObject({ state: 'failed', changes: [{ state: 'done' }, { state: 'refused', error: /TOO_LARGE/ }] })
    await applyPlan(world.kafka, await planUndo(world.kafka, record!), quick())
    expect(await world.committed(group)).toEqual(BEFORE)
  })

  it('as a whole is its error', async () => {
    const group = await committedGroup()
    const offsets = [{ topic: 'orders', partition: 1, offset: 1, metadata: 'x'.repeat(5_000) }]
    const plan = await planMove(world.kafka, { group, scope: 'all', target: { kind: 'list', offsets } })
    await expect(applyPlan(world.kafka, plan, quick())).rejects.toMatchObject({ code: 'OFFSET_METADATA_TOO_LARGE' })
    expect(await world.store.list({ group })).toMatchObject([{ state: 'failed' }])
  })
})

describe('a consumer that is not a member', () => {
  it('is noticed by what it commits', async () => {
    const group = await committedGroup()
    const first = await committedBy(world.kafka, group, {})
    expect(await watchForGhosts(world.kafka, group, first, 1, () => ({}))).toEqual(first)
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 1, offset: 8 }])
    await expect(watchForGhosts(world.kafka, group, first, 1, () => ({}))).rejects.toMatchObject({
      code: 'GHOST_CONSUMER',
      message: /has no members, and yet its offsets move \(orders-1\)/,
    })
  })
})

describe('a deletion of a group', () => {
  it('takes all that it has committed, and is stale if that is more than the plan has', async () => {
    const group = await committedGroup()
    const wish: MoveWish = { group, scope: 'all', target: { kind: 'delete', group: true } }
    await world.admin.groups.deleteOffsets(group, [{ topic: 'orders', partition: 1 }])
    const old = await planMove(world.kafka, wish)
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 1, offset: 7 }])
    await expect(applyPlan(world.kafka, old, quick())).rejects.toMatchObject({ code: 'PLAN_STALE', message: /was not committed/ })
    const record = await applyPlan(world.kafka, await planMove(world.kafka, wish), quick())
    await expect(world.admin.groups.describe(group)).rejects.toMatchObject({ code: 'UNKNOWN_GROUP' })
    await expect(planMove(world.kafka, wish)).rejects.toMatchObject({ code: 'UNKNOWN_GROUP' })
    await applyPlan(world.kafka, await planUndo(world.kafka, record), quick())
    expect(await world.committed(group)).toEqual(BEFORE)
  })
})

describe('undo', () => {
  it('says which partitions were committed again since', async () => {
    const group = await committedGroup()
    const record = await applyPlan(world.kafka, await planMove(world.kafka, toStart(group)), quick())
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 1, offset: 3 }])
    const undo = await planUndo(world.kafka, record)
    expect(undo.warnings).toContainEqual({ code: 'moved-since', message: 'orders-1 was committed again after the move that is taken back' })
    await applyPlan(world.kafka, undo, quick())
    expect(await world.committed(group)).toEqual(BEFORE)
  })

  it('refuses a partition whose topic was created again', async () => {
    await world.fill('renewed', [3])
    await world.admin.groups.setOffsets('of-renewed', [{ topic: 'renewed', partition: 0, offset: 2 }])
    const record = await applyPlan(world.kafka, await planMove(world.kafka, toStart('of-renewed')), quick())
    await world.admin.topics.delete('renewed')
    await world.fill('renewed', [3])
    expect(await planUndo(world.kafka, record)).toMatchObject({ changes: [{ outcome: 'refused', fallback: 'topic-recreated' }] })
  })
})
