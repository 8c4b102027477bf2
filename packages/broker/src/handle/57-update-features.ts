/**
 * UpdateFeatures 0 to 2 (KIP-584). v1 upgrade types, validate only · v2 no results. The levels are what this version
 * of the broker has: an update that says so is done, any other refused, and one that is refused refuses all, in every
 * version (Kafka's `QuorumController.updateFeatures`).
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import { updateFault } from '../state/cluster/features.ts'

const RESULTS_UNTIL = 1
const ALL_FAILED = 'The update failed for all features since the following feature had an error:'

export const updateFeatures = handler(apis.UpdateFeatures, { versions: [0, 2] }, (request, { version, node }) => {
  const faults = request.featureUpdates.map(({ feature, maxVersionLevel }) => updateFault(feature, maxVersionLevel, node.id))
  const fault = faults.find((it) => it !== undefined)
  if (fault !== undefined) return { errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage: `${ALL_FAILED} ${fault}`, results: [] }
  const done = { errorCode: ErrorCode.NONE, errorMessage: null }
  return { ...done, results: version > RESULTS_UNTIL ? [] : request.featureUpdates.map(({ feature }) => ({ feature, ...done })) }
})
