import { beforeEach, expect, test } from 'vitest'
import { Progress, type Worker } from './progress.ts'

let nowMs: number
let progress: Progress
const clocks = { monotonic: () => nowMs, now: () => 1_000_000 + nowMs }
const a: Worker = { name: 'a', pid: 1 }
const b: Worker = { name: 'b', pid: 2 }
const again: Worker = { name: 'a', pid: 3 }

beforeEach(() => {
  nowMs = 0
  progress = new Progress(2, clocks, () => {})
})

const assign = (worker: Worker, partition: number): void => progress.see(worker, { kind: 'assigned', partition, position: 0 })
const work = (worker: Worker, partition: number, newestMs = clocks.now()): void =>
  progress.see(worker, { kind: 'counted', partition, newestMs, counted: 1, deliveredAgain: 0, appendedAgain: 0 })

test("a consumer's pause ends with the first record that the next owner of its last partition handles", () => {
  for (const partition of [0, 1]) assign(a, partition)
  nowMs = 100
  progress.killedConsumer(a)
  nowMs = 101
  work(a, 0) // was in the pipe when the process died
  assign(again, 0)
  nowMs = 1_700
  work(again, 0)
  expect(progress.pauses[0]!.ms).toBeUndefined()
  assign(b, 1)
  nowMs = 1_800
  work(b, 1)
  nowMs = 1_900
  work(b, 1)
  expect(progress.pauses[0]).toMatchObject({ what: 'a', ms: 1_700 })
})

test("the broker's pause ends when every partition has handled a record that was written after the kill", () => {
  nowMs = 100
  const beforeMs = clocks.now()
  progress.killedBroker()
  nowMs = 104
  for (const partition of [0, 1]) work(a, partition, beforeMs) // had been fetched before
  expect(progress.pauses[0]!.ms).toBeUndefined()
  nowMs = 500
  for (const partition of [0, 1]) work(a, partition, clocks.now() - 1)
  expect(progress.pauses[0]).toMatchObject({ what: 'the broker', ms: 400 })
})

test('owners that change are told, once for each pair', () => {
  for (const partition of [0, 1]) assign(a, partition)
  progress.tellMoves()
  expect(progress.events).toEqual([])
  progress.killedConsumer(a)
  expect([progress.owner(0), progress.previousOwner(0)]).toEqual([undefined, { name: 'a', isDead: true }])
  assign(b, 1)
  assign(again, 0)
  progress.tellMoves()
  progress.tellMoves()
  expect(progress.events.map((line) => line.slice(9))).toEqual([
    'b takes over partition 1 from a',
    'a, started again, takes over partition 0 from a',
  ])
  expect([progress.owner(1), progress.previousOwner(1)]).toEqual([b, { name: 'a', isDead: true }])
  nowMs += 5_000
  expect(progress.previousOwner(1)).toBeUndefined()
})

test('a late report of a killed process makes it no owner again', () => {
  assign(a, 0)
  progress.killedConsumer(a)
  assign(a, 0)
  progress.see(a, { kind: 'ended', partition: 0, reason: 'lost' })
  expect(progress.owner(0)).toBeUndefined()
})
