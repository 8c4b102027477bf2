import { expect, test } from 'vitest'
import { Segment } from './segment.ts'
import { Segments } from './segments.ts'

const segment = (baseOffset: number, bytes = 10): Segment => Segment.known('t', { baseOffset, generation: 0, bytes })
const bases = (segments: Segments): number[] => segments.all.map(({ baseOffset }) => baseOffset)

test('sealed segments are replaced by others, or by none; the one that is written to stays', () => {
  const list = [0, 10, 20, 30].map((base) => segment(base))
  const segments = new Segments(list)
  segments.replace(list.slice(0, 2), [segment(0, 3)])
  expect([bases(segments), segments.bytes]).toEqual([[0, 20, 30], 23])
  segments.replace(segments.below(30), [])
  expect(bases(segments)).toEqual([30])
  expect(() => segments.replace(segments.all, [])).toThrow('sealed')
  expect(() => segments.replace([list[0]!], [])).toThrow('sealed')
})

test('segments that do not follow each other are not replaced together', () => {
  const list = [0, 10, 20, 30].map((base) => segment(base))
  expect(() => new Segments(list).replace([list[0]!, list[2]!], [])).toThrow('follow each other')
})

test('a reader that waited finds its next segment though those before it are gone', () => {
  const list = [0, 10, 20, 30].map((base) => segment(base))
  const segments = new Segments(list)
  const before = segments.all
  segments.replace(segments.below(20), [])
  expect(segments.after(list[0]!)?.baseOffset).toBe(20)
  expect(segments.at(5)?.baseOffset).toBe(20)
  expect(before).toHaveLength(4)
})
