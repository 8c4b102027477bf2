/** ListPartitionReassignments 0 (KIP-455): those that go on, of which one node never has any (trap 45). */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'

export const listPartitionReassignments = handler(apis.ListPartitionReassignments, { versions: [0, 0] }, () => ({
  errorCode: ErrorCode.NONE,
  errorMessage: null,
  topics: [],
}))
