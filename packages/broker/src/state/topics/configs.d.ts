/**
 * The settings of a topic: Kafka's names, types and defaults (`TopicConfig`, `LogConfig`), one row a setting.
 *
 * `kept` are acted on by this broker. The others change nothing here, or have nothing to act on in a cluster of one node, and
 * are taken so that what works against Kafka works; docs/skipped.md names those whose effect is missing.
 */
import type { Topic } from './metadata.ts'
export interface TopicConfig {
  readonly name: string
  readonly value: string
}
/** What is wrong with a setting, in Kafka's words; undefined if nothing is. */
export declare function configFault(name: string, value: string | null): string | undefined
export interface TopicDefaults {
  readonly messageBytesMax: number
  readonly segmentBytesMax: number
}
export interface ShownConfig extends TopicConfig {
  readonly isDefault: boolean
}
/** Every setting of the topic, by name, those that were not given with their defaults. */
export declare function allConfigs(given: readonly TopicConfig[], defaults: TopicDefaults): ShownConfig[]
/** The settings that are kept, as numbers and flags. A limit beyond 2^53 never bites. */
export interface TopicSettings {
  readonly messageBytesMax: number
  readonly segmentBytesMax: number
  readonly timestampBeforeMsMax: number
  readonly timestampAfterMsMax: number
  readonly logAppendTime: boolean
  readonly compacted: boolean
  readonly deletes: boolean
  readonly compression: string
  readonly insyncReplicasMin: number
  /** -1: without limit. */
  readonly retentionMs: number
  readonly retentionBytes: number
}
export declare function settingsOf(topic: Topic, defaults: TopicDefaults): TopicSettings
