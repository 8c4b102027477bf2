/**
 * DescribeConfigs 0 to 4. v1 sources and synonyms, instead of whether it is the default · v3 types and documentation ·
 * v4 flexible.
 */
import { apis, type DescribeConfigsRequest, type DescribeConfigsResponse, ErrorCode, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import type { DescribedConfig } from '../metadata/configs.ts'
import { ConfigSource, ConfigType } from '../state/configs/definition.ts'

type Context = RequestContext<Pick<Services, 'configs'>>
type Answer = InferInput<typeof DescribeConfigsResponse>['results'][number]

export const describeConfigs = handler(apis.DescribeConfigs, { versions: [0, 4] }, (request, context: Context) => ({
  results: request.resources.map((resource) => describe(resource, request, context)),
}))

const isSecret = ({ definition }: DescribedConfig): boolean => definition.type === ConfigType.PASSWORD

function describe(
  { resourceType, resourceName, configurationKeys }: DescribeConfigsRequest['resources'][number],
  { includeSynonyms, includeDocumentation }: DescribeConfigsRequest,
  { node, services }: Context,
): Answer {
  const found = services.configs.describe({ type: resourceType, name: resourceName }, node.id)
  if ('kind' in found) return { errorCode: found.code, errorMessage: found.message, resourceType, resourceName, configs: [] }
  const keys = new Set(configurationKeys)
  const named = keys.size === 0 ? found : found.filter(({ name }) => keys.has(name))
  const shown = (config: DescribedConfig) => ({
    name: config.name,
    value: isSecret(config) ? null : config.value,
    readOnly: config.readOnly,
    isDefault: config.source === ConfigSource.DEFAULT,
    configSource: config.source,
    isSensitive: isSecret(config),
    synonyms: includeSynonyms ? config.synonyms.map((synonym) => (isSecret(config) ? { ...synonym, value: null } : synonym)) : [],
    configType: config.definition.type,
    documentation: includeDocumentation ? config.definition.documentation : null,
  })
  return { errorCode: ErrorCode.NONE, errorMessage: '', resourceType, resourceName, configs: named.map(shown) }
}
