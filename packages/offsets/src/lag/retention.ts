/**
 * What topics keep: `retention.ms`, `retention.bytes` and `cleanup.policy`, many topics a request, and looked up
 * rarely.
 */
import type { CallLimits } from '@tidemark/client'
import { type Cluster, mayPass, retrying } from '@tidemark/client/internal'
import { apis } from '@tidemark/protocol'
import { chunks } from '../read/limits.ts'

export interface Retention {
  /** Infinity: for ever. */
  readonly retentionMs: number
  /** Of a partition. Infinity: any number. */
  readonly retentionBytes: number
}

const TOPIC = 2
const TOPICS_A_REQUEST = 200
const LOOK_AGAIN_AFTER_MS = 60_000
const NAMES = ['cleanup.policy', 'retention.ms', 'retention.bytes']

export class Retentions {
  readonly #cluster: Cluster
  readonly #known = new Map<string, { readonly atMs: number; readonly retention: Retention | undefined }>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** By topic. A topic whose configuration cannot be read is left out. */
  async of(topics: readonly string[], limits: () => CallLimits): Promise<ReadonlyMap<string, Retention>> {
    const { clock } = this.#cluster.options.platform
    const nowMs = clock.monotonic()
    for (const [topic, { atMs }] of this.#known) if (nowMs - atMs > LOOK_AGAIN_AFTER_MS) this.#known.delete(topic)
    for (const part of chunks(
      topics.filter((topic) => !this.#known.has(topic)),
      TOPICS_A_REQUEST,
    )) {
      for (const topic of part) this.#known.set(topic, { atMs: nowMs, retention: undefined })
      for (const [topic, retention] of await this.#ask(part, limits())) this.#known.set(topic, { atMs: nowMs, retention })
    }
    return new Map(
      topics.flatMap((topic) => {
        const retention = this.#known.get(topic)?.retention
        return retention === undefined ? [] : [[topic, retention] as const]
      }),
    )
  }

  async #ask(topics: readonly string[], limits: CallLimits): Promise<[string, Retention][]> {
    const what = 'describing the configurations of topics'
    const resources = topics.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: NAMES }))
    const { body } = await retrying(this.#cluster, { what, retries: mayPass, ...limits }, (signal) =>
      this.#cluster.send(apis.DescribeConfigs, { resources }, { node: 'any', purpose: 'admin', signal }),
    )
    return body.results
      .filter(({ errorCode }) => errorCode === 0)
      .map(({ resourceName, configs }) => [resourceName, retentionOf(new Map(configs.map(({ name, value }) => [name, value])))])
  }
}

/** A topic that is compacted alone deletes nothing by time or size. Kafka's -1 is "without a limit". */
export function retentionOf(configs: ReadonlyMap<string, string | null>): Retention {
  const deletes = (configs.get('cleanup.policy') ?? 'delete').split(',').some((policy) => policy.trim() === 'delete')
  const limit = (name: string): number => {
    const value = Number(configs.get(name) ?? -1)
    return deletes && value >= 0 ? value : Number.POSITIVE_INFINITY
  }
  return { retentionMs: limit('retention.ms'), retentionBytes: limit('retention.bytes') }
}
