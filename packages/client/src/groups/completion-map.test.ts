import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CompletionMap, fitsInMetadata, METADATA_UNITS_MAX, readCompletionMap, writeCompletionMap } from './completion-map.ts'

const topicId = 'AAAAAAAAQACAAAAAAAAAAQ'
const done = (base: number, top: number, open: readonly number[]): CompletionMap => ({
  topicId,
  base,
  top,
  open,
  leaderEpoch: 3,
  notes: [],
  holder: undefined,
})

/** Open offsets in [base, base + range), each with this probability, from a fixed sequence. */
function scattered(base: number, range: number, share: number): number[] {
  let x = 12345
  return Array.from({ length: range }, (_, i) => base + i).filter(() => {
    x = (x * 1103515245 + 12345) % 2 ** 31
    return x / 2 ** 31 < share
  })
}

const anyMap = fc
  .tuple(
    fc.nat(2 ** 45),
    fc.uniqueArray(fc.nat(5_000), { maxLength: 400 }),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: -1, max: 99 }),
  )
  .map(([base, gaps, tail, leaderEpoch]) => {
    const open = gaps.sort((a, b) => a - b).map((gap) => base + gap)
    return { topicId, base, top: (open.at(-1) ?? base) + tail, open, leaderEpoch, notes: [], holder: undefined }
  })

describe('what is done above the committed offset', () => {
  test('comes back from the metadata as it was', () => {
    fc.assert(
      fc.property(anyMap, (map) => {
        expect(readCompletionMap(writeCompletionMap(map, METADATA_UNITS_MAX))).toEqual(map)
      }),
    )
  })

  test('never takes more units than a commit may carry, and is cut off from the top: what is left is true', () => {
    fc.assert(
      fc.property(anyMap, fc.integer({ min: 0, max: 200 }), (map, unitsMax) => {
        const text = writeCompletionMap(map, unitsMax)
        expect(text.length).toBeLessThanOrEqual(unitsMax)
        const read = readCompletionMap(text)
        if (text === '') return
        expect(read!.top).toBeLessThanOrEqual(map.top)
        expect(read!.open).toEqual(map.open.filter((offset) => offset < read!.top))
      }),
    )
  })

  test.each([
    ['one key of a thousand is stuck', 0.001, 1_000_000],
    ['one record of a hundred is open', 0.01, 700_000],
    ['every second record is open', 0.5, 59_000],
  ])('fits into one commit where %s, over %d of %d offsets', (_, share, range) => {
    const open = scattered(7, range, share)
    const text = writeCompletionMap(done(7, 7 + range, open), METADATA_UNITS_MAX)
    expect(readCompletionMap(text)?.top).toBe(7 + range)
  })

  test('certainly fits where that is said, wherever the open offsets lie', () => {
    fc.assert(
      fc.property(fc.nat(70_000), fc.nat(200_000), fc.boolean(), (count, more, atTheEnd) => {
        const range = count + more + 1
        if (!fitsInMetadata(count, range)) return
        const open = Array.from({ length: count }, (_, i) => (atTheEnd ? range - 1 - count + i : i))
        expect(readCompletionMap(writeCompletionMap(done(0, range, open), METADATA_UNITS_MAX))?.top).toBe(range)
      }),
      { numRuns: 15 },
    )
  })

  test('takes no room where nothing is done', () => {
    expect(writeCompletionMap(done(5, 6, [5]), 10)).toBe('')
  })

  test.each([
    '',
    'x',
    'tidemark/1',
    'tidemark/2 a 1 2 0 㐀',
    'tidemark/1 a 1 2 0 ',
    'tidemark/1 a 5 5 0 㐀',
    'tidemark/1 a -1 2 0 㐀',
    'tidemark/1 a 1 2 0 plain',
    'tidemark/1 a 1 9999999999999999 0 㐀',
    'lAAAAAAAA==',
  ])('is not read from %j', (text) => expect(readCompletionMap(text)).toBeUndefined())

  test('is read from no damaged text in a way that throws, or names what lies outside', () => {
    fc.assert(
      fc.property(anyMap, fc.nat(60), fc.string({ unit: 'binary', maxLength: 3 }), (map, at, insert) => {
        const text = writeCompletionMap(map, METADATA_UNITS_MAX)
        const read = readCompletionMap(text.slice(0, at) + insert + text.slice(at + insert.length))
        if (read === undefined) return
        for (const offset of read.open) expect(offset >= read.base && offset < read.top).toBe(true)
      }),
    )
  })
})

