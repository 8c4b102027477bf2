/**
 * Metrics that clients push (KIP-714): which are asked for is a matter of configurations (resources of the type client
 * metrics), and what comes in is told on the diagnostics channel.
 */
import { crc32c } from '@tidemark/protocol'
import type { Config } from '../configs/definition.ts'

export interface ClientOfMetrics {
  readonly clientInstanceId: string
  readonly clientId: string
  /** Without the slash: `127.0.0.1`. */
  readonly address: string
}

export interface Subscription {
  /** Changes when what is asked for does. */
  readonly id: number
  readonly metrics: readonly string[]
  readonly intervalMs: number
}

const INTERVAL_MS_DEFAULT = 300_000
const ALL_METRICS = '*'
/** Kafka sends an empty prefix for all metrics. */
const ANY_PREFIX = ''

/** What a client is asked for, by all configurations that match it. */
export function subscriptionOf(configurations: readonly (readonly Config[])[], client: ClientOfMetrics): Subscription {
  const matching = configurations.filter((configs) => matchesClient(valueIn(configs, 'match') ?? '', client))
  const metrics = new Set<string>()
  let intervalMs = INTERVAL_MS_DEFAULT
  for (const configs of matching) {
    const asked = itemsOf(valueIn(configs, 'metrics') ?? '')
    for (const metric of asked) metrics.add(metric === ALL_METRICS ? ANY_PREFIX : metric)
    if (asked.length > 0) intervalMs = Math.min(intervalMs, Number(valueIn(configs, 'interval.ms') ?? INTERVAL_MS_DEFAULT))
  }
  const sorted = metrics.has(ANY_PREFIX) ? [ANY_PREFIX] : [...metrics].sort()
  return { id: crc32c(Buffer.from(JSON.stringify([sorted, intervalMs]))) | 0, metrics: sorted, intervalMs }
}

const valueIn = (configs: readonly Config[], name: string): string | undefined => configs.find((config) => config.name === name)?.value
const itemsOf = (value: string): string[] => (value.trim() === '' ? [] : value.split(',').map((item) => item.trim()))

function matchesClient(match: string, { clientInstanceId, clientId, address }: ClientOfMetrics): boolean {
  const values: Readonly<Record<string, string>> = {
    client_instance_id: clientInstanceId,
    client_id: clientId,
    client_source_address: address,
  }
  return itemsOf(match).every((item) => {
    const at = item.indexOf('=')
    const value = values[item.slice(0, at).trim()]
    if (value === undefined) return false
    try {
      return new RegExp(`^(?:${item.slice(at + 1)})$`).test(value)
    } catch (error) {
      // A pattern of Java's that this engine does not read matches nothing.
      if (error instanceof SyntaxError) return false
      throw error
    }
  })
}
