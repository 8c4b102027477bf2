/** The guide names every metric, and every field of CSV. */
import { readFileSync } from 'node:fs'
import type { GroupLag } from '@tidemark/offsets'
import { expect, test } from 'vitest'
import { EVENT_FIELDS } from '../history/lines.ts'
import { POSITION_FIELDS } from '../print/group-table.ts'
import { LAG_FIELDS } from './lag-table.ts'
import { metricsText } from './metrics.ts'

const page = readFileSync(new URL('../../../../docs/guide/offsets/6-seeing.md', import.meta.url), 'utf8')

test('every metric', () => {
  const names = [...metricsText([] as GroupLag[]).matchAll(/^# TYPE tidemark_(\w+) gauge$/gm)].map(([, name]) => name!)
  expect(names.length).toBeGreaterThan(10)
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test.each([
  ['`group describe`, `offsets show`', POSITION_FIELDS],
  ['`lag`, by group', LAG_FIELDS.group],
  ['`lag`, by partition', LAG_FIELDS.partition],
  ['`offsets log`, `offsets blame`', EVENT_FIELDS],
])('every field of %s, in order', (command, fields) => {
  const row = page.split('\n').find((line) => line.startsWith(`| ${command} `))
  expect([...row!.split('|')[2]!.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([...fields])
})
