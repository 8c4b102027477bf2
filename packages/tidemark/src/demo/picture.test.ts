import type { GroupPosition } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { pictureOf } from './picture.ts'
import { Progress } from './progress.ts'

function busy(): Progress {
  let nowMs = 0
  const progress = new Progress(6, { monotonic: () => nowMs, now: () => nowMs }, () => {})
  const workers = [1, 2, 3].map((n) => ({ name: `counter-${n}`, pid: n }))
  for (let partition = 0; partition < 6; partition++) {
    progress.see(workers[partition % 3]!, { kind: 'assigned', partition, position: 0 })
  }
  progress.produced = 60_000
  progress.counted = 60_000
  nowMs = 12_345
  progress.killedConsumer(workers[0]!)
  for (const partition of [0, 3]) progress.see(workers[1]!, { kind: 'assigned', partition, position: 0 })
  progress.tellMoves()
  progress.event('SIGKILL to consumer counter-1 (process 1234567), which works on partitions 0, 3, and some more words')
  return progress
}

const positions = Array.from({ length: 6 }, (_, partition) => ({ partition, committed: 10_000, end: 20_000 })) as unknown as GroupPosition[]

test.each([60, 80, 120, 200])('every line fits a terminal of %i columns', (columns) => {
  const lines = pictureOf(busy(), positions, 60_000, { columns, rows: 24, hasColors: false })
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns)
  expect(lines.join('\n')).toContain('counter-2 ← counter-1')
})

test('on a narrow one there are no bars, and only the owner of now', () => {
  const lines = pictureOf(busy(), positions, 60_000, { columns: 40, rows: 24, hasColors: false })
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(40)
  expect(lines[2]).toBe('  0  10000  20000 10000  counter-2')
})

test.each([5, 12, 24])('its height fits %i rows where it can, and stays the same', (rows) => {
  const screen = { columns: 80, rows, hasColors: false }
  const lines = pictureOf(busy(), positions, 60_000, screen)
  expect(lines.length).toBeLessThan(Math.max(rows, 10))
  expect(pictureOf(new Progress(6, { monotonic: () => 0, now: () => 0 }, () => {}), [], 60_000, screen).length).toBe(lines.length)
})

test('colours change nothing else', () => {
  const screen = { columns: 80, rows: 24, hasColors: true }
  const coloured = pictureOf(busy(), positions, 60_000, screen).join('\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(pictureOf(busy(), positions, 60_000, { ...screen, hasColors: false }).join('\n'))
})
