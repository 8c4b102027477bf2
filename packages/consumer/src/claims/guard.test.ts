import type { CompletionMap, RecordNote } from '@tidemark/client/internal'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { enter, finish, tracker } from '../commit/tracker.ts'
import { turn } from '../testing/scripted-cluster.case.ts'
import { Claim } from './claim.ts'
import { Guard, SUSPECTS_MAX } from './guard.ts'
import { type Admission, Guards } from './guards.ts'

const UUID = '0000000000004000800000000000002a'

/** A claim that begins where another run, of this name, left these notes. */
function claimAfter(holder: string | undefined, notes: readonly RecordNote[] = []): Claim {
  const claim = new Claim(1, 't', 0, UUID)
  const restored: CompletionMap = { topicId: claim.topicId, base: 0, top: 0, open: [], leaderEpoch: 0, notes, holder }
  claim.phase = 'working'
  claim.holderBefore = holder
  claim.tracker = tracker(0, restored)
  for (let offset = 0; offset < 100; offset++) enter(claim.tracker, offset)
  return claim
}

const noteOf = (offset: number, start: RecordNote['start'], deaths = 0, attempts = 0): RecordNote => ({ offset, start, deaths, attempts })
const poison = { deathsMax: 3, suspectsMax: 5 }
const notesOf = ({ tracker: { notes } }: Claim): RecordNote[] => [...notes.values()]

describe('a guard', () => {
  test.each([
    ['no other run', undefined],
    ['this very run', 'mine'],
  ])('suspects nobody after %s', (_, holder) => {
    const claim = claimAfter(holder, [noteOf(3, 'alone', 1, 4)])
    const guard = new Guard(claim, poison, 'mine')
    expect([0, 99].map((offset) => guard.suspicionOf(offset))).toEqual(['free', 'free'])
    expect(notesOf(claim)).toEqual([noteOf(3, undefined, 1, 4)])
    expect(claim.holder).toBe('mine')
    expect(claim.tracker.notesVersion).toBeGreaterThan(0)
  })

  test('suspects as many records as may have been started after a run that did not hand over', () => {
    const claim = claimAfter('theirs')
    const guard = new Guard(claim, poison, 'mine')
    const seen: string[] = []
    for (let offset = 0; offset < 7; offset++) {
      const suspicion = guard.suspicionOf(offset)
      seen.push(suspicion)
      if (suspicion === 'beside') guard.begin([offset], suspicion)
    }
    expect(seen).toEqual(['beside', 'beside', 'beside', 'beside', 'beside', 'free', 'free'])
    expect(guard.isIdle).toBe(false)
    for (let ticket = 0; ticket < 7; ticket++) finish(claim.tracker, ticket)
    expect(guard.isIdle).toBe(true)
  })

  test('calls those alone that were on record when a process died, and condemns the one that was alone then', () => {
    const claim = claimAfter('theirs', [noteOf(1, 'beside'), noteOf(2, 'beside'), noteOf(3, undefined, 1)])
    const guard = new Guard(claim, poison, 'mine')
    expect([1, 2, 3, 4].map((offset) => guard.suspicionOf(offset))).toEqual(['alone', 'alone', 'alone', 'beside'])
    expect(notesOf(claim)[0]).toEqual(noteOf(1, undefined, 1, 1))
    guard.begin([1], 'alone')
    const next = claimAfter('mine', notesOf(claim))
    const after = new Guard(next, poison, 'next')
    expect([1, 2, 3].map((offset) => after.suspicionOf(offset))).toEqual(['condemned', 'alone', 'alone'])
  })

  test('condemns nobody for deaths beside others, however many', () => {
    const claim = claimAfter('theirs', [noteOf(1, 'beside', 7)])
    expect(new Guard(claim, poison, 'mine').suspicionOf(1)).toBe('alone')
  })

  test('with two deaths calls all suspects alone', () => {
    const claim = claimAfter('theirs')
    expect(new Guard(claim, { ...poison, deathsMax: 2 }, 'mine').suspicionOf(0)).toBe('alone')
  })

  test('a condemned record stays so for the next, handed over or not', () => {
    const claim = claimAfter(undefined, [noteOf(1, 'condemned', 2)])
    const guard = new Guard(claim, poison, 'mine')
    guard.handOver()
    expect(notesOf(claim)).toEqual([noteOf(1, 'condemned', 2)])
    expect(guard.suspicionOf(1)).toBe('condemned')
  })

  test('takes its name and the calls that still run off the record when it hands over', () => {
    const claim = claimAfter('theirs')
    const guard = new Guard(claim, poison, 'mine')
    guard.begin([0], 'beside')
    const before = claim.tracker.notesVersion
    guard.handOver()
    expect([claim.holder, notesOf(claim)]).toEqual([undefined, [noteOf(0, undefined)]])
    expect(claim.tracker.notesVersion).toBeGreaterThan(before)
  })

  test('lets batches be whole, of a few suspects, or of one', () => {
    const offsets = Array.from({ length: 90 }, (_, i) => i)
    expect(new Guard(claimAfter(undefined), poison, 'mine').span(offsets)).toBe(90)
    const many = { deathsMax: 3, suspectsMax: 1_000 }
    expect(new Guard(claimAfter('theirs'), many, 'mine').span(offsets)).toBe(SUSPECTS_MAX)
    expect(new Guard(claimAfter('theirs', [noteOf(0, 'beside')]), many, 'mine').span(offsets)).toBe(1)
    expect(new Guard(claimAfter('theirs', [noteOf(7, 'beside')]), many, 'mine').span(offsets)).toBe(7)
    expect(new Guard(claimAfter(undefined, [noteOf(7, 'condemned', 2)]), many, 'mine').span(offsets)).toBe(7)
  })
})

