/**
 * The configurations of topics, brokers, groups and client metrics: described with their sources and synonyms, and
 * altered through `__cluster_metadata`.
 */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { storageCode } from '../failure.ts'
import { optionsOfNode } from '../node-options.ts'
import { after, attempt } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { type Alteration, type AlterationRules, type Altered, alterAll, alterIncrementally, Operation } from '../state/configs/alter.ts'
import {
  ALL_BROKERS,
  brokerConfigs,
  brokerFault,
  dynamicFault,
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

/** What a request names, and what of it gets a value. */
interface AlteredNames {
  readonly altered: readonly string[]
  readonly set: readonly string[]
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

export interface AlterationRequest {
  /** The node that is asked. */
  readonly nodeId: number
  readonly validateOnly: boolean
}

/**
 * What a broker has of its own only that broker shows and alters, as by Kafka's `ConfigHelper` and
 * `ConfigAdminManager`; every broker does what is for all of them.
 */
function elsewhere(name: string, nodeId: number, kind: 'Broker' | 'Node', or = ''): Refused | undefined {
  if (name === ALL_BROKERS) return undefined
  if (!/^[+-]?\d+$/.test(name) || Math.abs(Number(name)) > INT32_MAX)
    return refused(ErrorCode.INVALID_REQUEST, `${kind} id must be an integer, but it is: ${name}`)
  if (Number(name) === nodeId) return undefined
  return refused(ErrorCode.INVALID_REQUEST, `Unexpected broker id, expected ${nodeId}${or}, but received ${name}`)
}

const INT32_MAX = 2 ** 31 - 1

export class Configs {
  readonly #metadataLog: MetadataLog
  readonly #topics: Topics
  readonly #options: BrokerOptions
  /** Of each node. */
  readonly #optionsOf: ReadonlyMap<number, BrokerOptions>

  constructor(metadataLog: MetadataLog, topics: Topics, options: BrokerOptions) {
    this.#metadataLog = metadataLog
    this.#topics = topics
    this.#options = options
    const ids = Array.from({ length: options.nodes }, (_, i) => options.nodeId + i)
    this.#optionsOf = new Map(ids.map((id) => [id, optionsOfNode(options, id)]))
  }

  /** As the node says it that is asked. */
  describe(resource: Resource, nodeId: number): readonly DescribedConfig[] | Refused {
    switch (resource.type) {
      case ResourceType.TOPIC: {
        const topic = this.#topics.byName(resource.name)
        if (topic === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '') // as Kafka has it: the code says all
        return this.topic(topic.configs, nodeId)
      }
      case ResourceType.BROKER:
        return elsewhere(resource.name, nodeId, 'Broker', ' or empty string') ?? this.#broker(resource.name, nodeId)
      case ResourceType.BROKER_LOGGER:
        return refused(
          ErrorCode.INVALID_REQUEST,
          'This broker has no loggers to describe: it tells on the diagnostics channel tidemark:broker.',
        )
      case ResourceType.GROUP:
        return this.#own(resource, groupConfigs, ConfigSource.GROUP, (key, definition) => this.#ofGroupDefault(key, definition, nodeId))
      case ResourceType.CLIENT_METRICS:
        if (resource.name === '') return refused(ErrorCode.INVALID_REQUEST, 'Client metrics resource name must not be empty.')
        return this.#own(resource, clientMetricsConfigs, ConfigSource.CLIENT_METRICS, () => [])
      default:
        return refused(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resource.type}`)
    }
  }

  /** All configurations of a topic that has these of its own, as the node has them. */
  topic(own: readonly Config[], nodeId: number): DescribedConfig[] {
    return Object.entries(topicConfigs).map(([name, definition]) => {
      const { broker } = definition
      const ofTopic = own.find((config) => config.name === name)
      const synonyms: Synonym[] = [
        ...(ofTopic === undefined ? [] : [{ ...ofTopic, source: ConfigSource.TOPIC }]),
        ...(broker === undefined ? [] : this.#ofBroker(broker, nodeId)),
      ]
      const value = ofTopic?.value ?? topicDefault(name, this.#options, (key) => this.#dynamic(key, nodeId))
      return { name, value, source: synonyms[0]?.source ?? ConfigSource.DEFAULT, readOnly: false, definition, synonyms }
    })
  }

  #broker(name: string, nodeId: number): DescribedConfig[] {
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
      const synonyms = this.#ofBroker(key, nodeId)
      const { value, source } = synonyms[0] ?? { value: null, source: ConfigSource.DEFAULT }
      return { name: key, value, source, readOnly: !definition.isDynamic, definition, synonyms }
    })
  }

  #brokerValue(key: string, nodeId: number): string | null {
    return this.#dynamic(key, nodeId) ?? staticValue(key, this.#options)
  }

  #dynamic(key: string, nodeId: number): string | undefined {
    return dynamicValue(this.#metadataLog.metadata, nodeId, key)
  }

  /**
   * What says the configuration of a broker, from the one that counts on: from the first that has this very name, as by
   * Kafka's `ConfigHelper.configSynonyms`. What is said under another name alone is not shown.
   */
  #ofBroker(key: string, nodeId: number): Synonym[] {
    const { metadata } = this.#metadataLog
    const options = this.#optionsOf.get(nodeId)!
    const of = (source: ConfigSource, said: (name: string) => string | null | undefined): Synonym[] =>
      namesLike(key).flatMap((name) => {
        const value = said(name)
        return value === undefined || value === null ? [] : [{ name, value, source }]
      })
    const set = (resource: string) => (name: string) =>
      metadata.configsOf(ResourceType.BROKER, resource).find((config) => config.name === name)?.value
    const all = [
      ...of(ConfigSource.DYNAMIC_BROKER, set(String(nodeId))),
      ...of(ConfigSource.DYNAMIC_DEFAULT_BROKER, set(ALL_BROKERS)),
      ...of(ConfigSource.STATIC_BROKER, (name) => {
        const fixed = staticValue(name, options)
        return fixed === brokerConfigs[name]?.fallback ? undefined : fixed
      }),
      ...of(ConfigSource.DEFAULT, (name) => brokerConfigs[name]?.fallback),
    ]
    const first = all.findIndex(({ name }) => name === key)
    return first < 0 ? [] : all.slice(first)
  }

  /** The broker has a default for most configurations of groups. */
  #ofGroupDefault(key: string, { fallback }: Definition, nodeId: number): Synonym[] {
    const broker = `group.${key}`
    if (brokerConfigs[broker] !== undefined) return this.#ofBroker(broker, nodeId)
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
    if (type === ResourceType.BROKER || type === ResourceType.BROKER_LOGGER) return Array.from(this.#optionsOf.keys(), String)
    return this.#metadataLog.metadata.configured(type)
  }

  /** Returns an error, or undefined once a crash cannot take it back. */
  alterIncrementally(
    resource: Resource,
    alterations: readonly Alteration[],
    { nodeId, validateOnly }: AlterationRequest,
  ): Now<Refused | undefined> {
    return this.#alter(
      resource,
      {
        altered: alterations.map(({ name }) => name),
        set: alterations.filter(({ operation }) => operation !== Operation.DELETE).map(({ name }) => name),
      },
      { nodeId, validateOnly },
      (current, rules) => alterIncrementally(current, alterations, rules),
    )
  }

  alterAll(
    resource: Resource,
    configs: readonly { readonly name: string; readonly value: string | null }[],
    { nodeId, validateOnly }: AlterationRequest,
  ): Now<Refused | undefined> {
    const names = configs.map(({ name }) => name)
    return this.#alter(resource, { altered: names, set: names }, { nodeId, validateOnly }, (_, rules) => alterAll(configs, rules))
  }

  #alter(
    resource: Resource,
    names: AlteredNames,
    { nodeId, validateOnly }: AlterationRequest,
    alter: (current: readonly Config[], rules: AlterationRules) => Altered,
  ): Now<Refused | undefined> {
    const found = this.#rulesOf(resource, names, nodeId)
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

  #rulesOf(resource: Resource, { altered, set }: AlteredNames, nodeId: number): Alterable | Refused {
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
        const dynamic = (broker: string): string | undefined => this.#dynamic(broker, nodeId)
        return {
          current: topic.configs,
          rules: { definitions: topicConfigs, fault: topicFault, fallback: (key) => topicDefault(key, this.#options, dynamic) },
          write: (configs) => this.#topics.alter(topic, configs),
        }
      }
      case ResourceType.BROKER: {
        const unknown = elsewhere(name, nodeId, 'Node')
        if (unknown !== undefined) return unknown
        const fault = dynamicFault(altered, set, name)
        if (fault !== undefined) return refused(ErrorCode.INVALID_REQUEST, fault)
        return {
          ...own(brokerConfigs, brokerFault),
          rules: {
            definitions: brokerConfigs,
            fault: brokerFault,
            fallback: (key) => staticValue(key, this.#optionsOf.get(nodeId)!) ?? '',
          },
        }
      }
      case ResourceType.GROUP:
        return name === ''
          ? refused(ErrorCode.INVALID_REQUEST, 'Default group resources are not allowed.')
          : {
              ...own(groupConfigs, groupFault),
              together: (configs) => groupFaultTogether(configs, (key) => this.#brokerValue(key, nodeId)),
            }
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
