import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

/** Those up to 100 run in `simulation.long.test.ts`. */
const SEEDS = 40

describe('the real broker, client and consumer in the simulated world', () => {
  test(`hold under ${SEEDS} plain seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation } = await simulate(seed, undefined, { everything: false })
      expect(violation, `npm run sim -- --plain --seed ${seed}`).toBeUndefined()
    }
  })

  test.each([
    [7, false, 1],
    [7, true, 1],
    [7, true, 3],
  ])('the same seed gives the same run, line by line: %i, everything drawn: %s, nodes: %i', async (seed, everything, nodes) => {
    const [first, second]: [string[], string[]] = [[], []]
    await simulate(seed, (line) => first.push(line), { everything, nodes })
    await simulate(seed, (line) => second.push(line), { everything, nodes })
    expect(first.length).toBeGreaterThan(50)
    expect(second).toEqual(first)
  })
})

// Seeds that found a defect once, each with what was wrong. The first ones ran on a disk without faults.
describe('seeds that failed', () => {
  test.each([
    [135, 'T3: a commit was planned before its request could be written, and sent for a claim that had died since'],
    [278, 'handlers were not woken after a silence that ended while a join was beginning'],
    [449, 'after a crash of the process what was only in the page cache was shown as if it were synced'],
    [716, 'a new segment was made after its folder had been synced, and its name was lost with the power'],
    [1840, 'a stop in the middle of a release left before the rest was drained'],
  ])('%i: %s', async (seed) => {
    expect((await simulate(seed, undefined, { soundDisk: true, everything: false, nodes: 1 })).violation).toBeUndefined()
  })

  test.each([
    [25, 'a sync that failed at the start was thrown as it was, not as STORAGE_FAILED'],
    [240, 'a folder that could not be listed at the start left a broker that listened though its start was rejected'],
    [1749, 'a write that a crash took from the end of one segment left a hole before the next, which was kept'],
    [3256, 'a static leader that had given partitions up, and came back to its place, left them to nobody'],
    [7411, 'the assignor did not believe what a member owned that had missed a generation which a crash then took back'],
    [9560, 'a generation that a crash took back was believed to be lost, by the wiretap alone'],
  ])('%i: %s', async (seed) => {
    expect((await simulate(seed, undefined, { everything: false, nodes: 1 })).violation).toBeUndefined()
  })

  test.each([
    [269, 'a stuck call of an earlier claim held its partition up for ever when that came back, and nothing told of it'],
    [684, 'the offsets of a topic that was deleted while they were read back were answered for the next topic of its name'],
    [803, 'a topic that had no leader for requestTimeoutMs ended the run with UNKNOWN_TOPIC'],
    [922, 'a topic that had no leader counted as deleted: run() resolved, and what was done of it was never committed'],
    [2283, 'a join left after the run was over'],
    [10001546, 'what the closer of the simulation wrote while all was read back was missed, by the check alone'],
    [10105101, 'the check forgot what a commit had called done above its offset when another member asked for the offset'],
  ])('%i, everything drawn: %s', async (seed) => {
    expect((await simulate(seed, undefined, { everything: true, nodes: 1 })).violation).toBeUndefined()
  })

  test.each([
    [625, 'a partition that was reassigned was led by another node in the epoch of the one before'],
    [10107795, 'what was sent while its topic was deleted stood twice in the topic that was made again, as by Kafka: the check alone'],
    [631, 'a leader moved while the record of its epoch was being written: both led in one epoch'],
  ])('%i, three nodes: %s', async (seed) => {
    expect((await simulate(seed, undefined, { everything: true, nodes: 3 })).violation).toBeUndefined()
  })
})
