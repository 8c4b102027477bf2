import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bookmarkGroup } from '../plan/bookmark-group.ts'
import { planMove } from '../plan/plan-move.ts'
import { type TestWorld, testWorld } from '../testing/world.case.ts'
import { BookmarkStore } from './bookmark-store.ts'

let world: TestWorld
let store: BookmarkStore
beforeAll(async () => {
  world = await testWorld()
  store = new BookmarkStore(path.join(world.folder, 'bookmarks'))
  await world.fill('orders', [10])
  for (const group of ['a', 'b'])
    await world.admin.groups.setOffsets(group, [{ topic: 'orders', partition: 0, offset: 4, metadata: 'mine' }])
})
afterAll(() => world[Symbol.asyncDispose]())

const move = (group: string, name: string) =>
  planMove(world.kafka, { group, scope: 'all', target: { kind: 'bookmark', name } }, { bookmarks: store })

it('is a place to come back to, with everything that was committed', async () => {
  const name = 'before/deploy "412"'
  const { positions } = await bookmarkGroup(world.kafka, 'a', name, { store })
  expect(positions).toMatchObject([{ topic: 'orders', partition: 0, offset: 4, metadata: 'mine' }])
  await world.admin.groups.setOffsets('a', [{ topic: 'orders', partition: 0, offset: 9 }])
  expect((await move('a', name)).changes[0]).toMatchObject({ after: { offset: 4, metadata: 'mine' }, replayed: 5 })
  // Of another group, too, as long as the name means one.
  expect((await move('c', name)).changes[0]).toMatchObject({ before: null, after: { offset: 4 } })
  await bookmarkGroup(world.kafka, 'b', name, { store })
  await expect(move('c', name)).rejects.toMatchObject({ code: 'UNKNOWN_BOOKMARK', message: /exists for groups a, b/ })
  await store.delete((await world.admin.cluster.describe()).clusterId, 'b', name)
  expect((await store.list()).map((it) => it.group)).toEqual(['a'])
})

it('does not move a group into a topic that was created again', async () => {
  await world.fill('again', [5])
  await world.admin.groups.setOffsets('of-again', [{ topic: 'again', partition: 0, offset: 4 }])
  await bookmarkGroup(world.kafka, 'of-again', 'old', { store })
  await world.admin.topics.delete('again')
  await world.fill('again', [5])
  expect(await move('of-again', 'old')).toMatchObject({
    changes: [{ outcome: 'refused', fallback: 'topic-recreated' }],
    needs: ['topic-recreated'],
  })
})

it('that does not exist, or is damaged, is said to be', async () => {
  await expect(move('a', 'nothing')).rejects.toMatchObject({ code: 'UNKNOWN_BOOKMARK' })
  await bookmarkGroup(world.kafka, 'a', 'before-deploy', { store })
  await expect(move('a', 'befor-deploy')).rejects.toMatchObject({
    message: "bookmark 'befor-deploy' of group 'a' does not exist for this cluster; did you mean 'before-deploy'?",
  })
  await expect(store.delete('c', 'a', 'nothing')).rejects.toMatchObject({ code: 'UNKNOWN_BOOKMARK' })
  await expect(bookmarkGroup(world.kafka, 'nobody', 'x', { store })).rejects.toMatchObject({ code: 'NOTHING_TO_DO' })
  writeFileSync(path.join(store.folder, 'damaged.json'), '{')
  const damaged: string[] = []
  await store.list((file) => damaged.push(path.basename(file)))
  expect(damaged).toEqual(['damaged.json'])
})

it('is kept whole where several write it at once', async () => {
  const bookmark = { name: 'n', clusterId: 'c', group: 'g', positions: [] }
  const times = Array.from({ length: 20 }, (_, i) => i)
  await Promise.all(times.map((atMs) => new BookmarkStore(store.folder).save({ ...bookmark, atMs })))
  expect(times).toContain((await store.find('c', 'g', 'n')).atMs)
})