describe('what is known of records that are not done', () => {
  const start = fc.constantFrom(undefined, 'beside' as const, 'alone' as const, 'condemned' as const)
  const anyNotes = fc
    .uniqueArray(fc.record({ offset: fc.nat(100_000), attempts: fc.nat(50_000), deaths: fc.nat(40), start }), {
      maxLength: 60,
      selector: (n) => n.offset,
    })
    .map((notes) => notes.sort((a, b) => a.offset - b.offset))
  const holders = fc.constantFrom(undefined, 'a1b2c3d4')

  test('comes back from the metadata as it was, with and without anything done', () => {
    fc.assert(
      fc.property(anyMap, anyNotes, holders, fc.boolean(), (map, some, holder, isDone) => {
        const notes = some.slice(0, 25).map((note) => ({ ...note, offset: map.base + note.offset }))
        const whole = { ...map, ...(!isDone && { top: map.base, open: [] }), notes, holder }
        fc.pre(notes.length > 0 || holder !== undefined)
        expect(readCompletionMap(writeCompletionMap(whole, METADATA_UNITS_MAX))).toEqual(whole)
      }),
    )
  })

  test('leaves out attempts before it leaves out deaths and starts, and leaves room for what is done', () => {
    const note = (offset: number, isGrave: boolean) => ({
      offset,
      attempts: 1,
      deaths: isGrave ? 1 : 0,
      start: isGrave ? ('alone' as const) : undefined,
    })
    const notes = Array.from({ length: 1_000 }, (_, i) => note(i, i % 50 === 49))
    const text = writeCompletionMap(
      { ...done(0, 59_000 - 9_500, scattered(0, 59_000 - 9_500, 0.5)), notes, holder: 'a1b2c3d4' },
      METADATA_UNITS_MAX,
    )
    expect(text.length).toBeLessThanOrEqual(METADATA_UNITS_MAX)
    const read = readCompletionMap(text)!
    expect(read.top).toBe(59_000 - 9_500)
    expect(read.notes.filter((n) => n.deaths > 0)).toEqual(notes.filter((n) => n.deaths > 0))
    expect(read.notes.length).toBeGreaterThan(60)
    expect(read.notes.length).toBeLessThan(1_000)
  })

  test('fits into whatever space there is, or is left out', () => {
    fc.assert(
      fc.property(anyMap, anyNotes, holders, fc.integer({ min: 0, max: 300 }), (map, some, holder, unitsMax) => {
        const notes = some.map((note) => ({ ...note, offset: map.base + note.offset }))
        const text = writeCompletionMap({ ...map, notes, holder }, unitsMax)
        expect(text.length).toBeLessThanOrEqual(unitsMax)
        if (text === '') return
        for (const note of readCompletionMap(text)!.notes) expect(notes).toContainEqual(note)
      }),
    )
  })

  test.each([
    `tidemark/2 ${topicId} 10 10 3 - 0.1.0 `,
    `tidemark/2 ${topicId} 10 10 3 - 0.1.0`,
    `tidemark/2 ${topicId} 10 10 3 - 0.1.0,0.1.0 -`,
    `tidemark/2 ${topicId} 10 10 3 - 0.1 -`,
    `tidemark/2 ${topicId} 10 10 3 - 0.1.0Z -`,
    `tidemark/2 ${topicId} 10 11 3 - - -`,
    `tidemark/2 ${topicId} 10 9 3 - - -`,
    `tidemark/1 ${topicId} 10 10 3 -`,
    `tidemark/3 ${topicId} 10 10 3 - - -`,
  ])('damaged: %j', (text) => {
    expect(readCompletionMap(text)).toBeUndefined()
  })

  test('a map of the first version is read as it was', () => {
    const text = writeCompletionMap(done(7, 20, [7, 9]), METADATA_UNITS_MAX)
    expect(text).toMatch(/^tidemark\/1 /)
    expect(readCompletionMap(text)).toEqual(done(7, 20, [7, 9]))
  })
})
