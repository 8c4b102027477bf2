/** The handlers by API key, and the versions that ApiVersions advertises. */
import type { Handler } from './handler.ts'

export interface AdvertisedApi {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

/**
 * librdkafka before 2.11.1 sends compressed batches only if the advertised range of Produce reaches down to 0, so
 * Kafka 4 still says so (KAFKA-18659); requests of versions 0 to 2 close the connection there and here.
 */
const ADVERTISED_FROM: ReadonlyMap<number, number> = new Map([[0, 0]])

export class HandlerTable {
  readonly #byKey: ReadonlyMap<number, Handler>
  readonly advertised: readonly AdvertisedApi[]

  constructor(handlers: readonly Handler[]) {
    const sorted = [...handlers].sort((a, b) => a.api.key - b.api.key)
    this.#byKey = new Map(sorted.map((h) => [h.api.key, h]))
    this.advertised = sorted.map(({ api, versions: [min, max] }) => ({
      apiKey: api.key,
      minVersion: ADVERTISED_FROM.get(api.key) ?? min,
      maxVersion: max,
    }))
  }

  /** Undefined: the API is unknown, or not served in this version. */
  find(apiKey: number, version: number): Handler | undefined {
    const found = this.#byKey.get(apiKey)
    return found !== undefined && version >= found.versions[0] && version <= found.versions[1] ? found : undefined
  }
}
