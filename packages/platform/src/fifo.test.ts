import { expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

test('what went in first comes out first, however much comes and goes, and is counted', () => {
  const fifo = new Fifo<number>()
  const plain: number[] = []
  let next = 0
  for (let turn = 0; turn < 300; turn++) {
    for (let i = 0; i < (turn * 7) % 31; i++) {
      fifo.push(next)
      plain.push(next++)
    }
    const out = (turn * 5) % 29
    expect(turn % 2 === 0 ? fifo.take(out) : Array.from({ length: Math.min(out, plain.length) }, () => fifo.shift())).toEqual(
      plain.splice(0, out),
    )
    expect(fifo.length).toBe(plain.length)
    expect(fifo.peek()).toBe(plain[0])
  }
})

test('an empty one gives nothing, and can be filled again', () => {
  const fifo = new Fifo<string>()
  expect([fifo.shift(), fifo.peek(), fifo.length]).toEqual([undefined, undefined, 0])
  fifo.push('a')
  fifo.clear()
  fifo.push('b')
  expect(fifo.take(5)).toEqual(['b'])
})
