/** Both ways to alter configurations answer alike: resource by resource. */
import type { Now } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import type { Refused, Resource } from '../metadata/configs.ts'
import { after, allOf } from '../now.ts'

interface RequestedResource<C> {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly C[]
}

interface Answer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
}

/** A resource that is named twice is refused, as by Kafka's `ConfigAdminManager`. */
export function alterEach<C>(
  resources: readonly RequestedResource<C>[],
  alter: (resource: Resource & { readonly configs: readonly C[] }) => Now<Refused | undefined>,
): Now<{ readonly responses: Answer[] }> {
  const counts = new Map<string, number>()
  const keyOf = ({ resourceType, resourceName }: RequestedResource<C>): string => `${resourceType} ${resourceName}`
  for (const resource of resources) counts.set(keyOf(resource), (counts.get(keyOf(resource)) ?? 0) + 1)
  const answers = resources.map((resource): Now<Answer> => {
    const { resourceType, resourceName, configs } = resource
    const done = (refused: Refused | undefined): Answer => ({
      errorCode: refused?.code ?? ErrorCode.NONE,
      errorMessage: refused?.message ?? null,
      resourceType,
      resourceName,
    })
    if (counts.get(keyOf(resource))! > 1) {
      return done({ kind: 'refused', code: ErrorCode.INVALID_REQUEST, message: 'Each resource must appear at most once.' })
    }
    return after(alter({ type: resourceType, name: resourceName, configs }), done)
  })
  return after(allOf(answers), (responses) => ({ responses }))
}
