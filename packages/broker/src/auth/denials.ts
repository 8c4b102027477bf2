/** What an answer refuses for want of a right, for the operator of the broker: the client is told a code alone. */
import { ErrorCode, errorOf } from '@tidemark/protocol'
import { isHeard, tell } from '../diagnostics.ts'
import type { RequestContext } from '../dispatch/request-context.ts'

/** How many resources one event names; a request can name thousands. */
const NAMES_MAX = 10

const CODES: ReadonlySet<number> = new Set([
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
])

/** The fields by which answers name a resource. */
const NAMES = ['name', 'topic', 'topicName', 'groupId', 'key', 'resourceName'] as const

type Denied = Pick<RequestContext, 'principal' | 'clientHost'>

export function tellDenied(
  api: string,
  needs: string,
  { principal, clientHost }: Denied,
  code: number,
  resources: readonly string[],
): void {
  tell({
    kind: 'denied',
    client: clientHost.slice(1),
    principal: `${principal.type}:${principal.name}`,
    api,
    needs,
    code: errorOf(code).name,
    resources,
  })
}

/**
 * Tells what `answer` refuses; nothing if it refuses nothing. `topicName` names the topic of an id, for the APIs that
 * answer with ids.
 */
export function tellDenials(
  api: string,
  needs: string,
  context: Denied,
  answer: unknown,
  topicName: (topicId: string) => string | undefined,
): void {
  if (!isHeard()) return
  const found = new Map<number, Set<string>>()
  search(answer, undefined, found, topicName)
  for (const [code, names] of found) tellDenied(api, needs, context, code, [...names])
}

function search(
  value: unknown,
  name: string | undefined,
  found: Map<number, Set<string>>,
  topicName: (topicId: string) => string | undefined,
): void {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return
  if (Array.isArray(value)) {
    for (const it of value) search(it, name, found, topicName)
    return
  }
  const fields = value as Readonly<Record<string, unknown>>
  const written = NAMES.map((field) => fields[field]).find((it) => typeof it === 'string' && it !== '') as string | undefined
  const own = written ?? (typeof fields.topicId === 'string' ? topicName(fields.topicId) : undefined)
  const { errorCode } = fields
  if (typeof errorCode === 'number' && CODES.has(errorCode)) {
    const names = found.get(errorCode) ?? new Set()
    found.set(errorCode, names)
    const resource = own ?? name
    if (resource !== undefined && names.size < NAMES_MAX) names.add(resource)
  }
  for (const it of Object.values(fields)) search(it, own ?? name, found, topicName)
}
