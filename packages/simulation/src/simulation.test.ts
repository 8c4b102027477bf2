import { execFile } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { plants } from './plants.ts'
import { simulate } from './simulate.ts'
import { DRAW_EVERYTHING } from './workload/everything.ts'

const SEEDS = 200

describe('the real broker, client and consumer in the simulated world', () => {
  // What is drawn beyond the plain runs is held against the consumer as soon as it stands up to it.
  const settings = DRAW_EVERYTHING ? [false, true] : [false]
  test.each(settings)(`hold under ${SEEDS} seeds, everything drawn: %s`, async (everything) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation } = await simulate(seed, undefined, { everything })
      expect(violation, `npm run sim -- ${everything ? '--everything' : '--plain'} --seed ${seed}`).toBeUndefined()
    }
  })

  test.each([
    [7, false],
    [7, true],
  ])('the same seed gives the same run, line by line: %i, everything drawn: %s', async (seed, everything) => {
    const [first, second]: [string[], string[]] = [[], []]
    await simulate(seed, (line) => first.push(line), { everything })
    await simulate(seed, (line) => second.push(line), { everything })
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
    expect((await simulate(seed, undefined, { soundDisk: true, everything: false })).violation).toBeUndefined()
  })

  test.each([
    [25, 'a sync that failed at the start was thrown as it was, not as STORAGE_FAILED'],
    [240, 'a folder that could not be listed at the start left a broker that listened though its start was rejected'],
    [1749, 'a write that a crash took from the end of one segment left a hole before the next, which was kept'],
    [3256, 'a static leader that had given partitions up, and came back to its place, left them to nobody'],
    [7411, 'the assignor did not believe what a member owned that had missed a generation which a crash then took back'],
    [9560, 'a generation that a crash took back was believed to be lost, by the wiretap alone'],
  ])('%i: %s', async (seed) => {
    expect((await simulate(seed, undefined, { everything: false })).violation).toBeUndefined()
  })
})

describe('a bug planted in the real files is noticed within 100 seeds', () => {
  const main = new URL('./main.ts', import.meta.url).pathname
  test.each(plants.map((p) => p.name))('%s', async (name) => {
    const args = ['--conditions=@tidemark/source', main, '--seeds', '100', '--first', '--plant', name]
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }))
    })
    expect(output).toMatch(/^seed \d+: /)
    expect(code).toBe(1)
  })
})
