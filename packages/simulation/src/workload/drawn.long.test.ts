import { expect, test } from 'vitest'
import { refusalsOf, refusedApis } from '../faults/refusals.ts'
import { simulate } from '../simulate.ts'
import { interfaces } from './drawn.ts'
import { eventReaders, handlerKinds, verbs } from './everything.ts'

const FIRST = 601
const SEEDS = 140

test(`everything holds under ${SEEDS} seeds, and everything occurs that is said to be drawn`, async () => {
  const counts = new Map<string, number>()
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const outcome = await simulate(seed, undefined, { everything: true })
    expect(outcome.violation, `npm run sim -- --seed ${seed}`).toBeUndefined()
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
  }
  const wanted = [
    ...Object.entries(interfaces).flatMap(([area, all]) =>
      Object.entries(all).flatMap(([name, drawn]) => (drawn === true ? [`${area}: ${name}`] : [])),
    ),
    ...handlerKinds.map((kind) => `handler: ${kind}`),
    ...verbs.map((verb) => `verb: ${verb}`),
    ...eventReaders.map((how) => `events: ${how}`),
    ...['number', 'earliest', 'latest', 'Date'].map((to) => `seek: ${to}`),
    ...refusedApis.flatMap(refusalsOf).map((r) => `refusal: ${r.api} ${r.dead ? 'dead' : r.error}`),
    'limits: timeoutMs',
    'member: foreign',
    'member: sarama',
    'fault: truncation',
    'fault: topic made again',
    'fault: two groups',
    'fault: two topics',
  ]
  expect(wanted.filter((what) => !counts.has(what))).toEqual([])
}, 600_000)
