import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import type { Claim } from './claim.ts'
import { Drain, deadlineAt } from './drain.ts'
import { Pauses } from './pauses.ts'
import { ClaimRegistry } from './registry.ts'

const turn = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await null
}

function drainOf() {
  const clock = new ManualClock()
  const told: string[] = []
  const registry = new ClaimRegistry(new Pauses(), {
    began: () => {},
    stopped: (c) => told.push(`stopped ${c.partition}`),
    ended: (c, reason) => {
      told.push(`ended ${c.partition}: ${reason}`)
      drain.changed(c)
    },
  })
  const drain: Drain = new Drain(registry, clock, async (claims) => void told.push(`commit ${claims.map((c) => c.partition)}`))
  const working = (partition: number, running: number): Claim => {
    const claim = registry.take('t', partition, undefined)!
    registry.begin(claim, { offset: 0, leaderEpoch: -1, committed: undefined, metadata: '' })
    claim.calls.running = running
    return claim
  }
  const settle = (claim: Claim): void => {
    claim.calls.running--
    drain.changed(claim)
  }
  const giveUp = (...partitions: number[]): Promise<void> =>
    drain.giveUp(
      partitions.map((partition) => ({ topic: 't', partition })),
      'revoked',
      deadlineAt(clock.monotonic() + 10_000, 10_000),
    )
  return { clock, told, registry, drain, working, settle, giveUp }
}

describe('giving up', () => {
  test('waits for the handlers, commits, and ends the claims', async () => {
    const t = drainOf()
    const [busy, idle] = [t.working(0, 1), t.working(1, 0)]
    const done = t.giveUp(0, 1)
    await turn()
    expect(t.told).toEqual(['stopped 0', 'stopped 1'])
    t.settle(busy)
    await done
    expect(t.told.slice(2)).toEqual(['commit 0,1', 'ended 0: revoked', 'ended 1: revoked'])
    expect([busy.phase, idle.phase]).toEqual(['dead', 'dead'])
  })

  test('does not wait for a call that is known to be stuck', async () => {
    const t = drainOf()
    const claim = t.working(0, 2)
    const done = t.giveUp(0)
    claim.calls.stuck++
    t.settle(claim) // the other one
    await done
    expect(t.told).toEqual(['stopped 0', 'commit 0', 'ended 0: revoked'])
  })

  test('lasts no longer than its deadline, whatever handlers do; their signals abort with the reason', async () => {
    const t = drainOf()
    const claim = t.working(0, 1)
    const call = new AbortController()
    claim.addSignal(call)
    const done = t.giveUp(0)
    await turn()
    t.clock.advance(7_999)
    await turn()
    expect(claim.phase).toBe('draining')
    t.clock.advance(1)
    await done
    expect(claim.phase).toBe('dead')
    expect(call.signal.reason).toBe('revoked')
  })

  test('is cut short when a rebalance began before it was heard of', async () => {
    const t = drainOf()
    const claim = t.working(0, 1)
    const done = t.giveUp(0)
    await turn()
    t.drain.hasten(deadlineAt(3_000, 10_000))
    t.clock.advance(1_000)
    await done
    expect(claim.phase).toBe('dead')
  })

  test('a second release of the same claim, as a stop makes one, waits beside the first: neither forgets the other', async () => {
    const t = drainOf()
    const claim = t.working(0, 1)
    const both = [t.giveUp(0), t.giveUp(0)]
    await turn()
    t.settle(claim)
    await Promise.all(both)
    expect(claim.phase).toBe('dead')
    expect(t.clock.pending).toBe(0) // no timer is left that would keep a process alive
  })

  test('a claim that is lost meanwhile ends the wait', async () => {
    const t = drainOf()
    const claim = t.working(0, 1)
    const done = t.giveUp(0)
    await turn()
    t.registry.end(claim, 'lost')
    await done
    expect(t.told).toContain('ended 0: lost')
    expect(t.told).not.toContain('ended 0: revoked')
  })
})
