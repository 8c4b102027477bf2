/** Ids of topics as Kafka's tools print them. */
import { uuidToText, ZERO_UUID } from '@tidemark/protocol'

/** 22 characters of base64url for 32 hexadecimal digits; null: the broker is too old to tell. */
export const topicIdText = (id: string): string | null => (id === ZERO_UUID ? null : uuidToText(id))
