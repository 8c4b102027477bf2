import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogPoint } from '../log/point.ts'
import { forgetTopics } from '../offsets/forget.ts'
import { fromCheckpoint, takeCheckpoint } from './checkpoint.ts'
import { phases } from './phases.ts'
import { GROUP, protocols, Scenario, type SentRequest, ZERO } from './scenario.case.ts'
import { Shard } from './shard.ts'

const who = fc.nat(4)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), who, versions: fc.nat(2), isStatic: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), who, text: fc.string({ maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('heartbeat' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      who,
      topic: fc.constantFrom('a', 'b'),
      partition: fc.nat(2),
      kept: fc.constantFrom('plainly', 'for a while', 'by id'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 100, 999, 5000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), topic: fc.constantFrom('a', 'b') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Client {
  memberId: string
  generation: number
  asked: SentRequest<{ readonly errorCode: number; readonly memberId?: string; readonly generationId?: number }> | undefined
}

class World {
  readonly t = new Scenario({ sizeMax: 4 })
  readonly clients: Client[] = Array.from({ length: 5 }, () => ({ memberId: '', generation: -1, asked: undefined }))
  /** The assignment that a leader last sent, by generation and member. */
  readonly assigned = new Map<string, string>()
  #generation = 0

  run(s: Step) {
    const { t } = this
    switch (s.kind) {
      case 'advance':
        return t.advance(s.ms)
      case 'restart':
        this.#generation = 0
        return t.restart()
      case 'forget':
        return t.sweep((groupId, turn) => forgetTopics(t.shard, groupId, (topic) => topic === s.topic, turn.decision))
    }
    const client = this.clients[s.who]!
    this.#learn(client)
    const { memberId, generation: generationId } = client
    switch (s.kind) {
      case 'join': {
        const names = [['range'], ['range', 'sticky'], ['sticky', 'range']][s.versions]!
        const groupInstanceId = s.isStatic && s.who < 2 ? `i${s.who}` : null
        client.asked = t.join({
          clientId: `c${s.who}`,
          memberId,
          groupInstanceId,
          protocols: protocols(...names),
          needsMemberId: s.who > 2,
        })
        return
      }
      case 'sync': {
        const { group } = t
        const leads = group?.phase === 'CompletingRebalance' && group.leader === memberId && group.generation === generationId
        const ids = [...(group?.members.keys() ?? [])]
        const assignments = Object.fromEntries(ids.map((id) => [id, `${s.text} ${id}`]))
        if (leads) for (const id of ids) this.assigned.set(`${generationId} ${id}`, assignments[id]!)
        t.sync(memberId, generationId, assignments)
        return
      }
      case 'heartbeat':
        t.heartbeat(memberId, generationId)
        return
      case 'commit':
        t.commit({
          memberId,
          generationId,
          retentionTimeMs: s.kept === 'for a while' ? 1000 : -1,
          entries: [{ topic: s.topic, partition: s.partition, offset: t.nowMs, topicId: s.kept === 'by id' ? 'a'.repeat(32) : ZERO }],
        })
        return
      case 'leave':
        t.leave({ memberId })
    }
  }

  #learn(client: Client): void {
    const reply = client.asked?.reply
    if (reply === undefined) return
    client.asked = undefined
    client.memberId = reply.memberId ?? client.memberId
    client.generation = reply.generationId ?? -1
  }

  check(): void {
    const { group } = this.t
    if (group === undefined) return
    expect(group.generation).toBeGreaterThanOrEqual(this.#generation)
    this.#generation = group.generation
    expect(Object.keys(phases)).toContain(group.phase)
    if (group.phase === 'Empty') expect(group.members.size).toBe(0)
    if (group.members.size > 0) expect(group.members.has(group.leader!)).toBe(true)
    for (const id of group.pendingSync) expect(group.members.has(id)).toBe(true)
    for (const id of group.pendingJoin) expect(group.members.has(id)).toBe(false)
    if (group.phase !== 'Stable') return
    for (const { memberId, groupInstanceId, assignment } of group.members.values()) {
      // A static member that came back has its assignment under an id that the leader did not know.
      if (groupInstanceId === null) expect(String(assignment)).toBe(this.assigned.get(`${group.generation} ${memberId}`))
    }
  }
}

const pointAt = (reaches: number): LogPoint => ({ reaches, lastCrc: reaches * 7 })

const fold = (records: readonly Parameters<Shard['apply']>[0][], shard = new Shard()): Shard => {
  for (const record of records) shard.apply(record)
  return shard
}

it('whatever is asked: the assignment is the leader’s, generations only grow, and no reply is lost', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World()
      for (const s of steps) {
        world.run(s)
        world.check()
      }
      world.t.advance(600_000)
      expect(world.t.unanswered).toBe(0)
      expect(world.t.timerCount).toBe(0)
      expect(world.t.group?.phase ?? 'Empty').toBe('Empty')
    }),
    { numRuns: 400 },
  )
})

it('decision 12: checkpoint plus tail is, byte for byte, a full replay, at every cut; and both are the live state', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World()
      for (const s of steps) world.run(s)
      const { log, shard } = world.t
      const end = pointAt(log.length)
      const full = takeCheckpoint(fold(log), end)
      expect(takeCheckpoint(shard, end).equals(full)).toBe(true)
      for (let cut = 0; cut <= log.length; cut++) {
        const restored = fromCheckpoint(takeCheckpoint(fold(log.slice(0, cut)), pointAt(cut)))
        expect(restored.point).toEqual(pointAt(cut))
        expect(takeCheckpoint(fold(log.slice(cut), restored.shard), end).equals(full)).toBe(true)
      }
    }),
    { numRuns: 150 },
  )
})

it('after a restart a group is as its last record has it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World()
      for (const s of steps) world.run(s)
      const { t } = world
      const last = t.log.findLast((record) => record.kind === 'group')
      t.restart()
      if (last?.kind !== 'group' || last.value === null) return
      const { value } = last
      expect(t.group).toMatchObject({ generation: value.generation, leader: value.leader, protocol: value.protocol })
      expect(t.group?.phase).toBe(value.members.length === 0 ? 'Empty' : value.members.length > 4 ? 'PreparingRebalance' : 'Stable')
      expect([...t.group!.members.keys()]).toEqual(value.members.map((m) => m.memberId))
      for (const m of value.members) expect(t.heartbeat(m.memberId, value.generation, m.groupInstanceId)).toBe('NONE')
      expect(t.shard.groups.has(GROUP)).toBe(true)
    }),
    { numRuns: 150 },
  )
})
