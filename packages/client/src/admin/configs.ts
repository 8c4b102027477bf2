/** Configurations of topics, brokers, groups and client metrics: described, altered one by one, and listed. */
import { checkName, checkOptions, describe, flagOption, TidemarkError, wordOption } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { CallLimits } from '../cluster/retrying.ts'
import { refusedTopic } from '../cluster/topic-errors.ts'
import { askAny, refusal } from './ask.ts'
import { checkedLimits, LIMIT_NAMES, limitsOf } from './limits.ts'

/** Kafka's `ConfigResource.Type`. */
const TYPES = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const
export type ConfigResourceType = keyof typeof TYPES
const TYPE_NAMES = Object.keys(TYPES) as ConfigResourceType[]

export interface ConfigResource {
  readonly type: ConfigResourceType
  /** Of a broker its id; the empty name stands for all brokers. */
  readonly name: string
}

/** Kafka's `ConfigEntry.ConfigSource`. */
const SOURCES = ['unknown', 'topic', 'broker', 'allBrokers', 'staticBroker', 'default', 'brokerLogger', 'clientMetrics', 'group'] as const
export type ConfigSource = (typeof SOURCES)[number]

/** Kafka's `ConfigEntry.ConfigType`. */
const CONFIG_TYPES = ['unknown', 'boolean', 'string', 'int', 'short', 'long', 'double', 'list', 'class', 'password'] as const
export type ConfigValueType = (typeof CONFIG_TYPES)[number]

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

export interface ConfigEntry {
  readonly name: string
  /** Null: it has none, or is a secret. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly isDefault: boolean
  readonly readOnly: boolean
  readonly sensitive: boolean
  readonly type: ConfigValueType
  /** What says the value, from the one that counts on. */
  readonly synonyms: readonly ConfigSynonym[]
  readonly documentation: string | null
}

/** Text sets a value; null puts it back to its default; a list can be appended to and subtracted from. */
export type ConfigChange = string | null | { readonly append: readonly string[] } | { readonly subtract: readonly string[] }
export type ConfigChanges = Readonly<Record<string, ConfigChange>>

export interface AlterConfigsOptions extends CallLimits {
  /** Only asks whether it could be done. Default: false. */
  readonly validateOnly?: boolean
}

/** Every call also rejects with INVALID_ARGUMENT, INVALID_OPTION, and with what `CallLimits` bring. */
export interface Configs {
  /** By name. Rejects with `TidemarkError` UNKNOWN_TOPIC, INVALID_REQUEST (no such broker), … */
  describe(resource: ConfigResource, options?: CallLimits): Promise<readonly ConfigEntry[]>
  /** What is not named stays. Rejects with `TidemarkError` UNKNOWN_TOPIC, INVALID_CONFIG, INVALID_REQUEST, … */
  alter(resource: ConfigResource, changes: ConfigChanges, options?: AlterConfigsOptions): Promise<void>
  /**
   * Resources of these types that have configurations; default: all types. Rejects with UNSUPPORTED_VERSION before
   * Kafka 4.1, but for client metrics.
   */
  list(types?: readonly ConfigResourceType[], options?: CallLimits): Promise<readonly ConfigResource[]>
}

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

