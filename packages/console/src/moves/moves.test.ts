/** Plans, applied and taken back, as a page does it: over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ConsoleOptions } from '../index.ts'
import { ownPage, type World, world } from '../testing/world.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-console-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const begin = async (options: ConsoleOptions = {}): Promise<World> => {
  const w = await world({ stateFolder: folder, user: 'ada', ...options })
  await w.fill('orders', 20)
  return w
}
const stand = (w: World, offset: number, group = 'billing') =>
  createAdmin(w.kafka).groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset, metadata: 'was here' }])
const places = async (w: World, group = 'billing') =>
  (await createAdmin(w.kafka).groups.offsets(group)).map(({ offset, metadata }) => [offset, metadata])

async function post(w: World, to: string, body: object = {}) {
  const reply = await w.send(to, { method: 'POST', headers: ownPage(w.console.port), body: JSON.stringify(body) })
  return { status: reply.status, body: reply.json() }
}
const wishOf = (target: object, group = 'billing') => ({ group, scope: 'all', target })

/** Applies, and waits for the end. */
async function applied(w: World, planId: string, wish: object = {}) {
  let { body } = await post(w, `/api/plans/${planId}/apply`, wish)
  while (body.state === 'running') body = (await w.send(`/api/applications/${body.id}`)).json()
  return body
}

