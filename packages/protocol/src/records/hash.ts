/** Java's hashes, bit for bit: where keys and groups go depends on them. */

/** murmur2 with Kafka's seed, as `org.apache.kafka.common.utils.Utils.murmur2`: a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const m = 0x5bd1e995
  const length = bytes.length
  let h = 0x9747b28c ^ length
  const whole = length - (length % 4)
  for (let i = 0; i < whole; i += 4) {
    let k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m) ^ k
  }
  const rest = length % 4
  if (rest > 2) h ^= bytes[whole + 2]! << 16
  if (rest > 1) h ^= bytes[whole + 1]! << 8
  if (rest > 0) h = Math.imul(h ^ bytes[whole]!, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h | 0
}

/** The partition that Java's default partitioner gives a key. */
export const partitionOfKey = (key: Uint8Array, partitions: number): number => (murmur2(key) & 0x7fffffff) % partitions

/** `String.hashCode()`: a signed 32-bit integer over the UTF-16 units. */
export function stringHashCode(text: string): number {
  let h = 0
  for (let i = 0; i < text.length; i++) h = (Math.imul(31, h) + text.charCodeAt(i)) | 0
  return h
}

/**
 * The partition of `__consumer_offsets` that holds a group: `Utils.abs(groupId.hashCode()) % partitions`. That is the
 * absolute value, and 0 for the one number that has none: not the hash without its sign bit, as for keys.
 */
export function partitionOfGroup(group: string, partitions: number): number {
  const hash = stringHashCode(group)
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions
}
