/** Work by order with handlers whose calls are settled by hand, one after the other, on a manual clock. */
import type { FetchedMessage } from '@tidemark/client/internal'
import { ManualClock } from '@tidemark/platform/testing'
import { Claim, type EndReason } from '../claims/claim.ts'
import type { Admission } from '../claims/guards.ts'
import { enter, tracker } from '../commit/tracker.ts'
import { selectionOf } from '../selection.ts'
import { ByOrder } from '../work/by-order.ts'
import type { Context } from '../work/context.ts'
import type { CommitMode, EachWork, WorkListener } from '../work/work.ts'
import { scriptedLetters } from './letters.case.ts'

interface Call {
  readonly offset: number
  readonly context: Context
  resolve(): Promise<void>
  reject(error?: unknown): Promise<void>
}

/** As the registry ends a claim. */
export function end(c: Claim, reason: EndReason): void {
  c.phase = 'dead'
  c.endReason = reason
  c.abort(reason)
}

export const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await null
}

export function workOf(settings: Partial<EachWork> = {}, mode: CommitMode = 'processed') {
  const clock = new ManualClock()
  const calls: Call[] = []
  const told: string[] = []
  const letters = scriptedLetters(told)
  const admissions = new Map<number, PromiseWithResolvers<Admission | undefined>>()
  const condemned = new Set<number>()
  const claims: Claim[] = []
  let trusted = true
  const isAssigned = ({ partition }: Claim): boolean => claims.some((c) => c.partition === partition && !c.isDead)
  const listener: WorkListener = {
    run: {},
    mode,
    admit: (_, __, offsets) => admissions.get(offsets[0]!)?.promise ?? (condemned.has(offsets[0]!) ? 'condemned' : { over: () => {} }),
    mayStart: (c) => c.phase === 'working' && !c.paused && trusted,
    isDoubtful: () => !trusted,
    closed: () => {},
    settled: () => {},
    retrying: (_, offset, attempt) => told.push(`retry ${offset} after attempt ${attempt}`),
    skipped: (_, offset, why) => told.push(`skip ${offset}: ${why}`),
    ...letters.listener,
    stopped: (_, offset, error) => told.push(`stop ${offset}: ${error}`),
    stuck(claim, offset, elapsedMs, isSlotWanted) {
      if (!isSlotWanted && !isAssigned(claim)) return false
      told.push(`stuck ${offset} after ${elapsedMs} ms`)
      return true
    },
    fenced: () => {},
    storeFailing: () => {},
    commitTimeoutMs: 1_000,
    commit: async () => {},
  }
  const work: EachWork = {
    kind: 'each',
    topics: selectionOf('t'),
    order: 'partition',
    concurrency: 100,
    retry: { attempts: 3, delayMs: 100, delayMaxMs: 1000 },
    exhausted: 'stop',
    poison: undefined,
    timeoutMs: undefined,
    timeoutGraceMs: 1_000,
    store: undefined,
    handler: (message, context) =>
      new Promise<void>((resolve, reject) => {
        calls.push({
          offset: message.offset,
          context,
          resolve: () => (resolve(), settled()),
          reject: (error) => (reject(error), settled()),
        })
      }),
    ...settings,
  }
  const worker = new ByOrder(work, listener, clock, { next: () => 0.5, uuid: () => '' })
  return {
    clock,
    calls,
    told,
    letters: letters.writes,
    admissions,
    condemned,
    worker,
    claim(partition = 0): Claim {
      const c = new Claim(claims.length, 't', partition, undefined)
      c.phase = 'working'
      c.tracker = tracker(0)
      claims.push(c)
      return c
    },
    /** Records of these keys, at the next offsets; null: no key. */
    fetch(c: Claim, ...keys: (string | null)[]) {
      const first = c.tracker.next
      const messages = keys.map((key) => {
        const offset = c.tracker.position
        enter(c.tracker, offset)
        return { topic: 't', partition: c.partition, offset, key: key === null ? null : Buffer.from(key) } as unknown as FetchedMessage
      })
      worker.enter(c, messages, first)
    },
    call: (offset: number): Call => calls.findLast((call) => call.offset === offset)!,
    started: () => calls.map((call) => call.offset),
    distrust(value: boolean) {
      trusted = !value
    },
  }
}
