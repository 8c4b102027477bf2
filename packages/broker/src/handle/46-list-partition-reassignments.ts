/** ListPartitionReassignments 0 (KIP-455): those under way. There is never one: a reassignment is done at once. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'

export const listPartitionReassignments = handler(apis.ListPartitionReassignments, { versions: [0, 0] }, () => ({
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  topics: [],
}))
