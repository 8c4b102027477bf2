/**
 * The quota of partitions that a client makes and deletes (KIP-599), as CreateTopics, CreatePartitions and
 * DeleteTopics ask it.
 */
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

export const QUOTA_EXCEEDED = 'The throttling quota has been exceeded.'

/**
 * Whether so many partitions may be made or deleted now; before version `strictSince` they always may, and the client
 * waits for longer.
 */
export const mayMutate = (
  partitions: number,
  strictSince: number,
  { version, principal, clientId, services: { throttle } }: RequestContext<Pick<Services, 'throttle'>>,
): boolean => throttle.mayMutate(partitions, version >= strictSince, { user: principal.name, clientId: clientId ?? '' })
