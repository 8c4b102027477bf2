/**
 * The features of the cluster (KIP-584) that have a version: what this broker can, and what is finalized. Names and
 * levels are those of Kafka 4.3.
 */
export interface Feature {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly finalized: number
}

/** `4.3-IV0`. */
const METADATA_VERSION = 30

export const FEATURES: readonly Feature[] = [{ name: 'metadata.version', min: 7, max: METADATA_VERSION, finalized: METADATA_VERSION }]

/** What is wrong with an update, in Kafka's words (`FeatureControlManager`); undefined: it changes nothing. */
export function updateFault(name: string, level: number, nodeId: number): string | undefined {
  const feature = FEATURES.find((it) => it.name === name)
  if (feature === undefined)
    return `Invalid update version ${level} for feature ${name}. Local controller ${nodeId} does not support this feature.`
  if (level < feature.min || level > feature.max) {
    return `The controller does not support version ${level} of ${name}; it supports versions ${feature.min} to ${feature.max}`
  }
  return level === feature.finalized ? undefined : `The level of ${name} is ${feature.finalized}, and cannot be changed on this broker`
}
