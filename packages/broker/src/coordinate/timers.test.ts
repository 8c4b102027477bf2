import { expect, test } from 'vitest'
import { ManualClock } from '../testing/index.ts'
import { Timers } from './timers.ts'

function setUp() {
  const clock = new ManualClock()
  const timers = new Timers(clock, 50)
  const fired: string[] = []
  const set = (key: string, delayMs: number, say = key): void => timers.set(key, clock.monotonic() + delayMs, () => fired.push(say))
  return { clock, timers, fired, set }
}

test('a timer fires once, at its time', () => {
  const { clock, fired, set, timers } = setUp()
  set('a', 100)
  clock.advance(99)
  expect(fired).toEqual([])
  clock.advance(1)
  clock.advance(1000)
  expect(fired).toEqual(['a'])
  expect(timers.size).toBe(0)
})

test('setting a key again replaces its timer, cancelling ends it', () => {
  const { clock, fired, set, timers } = setUp()
  set('a', 100, 'first')
  set('b', 100)
  clock.advance(60)
  set('a', 100, 'second')
  timers.cancel('b')
  clock.advance(99)
  expect(fired).toEqual([])
  clock.advance(1)
  expect(fired).toEqual(['second'])
})

test('after a stall a timer waits once more, a second at most, and lets one turn of I/O pass before it judges (decision 5)', () => {
  const { clock, fired, set } = setUp()
  set('a', 100)
  clock.stall(5_000)
  clock.turn()
  clock.advance(999)
  expect(fired).toEqual([])
  clock.advance(1)
  expect(fired).toEqual([])
  clock.turn()
  expect(fired).toEqual(['a'])
})

test('what was set again or cancelled meanwhile does not fire', () => {
  const { clock, fired, set, timers } = setUp()
  set('heard', 100)
  set('gone', 100)
  set('silent', 100)
  clock.stall(5_000)
  clock.advance(500)
  set('heard', 1_000)
  timers.cancel('gone')
  clock.advance(500)
  clock.turn()
  expect(fired).toEqual(['silent'])
})

test('clear ends all', () => {
  const { clock, fired, set, timers } = setUp()
  set('a', 1)
  set('b', 5)
  timers.clear()
  clock.advance(10)
  expect(fired).toEqual([])
})
