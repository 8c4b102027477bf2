/** DescribeCluster 0 to 2 (KIP-700). v1 brokers or controllers (KIP-919) · v2 fenced brokers. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'clusterId' | 'nodes'>>

const BROKERS = 1

export const describeCluster = handler(apis.DescribeCluster, { versions: [0, 2] }, (request, { listener, services }: Context) => {
  if (request.endpointType !== BROKERS) {
    return {
      errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
      clusterId: '',
      controllerId: -1,
      brokers: [],
    }
  }
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    endpointType: BROKERS,
    clusterId: services.clusterId,
    controllerId: services.nodes.controller,
    brokers: services.nodes.up.map(({ id, rack }) => ({ brokerId: id, ...listener.addressOf(id), rack, isFenced: false })),
  }
})
