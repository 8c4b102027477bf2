/** The contract of a place where ids are kept. A case throws what is wrong. */
import assert from 'node:assert/strict'
import type { IdStore } from './idempotent.ts'

const LONG_MS = 60_000

/** Looks until the id is new, and takes it for `token`. */
async function untilNew(ids: IdStore, id: string, token: string): Promise<void> {
  while ((await ids.begin(id, token, LONG_MS)).kind !== 'new') await new Promise((resolve) => setTimeout(resolve, 5))
}

export const idCases: Readonly<Record<string, (ids: IdStore) => Promise<void>>> = {
  'is new, then in progress for others, then done for all': async (ids) => {
    assert.deepEqual(await ids.begin('one', 'a', LONG_MS), { kind: 'new' })
    const state = await ids.begin('one', 'b', LONG_MS)
    assert.equal(state.kind, 'in progress')
    assert.ok(state.kind === 'in progress' && state.leftMs > 50_000 && state.leftMs <= LONG_MS)
    assert.equal(await ids.finish('one', 'a', LONG_MS), true)
    assert.deepEqual(await ids.begin('one', 'b', LONG_MS), { kind: 'done' })
  },
  'is new again when it is forgotten by its holder, and by no other': async (ids) => {
    await ids.begin('forgotten', 'a', LONG_MS)
    await ids.forget('forgotten', 'b')
    assert.equal((await ids.begin('forgotten', 'b', LONG_MS)).kind, 'in progress')
    await ids.forget('forgotten', 'a')
    assert.equal((await ids.begin('forgotten', 'b', LONG_MS)).kind, 'new')
  },
  'the lease of a holder that died is over, and what it says afterwards does not count': async (ids) => {
    await ids.begin('crashed', 'a', 40)
    await untilNew(ids, 'crashed', 'b')
    assert.equal(await ids.finish('crashed', 'a', LONG_MS), false)
    assert.equal(await ids.renew('crashed', 'a', LONG_MS), false)
    assert.equal(await ids.finish('crashed', 'b', LONG_MS), true)
  },
  'a lease is renewed': async (ids) => {
    for (const id of ['renewed', 'witness']) await ids.begin(id, 'a', 60)
    assert.equal(await ids.renew('renewed', 'a', LONG_MS), true)
    await untilNew(ids, 'witness', 'b')
    assert.equal((await ids.begin('renewed', 'b', LONG_MS)).kind, 'in progress')
  },
  'what is done is forgotten after its time to live': async (ids) => {
    await ids.begin('old', 'a', LONG_MS)
    await ids.finish('old', 'a', 500)
    assert.equal((await ids.begin('old', 'b', LONG_MS)).kind, 'done')
    await untilNew(ids, 'old', 'b')
  },
  'of many that begin at once, one does': async (ids) => {
    const states = await Promise.all(Array.from({ length: 16 }, (_, i) => ids.begin('many', `t${i}`, LONG_MS)))
    assert.equal(states.filter(({ kind }) => kind === 'new').length, 1)
  },
  'takes ids of any text': async (ids) => {
    for (const id of ["it's; -- a ? $1", 'ключ', '名', 'A', 'a'.repeat(300)]) {
      assert.equal((await ids.begin(id, 'a', LONG_MS)).kind, 'new')
    }
    assert.equal((await ids.begin('a', 'b', LONG_MS)).kind, 'new')
  },
  'tells long ids, spaces at the end and invisible characters apart': async (ids) => {
    const long = Array.from({ length: 30_000 }, (_, i) => `${i * i}`).join()
    for (const id of ['b', 'b ', 'b\t', 'b\0', ' b', long, `${long}1`, 'y'.repeat(401), 'y'.repeat(402), 'sha256:b']) {
      assert.equal((await ids.begin(id, 'a', LONG_MS)).kind, 'new', id.slice(0, 20))
      assert.equal(await ids.renew(id, 'a', LONG_MS), true)
      assert.equal(await ids.finish(id, 'a', LONG_MS), true)
      assert.equal((await ids.begin(id, 'b', LONG_MS)).kind, 'done')
    }
    await ids.begin(`${long}2`, 'a', LONG_MS)
    await ids.forget(`${long}2`, 'a')
    assert.equal((await ids.begin(`${long}2`, 'b', LONG_MS)).kind, 'new')
  },
}
