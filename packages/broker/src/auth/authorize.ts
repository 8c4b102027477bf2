/** Asks the rules before every handler: none is reached by a request that its client may not make. */
import type { Now } from '@tidemark/platform'
import { CloseConnection } from '../dispatch/close.ts'
import type { Handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'
import { CLUSTER_NAME, Resource } from '../state/acls/codes.ts'
import { fillOf } from './authorized-operations.ts'
import { tellDenials } from './denials.ts'
import type { Asking, Rule } from './rule.ts'
import { rules } from './rules.ts'

const byKey: ReadonlyMap<number, Rule> = new Map(rules.map((rule) => [rule.api.key, rule]))

/** Of an API, for documentation: `TOPIC READ`. Throws for one without a row: it would be open to everyone. */
export function needsOf({ api }: Handler): string {
  const rule = byKey.get(api.key)
  if (rule === undefined) throw new Error(`${api.name} has no row in the table of rights`)
  return rule.needs
}

/** What the handler answers, as far as the client may ask for it. */
export function handleAllowed(handler: Handler, request: unknown, context: RequestContext<Services>): Now<unknown> {
  const fill = fillOf(handler.api.key)
  const answer = answerAllowed(handler, request, context)
  return fill === undefined ? answer : after(answer, (body) => body && fill(request, body, askingOf(context)))
}

function answerAllowed(handler: Handler, request: unknown, context: RequestContext<Services>): Now<unknown> {
  const { authorizer } = context.services
  const rule = authorizer.isOn ? byKey.get(handler.api.key) : undefined
  const verdict = rule?.judge?.(request as never, askingOf(context))
  if (verdict === undefined) return handler.handle(request as never, context)
  const told = (body: unknown): unknown => {
    tellDenials(handler.api.name, rule!.needs, context, body, (topicId) => context.services.topics.byId(topicId)?.name)
    return body
  }
  if ('answer' in verdict) return told(verdict.answer)
  return after(handler.handle(verdict.request as never, context), (answer) => {
    // As in Kafka: nothing else tells a client that asks for no answer (Produce with acks=0).
    if (answer === undefined)
      throw new CloseConnection(`${handler.api.name}: ${context.principal.type}:${context.principal.name} may not do all of it`)
    return told(verdict.merge(answer as never))
  })
}

/**
 * For a handler that alone knows what a request means: Fetch, whose session has partitions that the request does not
 * name.
 */
export function askingOf({ principal, clientHost, version, services }: RequestContext<Pick<Services, 'authorizer' | 'topics'>>): Asking {
  const { authorizer, topics } = services
  const who = { principal: `${principal.type}:${principal.name}`, host: clientHost.slice(1) }
  const may = (type: number) => (operation: number, name: string) => authorizer.allows(who, operation, type, name)
  return {
    version,
    topic: may(Resource.TOPIC),
    group: may(Resource.GROUP),
    transactionalId: may(Resource.TRANSACTIONAL_ID),
    cluster: (operation) => authorizer.allows(who, operation, Resource.CLUSTER, CLUSTER_NAME),
    anyTopic: (operation) => authorizer.allowsAny(who, operation, Resource.TOPIC),
    nameOf: (topicId) => topics.byId(topicId)?.name,
    exists: (name) => topics.byName(name) !== undefined,
    topics: () => Array.from(topics.all(), ({ name }) => name),
    makesTopics: topics.areAutoCreated,
  }
}
