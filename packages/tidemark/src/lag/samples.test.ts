import type { GroupLag } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { liveText, sampleText } from './samples.ts'

const exact = (value: number) => ({ value, certainty: 'exact' as const, reason: null })
const group = (name: string): GroupLag => ({
  ...{ group: name, kind: 'classic', state: 'Empty', protocol: null, members: [], partitions: [], lag: 3, open: 3, atMs: 0, error: null },
  ...{ ageMs: exact(90_000), spanMs: exact(0), etaMs: { value: 5_000, certainty: 'estimated', reason: 'rates' }, runwayMs: null },
})
const groups = Array.from({ length: 10 }, (_, i) => group(`group-${i}`))

test('a live table is drawn in its place, and is never larger than the terminal', () => {
  const text = liveText(groups, 'group', { rows: 8, columns: 40 })
  expect(text.startsWith('\u001b[H\u001b[J1970-01-01T00:00:00.000Z\n')).toBe(true)
  const lines = text.trimEnd().split('\n')
  expect(lines).toHaveLength(7)
  expect(lines.at(-1)).toBe('… 6 more')
  expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(40)
  expect(liveText(groups, 'group', { rows: 50, columns: 200 })).toContain('group-9')
  expect(liveText([], 'group', {})).toContain('there are no groups')
  expect(sampleText([], 'group', 'table', true)).toMatch(/^there are no groups\n/)
})

test('times say how certain they are', () => {
  expect(liveText(groups.slice(0, 1), 'group', { columns: 200 })).toMatch(/group-0 +Empty +0 +3 +1 min 30 s +0 ms +~5 s +-\n$/)
})

test('samples follow each other: JSON by lines, YAML by documents, CSV under one head', () => {
  expect(sampleText(groups, 'group', 'json', false).trimEnd().split('\n')).toHaveLength(1)
  expect(parse(sampleText(groups, 'group', 'yaml', false))).toHaveLength(10)
  const first = sampleText(groups, 'group', 'csv', true).split('\n')
  expect(first[0]).toBe('at,group,kind,state,members,lag,open,ageMs,ageCertainty,spanMs,etaMs,runwayMs,error')
  expect(sampleText(groups, 'group', 'csv', false).split('\n')).toEqual(first.slice(1))
})
