import { expect, it } from 'vitest'
import { FrameReader } from './frames.ts'

function framed(...bodies: string[]): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => {
      const size = Buffer.alloc(4)
      size.writeInt32BE(body.length)
      return [size, Buffer.from(body)]
    }),
  )
}

it('finds the same frames however the bytes are cut', () => {
  const bodies = ['abcd', 'a longer frame than the first', 'last']
  const bytes = framed(...bodies)
  for (let piece = 1; piece <= bytes.length; piece++) {
    const reader = new FrameReader(1000)
    const got: string[] = []
    for (let at = 0; at < bytes.length; at += piece) {
      reader.push(Buffer.from(bytes.subarray(at, at + piece)), (frame) => void got.push(String(frame)))
    }
    expect(got).toEqual(bodies)
  }
})

it('reads most of a large frame into its own memory, which ends where it ends', () => {
  const bodies = ['a'.repeat(400_000), 'bcde']
  const bytes = framed(...bodies)
  const reader = new FrameReader(500_000)
  const got: string[] = []
  let lent = 0
  for (let at = 0; at < bytes.length; ) {
    const memory = reader.target() ?? Buffer.alloc(1000)
    if (memory.length === 1000) lent++
    const size = bytes.copy(memory, 0, at, at + 150_000)
    reader.push(memory.subarray(0, size), (frame) => void got.push(String(frame)))
    if (memory.length === 1000) memory.fill(9)
    at += size
  }
  expect(got).toEqual(bodies)
  expect(lent).toBeLessThan(100)
})

it('takes a frame of the largest size, and refuses one byte more before it is there', () => {
  const reader = new FrameReader(10)
  const got: number[] = []
  reader.push(framed('0123456789'), (frame) => void got.push(frame.length))
  expect(got).toEqual([10])
  expect(() => reader.push(framed('0123456789a').subarray(0, 4), () => {})).toThrow(
    expect.objectContaining({ code: 'FRAME_TOO_LARGE', message: expect.stringContaining('11 bytes; frameBytesMax is 10') }),
  )
})

it('takes the bytes of a TLS alert or an HTTP answer for what they are: no Kafka listener', () => {
  const reader = new FrameReader(100 * 1024 * 1024)
  expect(() => reader.push(Buffer.from('HTTP/1.1 400 Bad Request'), () => {})).toThrow(/check that it is a Kafka listener/)
})
