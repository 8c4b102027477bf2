/** A replay by a program that has no consumer of the group. */
import type { Kafka, TopicName } from '@tidemark/client'
import { checkFunction, checkOptions } from '@tidemark/platform'
import { createConsumer } from './consumer.ts'
import { REPLAY_OPTIONS, type ReplayOptions, type ReplayResult } from './replay/options.ts'
import { EACH_OPTIONS, type EachSettings } from './settings.ts'
import type { EachHandler } from './work/work.ts'

export interface StandaloneReplayOptions extends ReplayOptions, EachSettings {
  /** Whose committed offsets bound the replay; they are not moved. */
  readonly group: string
  readonly topic: TopicName
}

/**
 * Handles records of a bounded range once more, without moving the offsets of the group: see `Consumer.replay`, which
 * does it with the handlers that a consumer has. A dry run needs no handler.
 *
 * ```ts
 * const { matched } = await replay(kafka, { group: 'billing', topic: 'orders', from: new Date('2026-01-01'), dryRun: true })
 * ```
 */
export async function replay(kafka: Kafka, options: StandaloneReplayOptions, handler?: EachHandler): Promise<ReplayResult> {
  checkOptions<StandaloneReplayOptions>('replay()', options, { ...REPLAY_OPTIONS, ...EACH_OPTIONS, group: true, topic: true })
  const { group, topic, from, to, keys, filter, dryRun, isolation, signal, ...settings } = options
  if (!dryRun || handler !== undefined) checkFunction('the handler of replay()', handler)
  const given = { from, to, keys, filter, dryRun, isolation, signal }
  const consumer = createConsumer(kafka, { group }).each(topic, settings, handler ?? (() => {}))
  const name = typeof topic === 'string' ? topic : topic.name
  return await consumer.replay(name, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
}
