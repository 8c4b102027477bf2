import { expect, test } from 'vitest'
import { FrameSplitter } from './frame-splitter.ts'

test('frames come out whole however the bytes are cut, and keep nothing of the memory they came in', () => {
  const bodies = ['abcd', '', 'a longer one than the first', 'last']
  const bytes = Buffer.concat(bodies.flatMap((body) => [Buffer.from([0, 0, 0, body.length]), Buffer.from(body)]))
  for (let piece = 1; piece <= bytes.length; piece++) {
    const splitter = new FrameSplitter()
    const frames: Buffer[] = []
    for (let at = 0; at < bytes.length; at += piece) {
      const lent = Buffer.from(bytes.subarray(at, at + piece))
      frames.push(...splitter.push(lent))
      lent.fill(0xa5)
    }
    expect(frames.map(String)).toEqual(bodies)
  }
})

test('a size below 0 is an error, and no endless loop', () => {
  expect(() => new FrameSplitter().push(Buffer.from([255, 255, 255, 252, 0, 0]))).toThrow(RangeError)
})
