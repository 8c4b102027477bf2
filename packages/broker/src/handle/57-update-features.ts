/**
 * UpdateFeatures 0 to 2 (KIP-584). v1 upgrade types, validate only · v2 one error for all of them. The levels are what
 * this version of the broker has: an update that says so is done, any other refused.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import { updateFault } from '../state/cluster/features.ts'

const ONE_ERROR_SINCE = 2
const ALL_FAILED = 'The update failed for all features since the following feature had an error:'

export const updateFeatures = handler(apis.UpdateFeatures, { versions: [0, 2] }, (request, { version, node }) => {
  const results = request.featureUpdates.map(({ feature, maxVersionLevel }) => {
    const errorMessage = updateFault(feature, maxVersionLevel, node.id) ?? null
    return { feature, errorCode: errorMessage === null ? ErrorCode.NONE : ErrorCode.INVALID_UPDATE_VERSION, errorMessage }
  })
  const failed = results.find(({ errorCode }) => errorCode !== ErrorCode.NONE)
  if (version >= ONE_ERROR_SINCE)
    return {
      errorCode: failed?.errorCode ?? ErrorCode.NONE,
      errorMessage: failed === undefined ? null : `${ALL_FAILED} ${failed.errorMessage}`,
      results: [],
    }
  return { errorCode: ErrorCode.NONE, errorMessage: null, results }
})
