/** Heartbeat 0 to 4. v3 static members · v4 flexible. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

export const heartbeat = handler(apis.Heartbeat, { versions: [0, 4] }, (request, { services, signal }: Context) =>
  after(services.groups.heartbeat(request, signal), (errorCode) => (errorCode === undefined ? undefined : { errorCode })),
)
