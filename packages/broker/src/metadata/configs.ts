/**
 * The configurations of topics, brokers, groups and client metrics: described with their sources and synonyms, and
 * altered through `__cluster_metadata`.
 */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { type Alteration, type AlterationRules, type Altered, alterAll, alterIncrementally } from '../state/configs/alter.ts'
import {
  ALL_BROKERS,
  brokerConfigs,
  brokerFault,
  dynamicValue,
  namesLike,
  staticValue,
  topicDefault,
} from '../state/configs/broker-configs.ts'
import { type Config, ConfigSource, type Definition, ResourceType } from '../state/configs/definition.ts'
import { clientMetricsConfigs, clientMetricsFault, groupConfigs, groupFault, groupFaultTogether } from '../state/configs/other-configs.ts'
import { topicConfigs, topicFault } from '../state/configs/topic-configs.ts'
import type { MetadataLog } from './metadata-log.ts'
import type { Topics } from './topics.ts'

export interface Resource {
  readonly type: number
  readonly name: string
}

export interface Synonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

export interface DescribedConfig {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
  readonly readOnly: boolean
  readonly definition: Definition
  /** From the one that counts on. */
  readonly synonyms: readonly Synonym[]
}

export interface Refused {
  readonly kind: 'refused'
  readonly code: number
  readonly message: string
}

/** A resource that may be altered. */
interface Alterable {
  readonly current: readonly Config[]
  readonly rules: AlterationRules
  /** What is wrong with its configurations together. */
  readonly together?: (configs: readonly Config[]) => string | undefined
  readonly write: (configs: readonly Config[]) => Now<void>
}

const refused = (code: number, message: string): Refused => ({ kind: 'refused', code, message })

export class Configs {
  readonly #metadataLog: MetadataLog
  readonly #topics: Topics
  readonly #options: BrokerOptions

  constructor(metadataLog: MetadataLog, topics: Topics, options: BrokerOptions) {
    this.#metadataLog = metadataLog
    this.#topics = topics
    this.#options = options
  }

