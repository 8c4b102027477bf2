/** Heartbeat 0 to 4. v3 static members · v4 flexible. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import { after } from '../now.ts'

export const heartbeat = handler(apis.Heartbeat, { versions: [0, 4] }, (request, { services, signal }) =>
  after(services.groups.heartbeat(request, signal), (errorCode) => (errorCode === undefined ? undefined : { errorCode })),
)