function guardsOf() {
  const writes: { claim: Claim; version: number; done(): Promise<void>; fail(): Promise<void> }[] = []
  const opened: Claim[] = []
  const clock = new ManualClock()
  const record = (claim: Claim, version: number): Promise<void> =>
    new Promise((resolve, reject) => {
      writes.push({ claim, version, done: () => (resolve(), turn()), fail: () => (reject(new Error('dead')), turn()) })
    })
  return { guards: new Guards('mine', clock, record, (claim) => opened.push(claim)), writes, opened, clock }
}

async function watched(t: ReturnType<typeof guardsOf>, claim: Claim, options = poison): Promise<Guard> {
  t.guards.watch(claim, options)
  await t.writes.pop()!.done()
  return claim.guard!
}

/** Admissions as they come. */
function admitted(t: ReturnType<typeof guardsOf>, claim: Claim, ...offsets: number[]): Map<number, Admission | undefined> {
  const seen = new Map<number, Admission | undefined>()
  for (const offset of offsets) {
    const admission = t.guards.admit(claim, claim.guard!, [offset])
    if (admission === 'condemned') throw new Error(`offset ${offset} is condemned`)
    if (admission instanceof Promise) void admission.then((it) => seen.set(offset, it))
    else seen.set(offset, admission)
  }
  return seen
}

