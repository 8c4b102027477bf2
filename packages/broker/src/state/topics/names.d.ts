/** Which names a topic may have (Kafka's `org.apache.kafka.common.internals.Topic`). */
export declare const OFFSETS_TOPIC = '__consumer_offsets'
export declare const METADATA_TOPIC = '__cluster_metadata'
/** What is wrong with the name; undefined if nothing is. */
export declare function nameFault(name: string): string | undefined
/** Names that metrics could not tell apart: `.` becomes `_` there. */
export declare const collisionKey: (name: string) => string
/** Topics that only the broker itself makes. */
export declare const isReserved: (name: string) => boolean