  describe(resource: Resource): readonly DescribedConfig[] | Refused {
    switch (resource.type) {
      case ResourceType.TOPIC: {
        const topic = this.#topics.byName(resource.name)
        if (topic === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '') // as Kafka has it: the code says all
        return this.topic(topic.configs)
      }
      case ResourceType.BROKER:
        return this.#isBroker(resource.name) ?? this.#broker(resource.name)
      case ResourceType.BROKER_LOGGER:
        return refused(
          ErrorCode.INVALID_REQUEST,
          'This broker has no loggers to describe: it tells on the diagnostics channel tidemark:broker.',
        )
      case ResourceType.GROUP:
        return this.#own(resource, groupConfigs, ConfigSource.GROUP, (key, definition) => this.#ofGroupDefault(key, definition))
      case ResourceType.CLIENT_METRICS:
        if (resource.name === '') return refused(ErrorCode.INVALID_REQUEST, 'Client metrics resource name must not be empty.')
        return this.#own(resource, clientMetricsConfigs, ConfigSource.CLIENT_METRICS, () => [])
      default:
        return refused(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resource.type}`)
    }
  }

  /** All configurations of a topic that has these of its own. */
  topic(own: readonly Config[]): DescribedConfig[] {
    return Object.entries(topicConfigs).map(([name, definition]) => {
      const { broker } = definition
      const ofTopic = own.find((config) => config.name === name)
      const synonyms: Synonym[] = [
        ...(ofTopic === undefined ? [] : [{ ...ofTopic, source: ConfigSource.TOPIC }]),
        ...(broker === undefined ? [] : this.#ofBroker(broker, String(this.#options.nodeId))),
      ]
      const value = ofTopic?.value ?? topicDefault(name, this.#options, (key) => this.#dynamic(key))
      return { name, value, source: synonyms[0]?.source ?? ConfigSource.DEFAULT, readOnly: false, definition, synonyms }
    })
  }

  /** Nodes of one process are one broker: what is set for the first of them is acted on. */
  get #nodeNames(): string[] {
    return Array.from({ length: this.#options.nodes }, (_, i) => String(this.#options.nodeId + i))
  }

  #isBroker(name: string): Refused | undefined {
    if (name === ALL_BROKERS || this.#nodeNames.includes(name)) return undefined
    const shown = /^\d+$/.test(name)
      ? `Unexpected broker id, expected ${this.#nodeNames.join(' or ')} or empty string, but received ${name}`
      : `Broker id must be an integer, but it is: ${name}`
    return refused(ErrorCode.INVALID_REQUEST, shown)
  }

  #broker(name: string): DescribedConfig[] {
    if (name === ALL_BROKERS) {
      return this.#metadataLog.metadata.configsOf(ResourceType.BROKER, ALL_BROKERS).map((config) => ({
        ...config,
        source: ConfigSource.DYNAMIC_DEFAULT_BROKER,
        readOnly: false,
        definition: brokerConfigs[config.name]!,
        synonyms: [{ ...config, source: ConfigSource.DYNAMIC_DEFAULT_BROKER }],
      }))
    }
    return Object.entries(brokerConfigs).map(([key, definition]) => {
      const synonyms = this.#ofBroker(key, name)
      const { value, source } = synonyms[0] ?? { value: null, source: ConfigSource.DEFAULT }
      return { name: key, value, source, readOnly: !definition.isDynamic, definition, synonyms }
    })
  }

  #brokerValue(key: string): string | null {
    return this.#dynamic(key) ?? staticValue(key, this.#options)
  }

  #dynamic(key: string): string | undefined {
    return dynamicValue(this.#metadataLog.metadata, this.#options.nodeId, key)
  }

  /**
   * What says the configuration of a broker, from the one that counts on: from the first that has this very name, as by
   * Kafka's `ConfigHelper.configSynonyms`. What is said under another name alone is not shown.
   */
  #ofBroker(key: string, broker: string): Synonym[] {
    const { metadata } = this.#metadataLog
    const of = (source: ConfigSource, said: (name: string) => string | null | undefined): Synonym[] =>
      namesLike(key).flatMap((name) => {
        const value = said(name)
        return value === undefined || value === null ? [] : [{ name, value, source }]
      })
    const set = (resource: string) => (name: string) =>
      metadata.configsOf(ResourceType.BROKER, resource).find((config) => config.name === name)?.value
    const all = [
      ...of(ConfigSource.DYNAMIC_BROKER, set(broker)),
      ...of(ConfigSource.DYNAMIC_DEFAULT_BROKER, set(ALL_BROKERS)),
      ...of(ConfigSource.STATIC_BROKER, (name) => {
        const fixed = staticValue(name, this.#options)
        return fixed === brokerConfigs[name]?.fallback ? undefined : fixed
      }),
      ...of(ConfigSource.DEFAULT, (name) => brokerConfigs[name]?.fallback),
    ]
    const first = all.findIndex(({ name }) => name === key)
    return first < 0 ? [] : all.slice(first)
  }

  /** The broker has a default for most configurations of groups. */
  #ofGroupDefault(key: string, { fallback }: Definition): Synonym[] {
    const broker = `group.${key}`
    if (brokerConfigs[broker] !== undefined) return this.#ofBroker(broker, String(this.#options.nodeId))
    return [{ name: key, value: fallback, source: ConfigSource.DEFAULT }]
  }

  #own(
    { type, name }: Resource,
    definitions: Readonly<Record<string, Definition>>,
    source: ConfigSource,
    behind: (key: string, definition: Definition) => readonly Synonym[],
  ): DescribedConfig[] {
    const own = this.#metadataLog.metadata.configsOf(type, name)
    return Object.entries(definitions).map(([key, definition]) => {
      const set = own.find((config) => config.name === key)
      const synonyms: Synonym[] = [...(set === undefined ? [] : [{ ...set, source }]), ...behind(key, definition)]
      return {
        name: key,
        value: set?.value ?? definition.fallback,
        source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
        readOnly: false,
        definition,
        synonyms,
      }
    })
  }

  /** Names of resources of this type that have values of their own; of topics and brokers all. */
  names(type: number): string[] {
    if (type === ResourceType.TOPIC) return [...this.#topics.all()].map(({ name }) => name)
    if (type === ResourceType.BROKER || type === ResourceType.BROKER_LOGGER) return this.#nodeNames
    return this.#metadataLog.metadata.configured(type)
  }

  /** Returns an error, or undefined once a crash cannot take it back. */
  alterIncrementally(resource: Resource, alterations: readonly Alteration[], validateOnly: boolean): Now<Refused | undefined> {
    return this.#alter(
      resource,
      alterations.map(({ name }) => name),
      validateOnly,
      (current, rules) => alterIncrementally(current, alterations, rules),
    )
  }

  alterAll(
    resource: Resource,
    configs: readonly { readonly name: string; readonly value: string | null }[],
    validateOnly: boolean,
  ): Now<Refused | undefined> {
    return this.#alter(
      resource,
      configs.map(({ name }) => name),
      validateOnly,
      (_, rules) => alterAll(configs, rules),
    )
  }

  #alter(
    resource: Resource,
    names: readonly string[],
    validateOnly: boolean,
    alter: (current: readonly Config[], rules: AlterationRules) => Altered,
  ): Now<Refused | undefined> {
    const found = this.#rulesOf(resource, names)
    if ('kind' in found) return found
    const altered = alter(found.current, found.rules)
    if (altered.kind === 'refused') {
      return refused(altered.reason === 'config' ? ErrorCode.INVALID_CONFIG : ErrorCode.INVALID_REQUEST, altered.message)
    }
    const together = found.together?.(altered.configs)
    if (together !== undefined) return refused(ErrorCode.INVALID_CONFIG, together)
    if (validateOnly) return undefined
    return attempt<Refused | undefined>(
      () => after(found.write(altered.configs), () => undefined),
      (error) => refused(storageCode(error), (error as Error).message),
    )
  }

  #rulesOf(resource: Resource, names: readonly string[]): Alterable | Refused {
    const { type, name } = resource
    const { metadata } = this.#metadataLog
    const own = (definitions: Readonly<Record<string, Definition>>, fault: AlterationRules['fault']) => ({
      current: metadata.configsOf(type, name),
      rules: { definitions, fault, fallback: (key: string) => definitions[key]?.fallback ?? '' },
      write: (configs: readonly Config[]) => this.#write(resource, configs),
    })
    switch (type) {
      case ResourceType.TOPIC: {
        const topic = this.#topics.byName(name)
        if (topic === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
        const dynamic = (broker: string): string | undefined => dynamicValue(metadata, this.#options.nodeId, broker)
        return {
          current: topic.configs,
          rules: { definitions: topicConfigs, fault: topicFault, fallback: (key) => topicDefault(key, this.#options, dynamic) },
          write: (configs) => this.#topics.alter(topic, configs),
        }
      }
      case ResourceType.BROKER: {
        const unknown = this.#isBroker(name)
        if (unknown !== undefined) return unknown
        const fixed = names.filter((key) => brokerConfigs[key]?.isDynamic === false)
        if (fixed.length > 0) return refused(ErrorCode.INVALID_REQUEST, `Cannot update these configs dynamically: [${fixed.join(', ')}]`)
        return {
          ...own(brokerConfigs, brokerFault),
          rules: { definitions: brokerConfigs, fault: brokerFault, fallback: (key) => staticValue(key, this.#options) ?? '' },
        }
      }
      case ResourceType.GROUP:
        return name === ''
          ? refused(ErrorCode.INVALID_REQUEST, 'Default group resources are not allowed.')
          : { ...own(groupConfigs, groupFault), together: (configs) => groupFaultTogether(configs, (key) => this.#brokerValue(key)) }
      case ResourceType.CLIENT_METRICS:
        return name === ''
          ? refused(ErrorCode.INVALID_REQUEST, 'Client metrics resource name must not be empty.')
          : own(clientMetricsConfigs, clientMetricsFault)
      default:
        return refused(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${type}`)
    }
  }

  #write({ type: resourceType, name: resourceName }: Resource, configs: readonly Config[]): Now<void> {
    const written = this.#metadataLog.write([{ kind: 'configs', resourceType, resourceName, configs: [...configs] }])
    if (resourceType === ResourceType.BROKER) this.#topics.defaultsChanged()
    return written
  }
}
