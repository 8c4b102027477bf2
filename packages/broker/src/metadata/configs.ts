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
import { ALL_BROKERS, brokerConfigs, brokerFault, dynamicValue, staticValue, topicDefault } from '../state/configs/broker-configs.ts'
import { type Config, ConfigSource, type Definition, ResourceType } from '../state/configs/definition.ts'
import { clientMetricsConfigs, clientMetricsFault, groupConfigs, groupFault } from '../state/configs/other-configs.ts'
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
        if (topic === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${resource.name}' does not exist.`)
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
        return this.#own(resource, groupConfigs, ConfigSource.GROUP)
      case ResourceType.CLIENT_METRICS:
        if (resource.name === '') return refused(ErrorCode.INVALID_REQUEST, 'Client metrics resource name must not be empty.')
        return this.#own(resource, clientMetricsConfigs, ConfigSource.CLIENT_METRICS)
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
        ...(broker === undefined
          ? [{ name, value: definition.fallback, source: ConfigSource.DEFAULT }]
          : this.#ofBroker(broker, String(this.#options.nodeId))),
      ]
      return { name, value: synonyms[0]!.value, source: synonyms[0]!.source, readOnly: false, definition, synonyms }
    })
  }

  #isBroker(name: string): Refused | undefined {
    if (name === ALL_BROKERS || name === String(this.#options.nodeId)) return undefined
    const shown = /^\d+$/.test(name)
      ? `Unexpected broker id, expected ${this.#options.nodeId} or empty string, but received ${name}`
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

  /** What says the configuration of a broker, from the one that counts on. */
  #ofBroker(key: string, broker: string): Synonym[] {
    const { metadata } = this.#metadataLog
    const set = (name: string): string | undefined =>
      metadata.configsOf(ResourceType.BROKER, name).find((config) => config.name === key)?.value
    const ofBroker = set(broker)
    const ofAll = set(ALL_BROKERS)
    const { fallback } = brokerConfigs[key]!
    const fixed = staticValue(key, this.#options)
    return [
      ...(ofBroker === undefined ? [] : [{ name: key, value: ofBroker, source: ConfigSource.DYNAMIC_BROKER }]),
      ...(ofAll === undefined ? [] : [{ name: key, value: ofAll, source: ConfigSource.DYNAMIC_DEFAULT_BROKER }]),
      ...(fixed === fallback ? [] : [{ name: key, value: fixed, source: ConfigSource.STATIC_BROKER }]),
      ...(fallback === null ? [] : [{ name: key, value: fallback, source: ConfigSource.DEFAULT }]),
    ]
  }

  #own({ type, name }: Resource, definitions: Readonly<Record<string, Definition>>, source: ConfigSource): DescribedConfig[] {
    const own = this.#metadataLog.metadata.configsOf(type, name)
    return Object.entries(definitions).map(([key, definition]) => {
      const set = own.find((config) => config.name === key)
      const synonyms: Synonym[] = [
        ...(set === undefined ? [] : [{ ...set, source }]),
        { name: key, value: definition.fallback, source: ConfigSource.DEFAULT },
      ]
      return { name: key, value: synonyms[0]!.value, source: synonyms[0]!.source, readOnly: false, definition, synonyms }
    })
  }

  /** Names of resources of this type that have values of their own; of topics and brokers all. */
  names(type: number): string[] {
    if (type === ResourceType.TOPIC) return [...this.#topics.all()].map(({ name }) => name)
    if (type === ResourceType.BROKER || type === ResourceType.BROKER_LOGGER) return [String(this.#options.nodeId)]
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
    if (validateOnly) return undefined
    return attempt<Refused | undefined>(
      () => after(found.write(altered.configs), () => undefined),
      (error) => refused(storageCode(error), (error as Error).message),
    )
  }

  #rulesOf(
    resource: Resource,
    names: readonly string[],
  ): { current: readonly Config[]; rules: AlterationRules; write: (configs: readonly Config[]) => Now<void> } | Refused {
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
        if (fixed.length > 0) return refused(ErrorCode.INVALID_REQUEST, `Cannot update these configs dynamically: Set(${fixed.join(', ')})`)
        return {
          ...own(brokerConfigs, brokerFault),
          rules: { definitions: brokerConfigs, fault: brokerFault, fallback: (key) => staticValue(key, this.#options) ?? '' },
        }
      }
      case ResourceType.GROUP:
        return name === '' ? refused(ErrorCode.INVALID_REQUEST, 'Default group resources are not allowed.') : own(groupConfigs, groupFault)
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