export function configsOf(cluster: Cluster): Configs {
  return {
    async describe(resource, options = {}) {
      const { type, name } = checkedResource(resource)
      const what = `describing the configurations of ${textOf(resource)}`
      const answer = await askAny(cluster, what, limitsOf('configs.describe()', options), async (signal) => {
        const node = await nodeOf(cluster, resource, signal)
        const resources = [{ resourceType: TYPES[type], resourceName: name, configurationKeys: null }]
        const body = { resources, includeSynonyms: true, includeDocumentation: true }
        const { body: answered } = await cluster.send(apis.DescribeConfigs, body, { node, purpose: 'admin', signal })
        return judged(answered.results[0], resource)
      })
      return answer.configs
        .map((config) => ({
          name: config.name,
          value: config.value,
          source: SOURCES[config.configSource] ?? (config.isDefault ? 'default' : 'unknown'),
          isDefault: config.configSource === SOURCES.indexOf('default') || config.isDefault,
          readOnly: config.readOnly,
          sensitive: config.isSensitive,
          type: CONFIG_TYPES[config.configType] ?? 'unknown',
          synonyms: config.synonyms.map((synonym) => ({
            name: synonym.name,
            value: synonym.value,
            source: SOURCES[synonym.source] ?? 'unknown',
          })),
          documentation: config.documentation,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    async alter(resource, changes, options = {}) {
      const { type, name } = checkedResource(resource)
      checkOptions<AlterConfigsOptions>('configs.alter()', options, { ...LIMIT_NAMES, validateOnly: true })
      const validateOnly = flagOption('validateOnly', options.validateOnly ?? false)
      const configs = checkedChanges(changes)
      await askAny(cluster, `altering the configurations of ${textOf(resource)}`, checkedLimits(options), async (signal) => {
        const node = await nodeOf(cluster, resource, signal)
        const body = { resources: [{ resourceType: TYPES[type], resourceName: name, configs }], validateOnly }
        const { body: answered } = await cluster.send(apis.IncrementalAlterConfigs, body, {
          node,
          purpose: 'admin',
          signal,
        })
        return judged(answered.responses[0], resource)
      })
    },

    async list(types = TYPE_NAMES, options = {}) {
      const asked = types.map((type) => TYPES[wordOption('types', type, TYPE_NAMES)])
      const answer = await askAny(cluster, 'listing resources with configurations', limitsOf('configs.list()', options), async (signal) => {
        const { body, version } = await cluster.send(
          apis.ListConfigResources,
          { resourceTypes: asked },
          { node: 'any', purpose: 'admin', signal },
        )
        // Version 0 was ListClientMetricsResources: it lists nothing else, whatever is asked for.
        if (version === 0 && types.some((type) => type !== 'clientMetrics')) {
          throw new TidemarkError(
            'UNSUPPORTED_VERSION',
            'this broker lists client metrics alone: Apache Kafka lists the other resources since 4.1',
          )
        }
        return body
      })
      return answer.configResources.map(({ resourceName, resourceType }) => ({
        type: TYPE_NAMES.find((type) => TYPES[type] === resourceType) ?? 'clientMetrics',
        name: resourceName,
      }))
    },
  }
}

const textOf = ({ type, name }: ConfigResource): string =>
  type === 'broker' && name === '' ? 'all brokers' : type === 'clientMetrics' ? `client metrics '${name}'` : `${type} '${name}'`

/** What a broker has by itself only that broker knows; its address is looked up first. */
async function nodeOf(cluster: Cluster, { type, name }: ConfigResource, signal: AbortSignal): Promise<number | 'any'> {
  if ((type !== 'broker' && type !== 'brokerLogger') || name === '') return 'any'
  await cluster.refresh([], signal)
  return Number(name)
}

function judged<T extends { readonly errorCode: number; readonly errorMessage?: string | null }>(
  answer: T | undefined,
  resource: ConfigResource,
): T {
  if (answer === undefined) throw new TidemarkError('PROTOCOL_ERROR', `the answer about ${textOf(resource)} is empty`)
  if (answer.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && resource.type === 'topic')
    throw refusedTopic(resource.name, answer.errorCode)
  if (answer.errorCode !== 0) throw refusal(`the configurations of ${textOf(resource)}: the request`, answer.errorCode, answer.errorMessage)
  return answer
}

function checkedResource(resource: ConfigResource): ConfigResource {
  checkOptions<ConfigResource>('the resource', resource, { type: true, name: true })
  wordOption('type', resource.type, TYPE_NAMES)
  if (resource.type === 'broker' || resource.type === 'brokerLogger') {
    if (typeof resource.name !== 'string' || !/^\d*$/.test(resource.name)) {
      throw new TidemarkError(
        'INVALID_ARGUMENT',
        `the name of the broker is ${describe(resource.name)}; it must be its id, or '' for all brokers`,
      )
    }
  } else checkName('the name of the resource', resource.name)
  return resource
}

function checkedChanges(changes: ConfigChanges): { name: string; configOperation: number; value: string | null }[] {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) {
    throw new TidemarkError('INVALID_ARGUMENT', `the changes are ${describe(changes)}; they must be an object of configurations`)
  }
  const entries = Object.entries(changes)
  if (entries.length === 0) throw new TidemarkError('NOTHING_TO_DO', 'no configuration was named')
  return entries.map(([name, change]) => {
    if (typeof change === 'string') return { name, configOperation: SET, value: change }
    if (change === null) return { name, configOperation: DELETE, value: null }
    const [operation, items] = typeof change === 'object' ? (Object.entries(change)[0] ?? []) : []
    const isList = Array.isArray(items) && items.every((item) => typeof item === 'string')
    if (isList && operation === 'append') return { name, configOperation: APPEND, value: items.join(',') }
    if (isList && operation === 'subtract') return { name, configOperation: SUBTRACT, value: items.join(',') }
    throw new TidemarkError(
      'INVALID_ARGUMENT',
      `the change of '${name}' is ${describe(change)}; it must be text, null for the default, { append: [...] } or { subtract: [...] }`,
    )
  })
}
