import { expect, test } from 'vitest'
import { MemoryPool } from '../memory-pool.ts'
import { FrameError, FrameReader } from './frames.ts'

const readerOf = (frameBytesMax: number): FrameReader => new FrameReader(frameBytesMax, new MemoryPool(0))

function frame(size: number, fill = 7): Buffer {
  const bytes = Buffer.alloc(4 + size, fill)
  bytes.writeInt32BE(size, 0)
  return bytes
}

function read(reader: FrameReader, ...chunks: Buffer[]): Buffer[] {
  const frames: Buffer[] = []
  for (const chunk of chunks) reader.push(chunk, (f) => frames.push(f))
  return frames
}

test('frames come out whole however the bytes are cut', () => {
  const bytes = Buffer.concat([frame(5, 1), frame(1, 2), frame(300, 3)])
  for (const size of [1, 2, 3, 4, 5, 7, 64, bytes.length]) {
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    const frames = read(readerOf(1000), ...chunks)
    expect(frames.map((f) => [f.length, f[0]])).toEqual([
      [5, 1],
      [1, 2],
      [300, 3],
    ])
  }
})

test('a frame has memory of its own: the bytes it came in may be used again', () => {
  const bytes = frame(5, 1)
  const [got] = read(readerOf(1000), bytes)
  bytes.fill(9)
  expect(got).toEqual(Buffer.alloc(5, 1))
})

test('most of a large frame is read into its own memory, which ends where it ends', () => {
  const bytes = Buffer.concat([frame(400_000, 3), frame(2, 4)])
  const reader = readerOf(500_000)
  const frames: Buffer[] = []
  let lent = 0
  for (let at = 0; at < bytes.length; ) {
    const memory = reader.target() ?? Buffer.alloc(1000)
    if (memory.length === 1000) lent++
    const size = bytes.copy(memory, 0, at, at + 150_000)
    reader.push(memory.subarray(0, size), (f) => frames.push(f))
    if (memory.length === 1000) memory.fill(9)
    at += size
  }
  expect(frames).toEqual([Buffer.alloc(400_000, 3), Buffer.alloc(2, 4)])
  expect(lent).toBeLessThan(100)
})

test('a size that no frame may have is refused before its bytes come (trap 7)', () => {
  for (const size of [1001, 0, -1, -(2 ** 31), 2 ** 31 - 1]) {
    const head = Buffer.alloc(4)
    head.writeInt32BE(size)
    expect(() => read(readerOf(1000), head)).toThrow(FrameError)
  }
  expect(read(readerOf(1000), frame(1000))).toHaveLength(1)
})

test('a large frame takes no memory before a part of it has come', () => {
  const size = 90 * 1024 * 1024
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 20 }, () => readerOf(100 * 1024 * 1024))
  const head = Buffer.alloc(1024)
  head.writeInt32BE(size)
  for (const reader of readers) read(reader, head)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size)
})

test('a large frame that comes in parts is whole', () => {
  const bytes = frame(3_000_000, 5)
  bytes[bytes.length - 1] = 6
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536))
  const [got] = read(readerOf(1e7), ...chunks)
  expect(got).toEqual(bytes.subarray(4))
})
