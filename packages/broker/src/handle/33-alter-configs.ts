/** AlterConfigs 0 to 2. v2 flexible. What a request does not name goes back to its default. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { alterEach } from './alter-each.ts'

type Context = RequestContext<Pick<Services, 'configs'>>

export const alterConfigs = handler(apis.AlterConfigs, { versions: [0, 2], holds: true }, (request, { node, services }: Context) =>
  alterEach(request.resources, ({ configs, ...resource }) =>
    services.configs.alterAll(resource, configs, { nodeId: node.id, validateOnly: request.validateOnly }),
  ),
)
