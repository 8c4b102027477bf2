import { sha256 } from '@tidemark/platform'
import { expect, test } from 'vitest'
import { text } from '../../testing/index.ts'
import { OffsetMap } from './offset-map.ts'

test('knows the last offset of each key, and no other key', () => {
  const map = new OffsetMap(1000, 1e6, sha256)
  for (let i = 0; i < 1000; i++) expect(map.put(text(`key-${i % 300}`), i)).toBe(true)
  for (let k = 0; k < 300; k++) expect(map.get(text(`key-${k}`))).toBe(k < 100 ? 900 + k : 600 + k)
  expect([map.get(text('other')), map.count, map.latest]).toEqual([-1, 300, 999])
  expect(map.get(text(''))).toBe(-1)
})

test('takes no more keys than its memory holds, and says so; the keys that it has go on', () => {
  const map = new OffsetMap(1e9, 100 * 24, sha256)
  let count = 0
  while (map.put(text(`key-${count}`), count)) count++
  expect(count).toBe(48)
  expect([map.latest, map.put(text('key-0'), 77), map.get(text('key-0')), map.latest]).toEqual([47, true, 77, 77])
  expect(map.put(text('another'), 78)).toBe(false)
})

test('two keys whose hashes begin alike stay two', () => {
  const sameSlot = (key: Uint8Array): Uint8Array => Buffer.concat([Buffer.alloc(15), key])
  const map = new OffsetMap(10, 1e6, sameSlot)
  for (let k = 0; k < 10; k++) map.put(Buffer.from([k]), k)
  for (let k = 0; k < 10; k++) expect(map.get(Buffer.from([k]))).toBe(k)
})
