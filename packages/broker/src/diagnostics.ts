/**
 * Notable events, published on the channel `tidemark:broker` of `node:diagnostics_channel`; without a subscriber they
 * cost nothing.
 */
import { channel } from 'node:diagnostics_channel'

export type Notable =
  | { readonly kind: 'refused'; readonly client: string; readonly why: string }
  /** A request that a client may not make, or a part of it. */
  | {
      readonly kind: 'denied'
      readonly client: string
      /** `User:alice`. */
      readonly principal: string
      readonly api: string
      /** What the API asks for: `GROUP READ and TOPIC READ`. */
      readonly needs: string
      readonly code: string
      /** The first ten; none where the cluster itself is meant. */
      readonly resources: readonly string[]
    }
  | { readonly kind: 'bug'; readonly where: string; readonly error: unknown }
  | { readonly kind: 'storageFailed'; readonly error: Error }
  | { readonly kind: 'unreadable'; readonly error: Error }
  | { readonly kind: 'memoryFull'; readonly message: string }
  | {
      readonly kind: 'compacted'
      readonly topic: string
      readonly partition: number
      readonly bytesBefore: number
      readonly bytes: number
      readonly ms: number
    }
  | {
      readonly kind: 'telemetry'
      readonly clientInstanceId: string
      readonly clientId: string
      /** Kafka's number of the codec. */
      readonly compressionType: number
      /** OTLP, as the client sent it. */
      readonly metrics: Buffer
      /** The client ends, and pushes no more. */
      readonly terminating: boolean
    }
  | { readonly kind: 'recovered'; readonly log: string; readonly end: number; readonly bytesCut: number }
  /** A host that has a quota has no address, and the quota limits nobody. */
  | { readonly kind: 'unresolved'; readonly host: string }
  /** A folder stood where an index or a checkpoint has to be, which is written anew. */
  | { readonly kind: 'replaced'; readonly path: string }

const notables = channel('tidemark:broker')

/** Whether anybody listens: for what costs something to find out. */
export const isHeard = (): boolean => notables.hasSubscribers

export function tell(notable: Notable): void {
  if (notables.hasSubscribers) notables.publish(notable)
}
