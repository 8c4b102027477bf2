import { describe, expect, test } from 'vitest'
import { enter, finish } from '../commit/tracker.ts'
import type { ClaimPhase } from './claim.ts'
import { Pauses } from './pauses.ts'
import { ClaimRegistry, type StartPosition } from './registry.ts'

const at = (offset: number, committed?: number): StartPosition => ({ offset, leaderEpoch: -1, committed, metadata: '' })

function registryOf() {
  const told: string[] = []
  const pauses = new Pauses()
  const registry = new ClaimRegistry(pauses, {
    began: (c, p) => told.push(`began ${c.id} at ${p.offset}`),
    stopped: (c) => told.push(`stopped ${c.id}`),
    ended: (c, reason) => told.push(`ended ${c.id}: ${reason}`),
  })
  const inPhase = (phase: ClaimPhase, partition = 0) => {
    const claim = registry.take('t', partition, undefined)!
    if (phase !== 'placing') registry.begin(claim, at(0))
    if (phase === 'draining') registry.drain(claim, 'revoked')
    if (phase === 'dead') registry.end(claim, 'lost')
    told.length = 0
    return claim
  }
  return { registry, pauses, told, inPhase }
}

describe('a claim, phase by phase', () => {
  test.each([
    ['placing', 'working', ['began 1 at 5']],
    ['working', 'working', []],
    ['draining', 'draining', []],
    ['dead', 'dead', []],
  ] as const)('begin: %s becomes %s', (from, to, effects) => {
    const t = registryOf()
    const claim = t.inPhase(from)
    expect(t.registry.begin(claim, at(5))).toBe(from === 'placing')
    expect(claim.phase).toBe(to)
    expect(t.told).toEqual(effects)
  })

  test.each([
    ['placing', 'dead', ['ended 1: revoked']],
    ['working', 'draining', ['stopped 1']],
    ['draining', 'draining', []],
    ['dead', 'dead', []],
  ] as const)('drain: %s becomes %s', (from, to, effects) => {
    const t = registryOf()
    const claim = t.inPhase(from)
    t.registry.drain(claim, 'revoked')
    expect(claim.phase).toBe(to)
    expect(t.told).toEqual(effects)
  })

  test.each([
    ['placing', ['ended 1: lost']],
    ['working', ['stopped 1', 'ended 1: lost']],
    ['draining', ['ended 1: lost']],
    ['dead', []],
  ] as const)('end: %s becomes dead', (from, effects) => {
    const t = registryOf()
    const claim = t.inPhase(from)
    t.registry.end(claim, 'lost')
    expect(claim.phase).toBe('dead')
    expect(t.told).toEqual(effects)
    expect(t.registry.get('t', 0)).toBe(undefined)
  })

  test.each(['placing', 'draining', 'dead'] as const)('replace: a claim that is %s is never replaced', (phase) => {
    const t = registryOf()
    const claim = t.inPhase(phase)
    expect(t.registry.replace(claim, 9, undefined)).toBe(undefined)
    expect(claim.phase).toBe(phase)
    expect(t.told).toEqual([])
  })

  test('replace: a working claim ends, and another one of its partition works elsewhere', () => {
    const t = registryOf()
    const claim = t.inPhase('working')
    claim.committed = 3
    const fresh = t.registry.replace(claim, 9, undefined)!
    expect(t.told).toEqual(['stopped 1', 'ended 1: seek', 'began 2 at 9'])
    expect(t.registry.get('t', 0)).toBe(fresh)
    expect(fresh).toMatchObject({ phase: 'working', committed: 3, isRecordStale: true, start: 9 })
  })
})

describe('all claims', () => {
  test('a partition has one living claim at most', () => {
    const t = registryOf()
    const claim = t.inPhase('working')
    expect(t.registry.take('t', 0, undefined)).toBe(undefined)
    t.registry.end(claim, 'revoked')
    expect(t.registry.take('t', 0, undefined)!.id).toBe(2)
  })

  test('results of a dead claim stay with it: the next claim of the partition has a tracker of its own (T2)', () => {
    const t = registryOf()
    const old = t.inPhase('working')
    const ticket = enter(old.tracker, 0)
    t.registry.end(old, 'lost')
    const fresh = t.inPhase('working')
    finish(old.tracker, ticket)
    expect(fresh.tracker.finishedCount).toBe(0)
  })

  test('a pause holds for partitions that are assigned later', () => {
    const t = registryOf()
    t.pauses.set('t', undefined, true)
    t.pauses.set('t', [1], false)
    expect([0, 1, 2].map((p) => t.inPhase('working', p).paused)).toEqual([true, false, true])
  })

  test('who waits for a place hears of it, and of the end', async () => {
    const t = registryOf()
    const [placed, ended] = [t.inPhase('placing', 0), t.inPhase('placing', 1)]
    const both = Promise.all([t.registry.placed(placed), t.registry.placed(ended)])
    t.registry.begin(placed, at(0))
    t.registry.end(ended, 'lost')
    await both
    await t.registry.placed(placed)
  })

  test('a begin elsewhere than on record makes the record stale; a completion map of another place is not restored', () => {
    const t = registryOf()
    const claim = t.registry.take('t', 0, undefined)!
    t.registry.begin(claim, at(5, 9))
    expect(claim.isRecordStale).toBe(true)
    expect(claim.tracker.restored).toBe(undefined)
  })
})

describe('a pause', () => {
  test('of a topic and of single partitions, taken back in any order', () => {
    const pauses = new Pauses()
    expect(pauses.has('t', 0)).toBe(false)
    pauses.set('t', [0, 1], true)
    pauses.set('t', [1], false)
    expect([0, 1].map((p) => pauses.has('t', p))).toEqual([true, false])
    pauses.set('t', undefined, true)
    expect([0, 1, 7].map((p) => pauses.has('t', p))).toEqual([true, true, true])
    pauses.set('t', undefined, false)
    expect([0, 1, 7].map((p) => pauses.has('t', p))).toEqual([false, false, false])
  })
})