describe('a console that may move', () => {
  let w: World
  beforeAll(async () => {
    w = await begin()
  })
  beforeEach(() => stand(w, 12))
  afterAll(() => w[Symbol.asyncDispose]())

  test('plans, shows the plan again by its id, applies it, and takes it back byte for byte', async () => {
    const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'shift', by: -5 }))
    expect(plan.changes).toMatchObject([{ topic: 'orders', partition: 0, before: { offset: 12 }, after: { offset: 7 }, replayed: 5 }])
    expect((await w.send(`/api/plans/${plan.id}`)).json()).toEqual(plan)
    expect(await places(w)).toEqual([[12, 'was here']])
    const done = await applied(w, plan.id, { reason: 'fix 412' })
    expect(done).toMatchObject({ state: 'done', step: 'closed', record: { user: 'ada', reason: 'fix 412', state: 'applied' } })
    expect(await places(w)).toEqual([[7, '']])
    const [move] = (await w.send('/api/moves?group=billing')).json()
    const { body: back } = await post(w, `/api/moves/${move.id}/undo`)
    expect(await applied(w, back.id)).toMatchObject({ state: 'done' })
    expect(await places(w)).toEqual([[12, 'was here']])
  })

  test('a plan is refused once the group was moved, and says so', async () => {
    const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'start' }))
    await stand(w, 13)
    expect(await applied(w, plan.id)).toMatchObject({ state: 'failed', error: { code: 'PLAN_STALE' } })
    expect(await places(w)).toEqual([[13, 'was here']])
  })

  test('a fallback is not taken unless it is accepted', async () => {
    const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'offset', offset: 5_000 }))
    expect(plan.needs).toEqual(['clamped-to-end'])
    expect(await applied(w, plan.id)).toMatchObject({ state: 'failed', error: { code: 'FALLBACK_NOT_ACCEPTED' } })
    expect(await applied(w, plan.id, { accept: ['clamped-to-end'] })).toMatchObject({ state: 'done' })
    expect(await places(w)).toEqual([[20, '']])
  })

  test('a group with members is refused, or waited for; waiting can be stopped, and nothing has changed', async () => {
    await stand(w, 20, 'busy')
    const stop = new AbortController()
    await using consumer = createConsumer(w.kafka, { group: 'busy' })
    consumer.each('orders', { order: 'none' }, async () => {})
    const running = consumer.run({ signal: stop.signal })
    const { groups } = createAdmin(w.kafka)
    await expect.poll(async () => (await groups.describe('busy')).state).toBe('Stable')
    const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'start' }, 'busy'))
    expect(plan.members).toBe(1)
    expect(await applied(w, plan.id)).toMatchObject({ state: 'failed', error: { code: 'GROUP_ACTIVE' } })
    const { body: waiting } = await post(w, `/api/plans/${plan.id}/apply`, { waitEmptyMs: 60_000 })
    expect(waiting).toMatchObject({ state: 'running', step: null })
    await post(w, `/api/applications/${waiting.id}/cancel`)
    await expect
      .poll(async () => (await w.send(`/api/applications/${waiting.id}`)).json())
      .toMatchObject({ state: 'failed', error: { code: 'ABORTED' } })
    expect((await places(w, 'busy'))[0]![0]).toBe(20)
    stop.abort()
    await running
  })

  test('what is not known, and what is not a wish, is refused', async () => {
    const unknown = '0'.repeat(64)
    expect((await w.send(`/api/plans/${unknown}`)).json()).toMatchObject({ code: 'UNKNOWN_PLAN' })
    expect((await post(w, `/api/plans/${unknown}/apply`)).status).toBe(404)
    expect((await w.send('/api/applications/99999')).status).toBe(404)
    expect((await post(w, '/api/moves/nothing/undo')).status).toBe(404)
    for (const wish of [
      {},
      { group: 'billing' },
      wishOf({ kind: 'sideways' }),
      wishOf({ kind: 'offset', offset: -1 }),
      wishOf({ kind: 'offset', offset: '5' }),
      wishOf({ kind: 'offset', offset: null }),
      { ...wishOf({ kind: 'start' }), scope: 'some' },
      { ...wishOf({ kind: 'start' }), force: true },
      { ...wishOf({ kind: 'start' }), scope: [{ topic: 'orders', partitions: ['0'] }] },
    ]) {
      expect([wish, (await post(w, '/api/plans', wish)).status]).toEqual([wish, 400])
    }
    const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'start' }))
    for (const wish of [{ waitEmptyMs: -1 }, { waitEmptyMs: '5' }, { accept: 'all' }, { force: true }]) {
      expect((await post(w, `/api/plans/${plan.id}/apply`, wish)).status).toBe(400)
    }
  })

  test('the history of the group and its place at a time come from the log of commits', async () => {
    const history = (await w.send('/api/history?group=billing')).json()
    expect(history).toMatchObject({ unreadable: null, isPartial: false, left: 0 })
    expect(history.events[0]).toMatchObject({ group: 'billing', topic: 'orders', kind: 'outside', to: 12 })
    const at = (await w.send(`/api/groups/billing/positions-at?at=${Date.now() + 60_000}`)).json()
    expect(at.positions).toMatchObject([{ topic: 'orders', partition: 0, offset: 12, certainty: 'exact' }])
  })

  test('what somebody committed from outside is taken back to where the group stood before, whatever tool it was', async () => {
    const [newest] = (await w.send('/api/history?group=billing')).json().events
    const wish = { atMs: newest.atMs - 1, scope: [{ topic: 'orders', partitions: [0] }] }
    await stand(w, 3)
    const { body: plan } = await post(w, '/api/groups/billing/restore', wish)
    expect(plan.wish.target).toMatchObject({ kind: 'places', atMs: wish.atMs })
    expect(plan.changes).toMatchObject([{ topic: 'orders', partition: 0, before: { offset: 3 }, after: { offset: newest.from } }])
    expect((await post(w, '/api/groups/billing/restore', { ...wish, atMs: -1 })).status).toBe(400)
    expect((await post(w, '/api/groups/nobody/restore', wish)).body.code).toBe('NOTHING_TO_DO')
  })

  test('the undo of what was committed from outside warns if the group was committed again since', async () => {
    const [newest] = (await w.send('/api/history?group=billing')).json().events
    const { topic, partition, to, leaderEpoch, metadata } = newest
    const undoes = { topic, partition, place: { offset: to, leaderEpoch: leaderEpoch ?? -1, metadata: metadata ?? '' } }
    const wish = { atMs: newest.atMs - 1, scope: [{ topic, partitions: [partition] }], undoes }
    const warnings = async (): Promise<string[]> =>
      (await post(w, '/api/groups/billing/restore', wish)).body.warnings.map((warning: any) => warning.code)
    expect(await warnings()).not.toContain('moved-since')
    await stand(w, 3)
    expect(await warnings()).toContain('moved-since')
    for (const wrong of [{ ...undoes, place: {} }, { ...undoes, partition: -1 }, { topic }])
      expect((await post(w, '/api/groups/billing/restore', { ...wish, undoes: wrong })).status).toBe(400)
  })

  test('the record under the committed offset, and what the doctor says', async () => {
    const records = (await w.send('/api/groups/billing/peek?topic=orders&partition=0&around=1')).json()
    expect(records.map((r: any) => [r.offset, r.place, r.value.text])).toEqual([
      [11, 'before', 'value 11'],
      [12, 'at', 'value 12'],
      [13, 'after', 'value 13'],
    ])
    await stand(w, 900, 'lost')
    const { findings } = (await w.send('/api/doctor?group=lost')).json()
    expect(findings).toContainEqual(expect.objectContaining({ group: 'lost', severity: 'error', topic: 'orders', partition: 0 }))
    expect((await w.send('/api/doctor/counts')).json().lost.errors).toBeGreaterThan(0)
  })
})

test('a read-only console plans, and applies nothing', async () => {
  await using w = await begin({ readOnly: true })
  await stand(w, 12)
  const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'start' }))
  expect(await post(w, `/api/plans/${plan.id}/apply`)).toMatchObject({ status: 403, body: { code: 'READ_ONLY' } })
  expect(await places(w)).toEqual([[12, 'was here']])
})

test('a protected one wants the name of the group', async () => {
  await using w = await begin({ protected: true })
  await stand(w, 12)
  const { body: plan } = await post(w, '/api/plans', wishOf({ kind: 'start' }))
  for (const wish of [{}, { confirm: 'other' }]) {
    expect(await post(w, `/api/plans/${plan.id}/apply`, wish)).toMatchObject({ status: 403, body: { code: 'NOT_CONFIRMED' } })
  }
  expect(await applied(w, plan.id, { confirm: 'billing' })).toMatchObject({ state: 'done' })
})
