/**
 * librdkafka before 2.11.1 sends compressed batches only if the advertised range of Produce reaches down to 0, so Kafka 4 still
 * says so (KAFKA-18659); requests of versions 0 to 2 close the connection there and here.
 */
const ADVERTISED_FROM = new Map([[0, 0]])
export class HandlerTable {
  #byKey
  advertised
  constructor(handlers) {
    const sorted = [...handlers].sort((a, b) => a.api.key - b.api.key)
    this.#byKey = new Map(sorted.map((h) => [h.api.key, h]))
    this.advertised = sorted.map(({ api, versions: [min, max] }) => ({
      apiKey: api.key,
      minVersion: ADVERTISED_FROM.get(api.key) ?? min,
      maxVersion: max,
    }))
  }
  /** Undefined: the API is unknown, or not served in this version. */
  find(apiKey, version) {
    const found = this.#byKey.get(apiKey)
    return found !== undefined && version >= found.versions[0] && version <= found.versions[1] ? found : undefined
  }
}
