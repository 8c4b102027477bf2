/**
 * IncrementalAlterConfigs 0 to 1 (KIP-339). v1 flexible. Sets, deletes, appends to and subtracts from single values.
 */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { alterEach } from './alter-each.ts'

type Context = RequestContext<Pick<Services, 'configs'>>

export const incrementalAlterConfigs = handler(
  apis.IncrementalAlterConfigs,
  { versions: [0, 1], holds: true },
  (request, { node, services }: Context) =>
    alterEach(request.resources, ({ configs, ...resource }) => {
      const alterations = configs.map(({ name, configOperation, value }) => ({ name, operation: configOperation, value }))
      return services.configs.alterIncrementally(resource, alterations, { nodeId: node.id, validateOnly: request.validateOnly })
    }),
)
