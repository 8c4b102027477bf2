import { createKafka } from '@tidemark/client'
import { type Delivery, type FetchedMessage, handleOf } from '@tidemark/client/internal'
import { nodePlatform } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Claim } from '../claims/claim.ts'
import { Routes, selectionOf } from '../selection.ts'
import { workOf } from '../testing/by-order.case.ts'
import { turn } from '../testing/scripted-cluster.case.ts'
import type { EachWork } from '../work/work.ts'
import { Feed } from './feed.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const RECORD_BYTES = 7
const LOOK_MS = 50
const FOR_STANDING_STILL_MS = 500
const FOR_SLOW_MS = 5_000

/** A feed whose records are delivered by hand, into memory that is short for their partition alone. */
function fed(settings: Partial<EachWork>) {
  const t = workOf({ order: 'key', ...settings })
  const clock = new ManualClock()
  // Nothing is fetched: no broker ever answers.
  const transport = { ...nodePlatform.transport, connect: () => new Promise<never>(() => {}) }
  const kafka = createKafka({ brokers: ['127.0.0.1:9092'], platform: { ...nodePlatform, clock, transport }, logger: silent })
  onTestFinished(() => kafka.close())
  const { cluster } = handleOf(kafka)
  const limits = { waitingRecordsMax: 1_000_000, uncommittedRecordsMax: 1_000_000 }
  const feed = new Feed(cluster, {}, limits, new Routes([{ topics: selectionOf('t'), target: t.worker }]), () => {})
  const claim: Claim = t.claim()
  feed.begin(claim, { offset: 0, leaderEpoch: 0, committed: 0, metadata: '' })
  const copied: number[] = []
  return {
    ...t,
    claim,
    copied,
    /** One response with a record of each of these keys; fetching waits for the memory that it holds. */
    deliver(...keys: string[]) {
      const first = claim.tracker.position
      const messages = keys.map((key, i) => {
        const offset = first + i
        const detach = (): number => {
          copied.push(offset)
          return RECORD_BYTES
        }
        return { topic: 't', partition: 0, offset, leaderEpoch: 0, key: Buffer.from(key), detach }
      })
      let kept: number | undefined
      const delivery = {
        highWatermark: 1_000,
        get isCrowded() {
          return kept === undefined
        },
        isMemoryShort: false,
        keepOnly: (bytes: number) => void (kept = bytes),
        release: () => {},
      }
      const next = { offset: first + keys.length, leaderEpoch: 0 }
      feed.onRecords(claim, messages as unknown as FetchedMessage[], next as never, delivery as unknown as Delivery)
      feed.onCrowded()
      return () => kept
    },
    /** Lets so much time pass, look by look; `between` happens before each. */
    async pass(ms: number, between: () => Promise<void> = turn) {
      for (let passedMs = 0; passedMs < ms; passedMs += LOOK_MS) {
        await between()
        clock.advance(LOOK_MS)
      }
    },
  }
}

describe('records of a claim, of which none that waits can start, while its memory keeps others from being fetched', () => {
  test('are copied out after 500 ms, if the claim stands still', async () => {
    const t = fed({ concurrency: 1 })
    const kept = t.deliver('slow', 'slow', 'slow')
    await t.pass(FOR_STANDING_STILL_MS - LOOK_MS)
    expect(kept()).toBeUndefined()
    await t.pass(LOOK_MS)
    expect([kept(), t.copied]).toEqual([3 * RECORD_BYTES, [0, 1, 2]])
  })

  test('are copied out after 5 s, if it goes on: the records of one slow key keep all others from being fetched', async () => {
    const t = fed({ concurrency: 2 })
    // The fast key has one record after the other handled, which is no reason to copy.
    const fast = Array.from({ length: 200 }, () => 'fast')
    const kept = t.deliver('slow', 'slow', ...fast)
    const handleOne = async (): Promise<void> => {
      await t.calls.at(-1)!.resolve()
      await turn()
    }
    await t.pass(FOR_SLOW_MS - LOOK_MS, handleOne)
    expect([t.claim.calls.started > 90, kept(), t.copied]).toEqual([true, undefined, []])
    await t.pass(LOOK_MS, handleOne)
    expect(kept()).toBe(t.copied.length * RECORD_BYTES)
    expect(t.copied).toEqual(expect.arrayContaining([0, 1, 201]))
  })

  test('are not copied out as long as one that waits can start: handlers that are busy are not slow', async () => {
    const t = fed({ concurrency: 1 })
    const kept = t.deliver('slow', ...Array.from({ length: 300 }, (_, i) => `k${i}`))
    await t.pass(2 * FOR_SLOW_MS, async () => {})
    expect([kept(), t.copied]).toEqual([undefined, []])
  })

  test('nor of a young response, however old the one before it is', async () => {
    const t = fed({ concurrency: 1 })
    const old = t.deliver('slow')
    await t.pass(FOR_STANDING_STILL_MS - LOOK_MS)
    const young = t.deliver('slow')
    await t.pass(LOOK_MS)
    expect([old(), young(), t.copied]).toEqual([RECORD_BYTES, undefined, [0]])
    await t.pass(FOR_STANDING_STILL_MS)
    expect([young(), t.copied]).toEqual([RECORD_BYTES, [0, 1]])
  })
})
