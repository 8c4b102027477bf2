/** Which names a topic may have (Kafka's `org.apache.kafka.common.internals.Topic`). */

const NAME_CHARS_MAX = 249
const LEGAL = /^[a-zA-Z0-9._-]+$/

export const OFFSETS_TOPIC = '__consumer_offsets'
export const METADATA_TOPIC = '__cluster_metadata'
const RESERVED = new Set([OFFSETS_TOPIC, METADATA_TOPIC, '__transaction_state', '__share_group_state'])

/** What is wrong with the name; undefined if nothing is. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > NAME_CHARS_MAX) return `the length of '${name.slice(0, 32)}…' is longer than the max allowed length ${NAME_CHARS_MAX}`
  if (!LEGAL.test(name)) return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  return undefined
}

/** Names that metrics could not tell apart: `.` becomes `_` there. */
export const collisionKey = (name: string): string => name.replaceAll('.', '_')

/** Topics that only the broker itself makes. */
export const isReserved = (name: string): boolean => RESERVED.has(name)