describe('the guards of a run', () => {
  test('open a partition once the name of the run is on record', async () => {
    const t = guardsOf()
    const claim = claimAfter(undefined)
    t.guards.watch(claim, poison)
    expect([claim.guard!.isOpen, t.opened]).toEqual([false, []])
    await t.writes[0]!.done()
    expect([claim.guard!.isOpen, t.opened]).toEqual([true, [claim]])
  })

  test('let a suspect in once its call is on record', async () => {
    const t = guardsOf()
    const claim = claimAfter('theirs')
    await watched(t, claim)
    const seen = admitted(t, claim, 0, 1)
    await turn()
    expect(notesOf(claim).map(({ start }) => start)).toEqual(['beside', 'beside'])
    expect(seen.size).toBe(0)
    await t.writes[1]!.done()
    expect([...seen.keys()]).toEqual([1])
    seen.get(1)!.over()
    expect(notesOf(claim)[1]!.start).toBeUndefined()
  })

  test('let one suspect in alone at a time, over all partitions', async () => {
    const t = guardsOf()
    const [a, b] = [claimAfter('theirs', [noteOf(1, 'beside')]), claimAfter('theirs', [noteOf(1, 'beside')])]
    await watched(t, a)
    await watched(t, b)
    const [first, second] = [admitted(t, a, 1), admitted(t, b, 1)]
    await turn()
    expect(t.writes).toHaveLength(1)
    await t.writes[0]!.done()
    expect(notesOf(b)[0]!.start).toBeUndefined()
    first.get(1)!.over()
    await turn()
    await t.writes[1]!.done()
    expect(second.get(1)).toBeDefined()
  })

  test('let nobody run beside a suspect that is to be alone, in its partition or another', async () => {
    const t = guardsOf()
    const [a, b] = [claimAfter('theirs', [noteOf(1, 'beside')]), claimAfter('theirs')]
    await watched(t, a)
    await watched(t, b)
    const beside = admitted(t, b, 0)
    await turn()
    await t.writes[0]!.done()
    const alone = admitted(t, a, 1)
    const later = [admitted(t, a, 2), admitted(t, b, 3)]
    await turn()
    expect([t.writes.length, notesOf(a)[0]!.start]).toEqual([1, undefined])
    beside.get(0)!.over()
    await turn()
    await t.writes[1]!.done()
    expect([alone.size, later.map((l) => l.size), t.writes.length]).toEqual([1, [0, 0], 2])
    alone.get(1)!.over()
    await turn()
    expect(t.writes).toHaveLength(4)
  })

  test('let no call that is free run beside a suspect that is to be alone either', async () => {
    const t = guardsOf()
    const [a, b] = [claimAfter('theirs', [noteOf(1, 'beside')]), claimAfter(undefined)]
    await watched(t, a)
    await watched(t, b)
    const free = admitted(t, b, 0)
    const alone = admitted(t, a, 1)
    await turn()
    expect([free.size, t.writes.length]).toEqual([1, 0])
    const later = admitted(t, b, 5)
    free.get(0)!.over()
    await turn()
    await t.writes[0]!.done()
    expect([alone.size, later.size]).toEqual([1, 0])
    alone.get(1)!.over()
    await turn()
    expect(later.size).toBe(1)
  })

  test('let a suspect go beside a call that takes too long, and are not held up by it again', async () => {
    const t = guardsOf()
    const [a, b] = [claimAfter('theirs', [noteOf(1, 'beside'), noteOf(2, 'beside')]), claimAfter(undefined)]
    await watched(t, a)
    await watched(t, b)
    const slow = admitted(t, b, 0)
    admitted(t, a, 1)
    await turn()
    const later = admitted(t, b, 5)
    t.clock.advance(10_000)
    await turn()
    expect([later.size, notesOf(a)[0]!.start]).toEqual([1, 'beside'])
    admitted(t, a, 2)
    await turn()
    expect(notesOf(a)[1]!.start).toBe('beside')
    for (const write of t.writes) await write.done()
    later.get(5)!.over()
    slow.get(0)!.over()
    expect(t.clock.pending).toBe(0)
  })

  test('let others in when a claim is dead, or cannot be recorded', async () => {
    const t = guardsOf()
    const [a, b] = [claimAfter('theirs', [noteOf(1, 'beside'), noteOf(2, 'beside')]), claimAfter('theirs', [noteOf(1, 'beside')])]
    await watched(t, a)
    await watched(t, b)
    const [dead, living] = [admitted(t, a, 1, 2), admitted(t, b, 1)]
    await turn()
    a.phase = 'draining'
    await t.writes[0]!.fail()
    expect([dead.get(1), dead.get(2), dead.size]).toEqual([undefined, undefined, 2])
    await t.writes[1]!.done()
    expect(living.get(1)).toBeDefined()
  })
})
