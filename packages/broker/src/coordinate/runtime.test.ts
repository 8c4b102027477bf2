/** The runtime under a machine that has nothing to do with groups: counters, with a deadline each. */
import { DiskError, TidemarkError } from '@tidemark/platform'
import { codecOf, ErrorCode, fields, message, Reader, Writer } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import type { InternalTopic } from '../partition/internal-log.ts'
import type { LogPoint } from '../state/log/point.ts'
import type { Machine, MachineTurn } from './machine.ts'
import { ManualClock, settle, TestCheckpoints, TestLog } from './rig.case.ts'
import { CoordinatorRuntime } from './runtime.ts'

interface Counted {
  readonly key: string
  readonly count: number
}
interface Counters {
  readonly counts: Map<string, number>
  /** The live state: keys that wait for their deadline. */
  readonly live: Set<string>
}
type Turn = MachineTurn<Counted, { readonly key: string }>

const { array, int32, offset, string } = fields
const Saved = message(
  'Saved',
  { versions: '0', flexible: '0+' },
  { reaches: offset(), lastCrc: int32(), counts: array({ key: string(), count: int32() }) },
)

const machine: Machine<Counters, Counted, { readonly key: string }, Turn> = {
  fresh: () => ({ counts: new Map(), live: new Set() }),
  turn: (now, decision) => ({ now, decision }),
  apply: ({ counts }, { key, count }) => void counts.set(key, count),
  encode: ({ key, count }, timestampMs) => ({ key: Buffer.from(key), value: Buffer.from(String(count)), timestampMs }),
  decode: (key, value) => (value === null ? undefined : { key: String(key), count: Number(value) }),
  checkpoint({ counts }, point: LogPoint) {
    const w = new Writer()
    codecOf(Saved, 0).encode(w, { ...point, counts: Array.from(counts, ([key, count]) => ({ key, count })) })
    return Buffer.from(w.written())
  },
  restore(bytes) {
    const { reaches, lastCrc, counts } = codecOf(Saved, 0).decode(new Reader(bytes))
    return { state: { counts: new Map(counts.map(({ key, count }) => [key, count])), live: new Set() }, point: { reaches, lastCrc } }
  },
  records: ({ counts }) => Array.from(counts, ([key, count]) => ({ key, count })),
  size: ({ counts }) => counts.size,
  keys: ({ counts, live }) => new Set([...counts.keys(), ...live]),
  keyOf: ({ key }) => key,
  revive: ({ live, counts }, key) => void (counts.has(key) ? live.add(key) : live.delete(key)),
  expire: ({ counts }, { key }, { decision }) => decision.write({ key, count: -(counts.get(key) ?? 0) }),
}

class Rig {
  readonly clock = new ManualClock()
  readonly logs: Map<number, TestLog>
  readonly checkpoints: TestCheckpoints[]
  readonly runtime: CoordinatorRuntime<Counters, Counted, { readonly key: string }, Turn>
  failsToOpen = false

  constructor(logs = new Map<number, TestLog>(), checkpoints = [new TestCheckpoints(), new TestCheckpoints()]) {
    this.logs = logs
    this.checkpoints = checkpoints
    const topic: InternalTopic = {
      name: '__counters',
      used: () => [...logs.keys()],
      open: (partition) => {
        if (this.failsToOpen) throw new TidemarkError('STORAGE_FAILED', 'the disk is gone')
        const log = logs.get(partition) ?? new TestLog()
        logs.set(partition, log)
        return log
      },
      checkpoints: (partition) => checkpoints[partition],
    }
    this.runtime = new CoordinatorRuntime({
      what: 'counter',
      machine,
      topic,
      partitionOf: (key) => key.length % 2,
      clock: this.clock,
      timerLateMs: 50,
      checkpointIntervalRecords: 3,
    })
  }

  add(key: string, by = 1) {
    return this.runtime.request<number>(
      key,
      ({ counts, live }, ticket, { now, decision }) => {
        if (by === 0) throw new Error('nothing is added')
        const count = (counts.get(key) ?? 0) + by
        live.add(key)
        decision.write({ key, count })
        decision.arm(key, now.monotonicMs + 1000, { key })
        decision.reply(ticket, count)
      },
      (errorCode) => -1000 - errorCode,
      new AbortController().signal,
    )
  }

  count(key: string) {
    return this.runtime.read(
      key,
      ({ counts }) => counts.get(key),
      (errorCode) => -1000 - errorCode,
    )
  }
}

describe('the coordinator runtime serves any machine', () => {
  test('decides, writes, arms timers and answers, each key in its partition', () => {
    const rig = new Rig()
    expect([rig.add('a'), rig.add('a'), rig.add('bb', 5)]).toEqual([1, 2, 5])
    expect([...rig.logs.keys()].sort()).toEqual([0, 1])
    rig.clock.advance(1000)
    expect([rig.count('a'), rig.count('bb')]).toEqual([-2, -5])
  })

  test('reads all partitions back, from checkpoint and log, and revives each key', async () => {
    const before = new Rig()
    for (let i = 0; i < 5; i++) before.add('a')
    before.add('bb', 7)
    await before.runtime.close()
    expect(before.checkpoints.map(({ writes }) => writes > 0)).toEqual([true, true])
    expect(before.add('a')).toBe(-1000 - ErrorCode.COORDINATOR_NOT_AVAILABLE)
    const rig = new Rig(before.logs, before.checkpoints)
    const started = rig.runtime.start()
    expect(rig.add('a')).toBe(-1000 - ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await settle(rig.clock)
    await started
    expect([rig.count('a'), rig.count('bb')]).toEqual([5, 7])
    expect([...rig.runtime.ready()].flatMap(({ state }) => [...state.live]).sort()).toEqual(['a', 'bb'])
  })

  test('a disk that cannot be read while a partition is read back may be read again: the next request begins anew', async () => {
    const before = new Rig()
    before.add('a', 5)
    const log = before.logs.get(1)!
    const rig = new Rig(before.logs)
    log.unreadable = new DiskError('read', '/data/1.log', { code: 'EIO' })
    const started = rig.runtime.start()
    await settle(rig.clock)
    await started
    log.unreadable = undefined
    expect(rig.add('a')).toBe(-1000 - ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await settle(rig.clock)
    expect(rig.add('a')).toBe(6)
  })

  test('a decision that throws fails its request and its key alone', () => {
    const rig = new Rig()
    rig.add('a')
    rig.add('ccc')
    expect(rig.add('a', 0)).toBe(-1000 - ErrorCode.UNKNOWN_SERVER_ERROR)
    expect([rig.add('a'), rig.add('ccc')]).toEqual([2, 2])
  })

  test('a log that cannot be opened is answered, and the next request tries again', () => {
    const rig = new Rig()
    rig.failsToOpen = true
    expect(rig.add('a')).toBe(-1000 - ErrorCode.COORDINATOR_NOT_AVAILABLE)
    rig.failsToOpen = false
    expect(rig.add('a')).toBe(1)
  })
})
