/**
 * What a configuration is: Kafka's name, type, default, validation and documentation (`ConfigDef`), one row each.
 *
 * `acted` are acted on by this broker. The others change nothing here, or have nothing to act on in a cluster of one
 * node, and are taken so that what works against Kafka works; docs/skipped.md names those whose effect is missing.
 */

/** Kafka's `DescribeConfigsResponse.ConfigType`. */
export const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, SHORT: 4, LONG: 5, DOUBLE: 6, LIST: 7, CLASS: 8, PASSWORD: 9 } as const
export type ConfigType = (typeof ConfigType)[keyof typeof ConfigType]

/** Kafka's `DescribeConfigsResponse.ConfigSource`: where a value comes from. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const
export type ConfigSource = (typeof ConfigSource)[keyof typeof ConfigSource]

/** Kafka's `ConfigResource.Type`. */
export const ResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const

/** What is wrong with a value, in Kafka's words; undefined: nothing. */
export type Check = (value: string) => string | undefined

export interface Definition {
  readonly type: ConfigType
  readonly fallback: string | null
  readonly check: Check
  readonly acted: boolean
  readonly documentation: string
}

export interface Config {
  readonly name: string
  readonly value: string
}

const INT64_MAX = 9223372036854775807n

function whole(type: 'INT' | 'LONG' | 'SHORT', min: bigint, max: bigint): Check {
  return (value) => {
    if (!/^[+-]?\d+$/.test(value.trim())) return `Not a number of type ${type}`
    const v = BigInt(value.trim())
    return v < min ? `Value must be at least ${min}` : v > max ? `Value must be no more than ${max}` : undefined
  }
}

export const int = (min: bigint, max = 2n ** 31n - 1n): Check => whole('INT', min, max)
export const long = (min: bigint, max = INT64_MAX): Check => whole('LONG', min, max)

export const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `String must be one of: ${values.join(', ')}`

export const listOf =
  (...values: string[]): Check =>
  (value) =>
    itemsOf(value).every((part) => values.includes(part)) ? undefined : `String must be one of: ${values.join(', ')}`

export const bool: Check = (value) => (/^(true|false)$/i.test(value.trim()) ? undefined : 'Expected value to be either true or false')
export const ratio: Check = (value) => {
  const v = Number(value)
  return value.trim() === '' || Number.isNaN(v)
    ? 'Not a number of type DOUBLE'
    : v < 0
      ? 'Value must be at least 0'
      : v > 1
        ? 'Value must be no more than 1'
        : undefined
}
export const anything: Check = () => undefined

/** The items of a list, as Kafka reads one. */
export const itemsOf = (value: string): string[] => (value.trim() === '' ? [] : value.split(',').map((item) => item.trim()))

/** What is wrong with a configuration, in Kafka's words; undefined if nothing is. `kind`: `topic`, `group`, … */
export function faultOf(
  definitions: Readonly<Record<string, Definition>>,
  kind: string,
  { name, value }: { name: string; value: string | null },
): string | undefined {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition === undefined) return `Unknown ${kind} config name: ${name}`
  if (value === null) return `Null value not supported for ${kind} configs: ${name}`
  const fault = definition.check(value)
  return fault && `Invalid value ${value} for configuration ${name}: ${fault}`
}
