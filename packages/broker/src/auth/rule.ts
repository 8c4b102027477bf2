/** What a row of the table of rights is made of: what it asks, and what it decides of a request. */
import type { Api, Infer, InferInput } from '@tidemark/protocol'
import type { Operation } from '../state/acls/codes.ts'

/** What the client of a request may do, and what there is. */
export interface Asking {
  readonly version: number
  topic(operation: Operation, name: string): boolean
  group(operation: Operation, name: string): boolean
  transactionalId(operation: Operation, name: string): boolean
  cluster(operation: Operation): boolean
  /** Whether there is any topic for which it may. */
  anyTopic(operation: Operation): boolean
  /** The name of a topic that a request names by id; undefined: it is not known, and may be asked for. */
  nameOf(topicId: string): string | undefined
  exists(topic: string): boolean
  /** The names of all of them. */
  topics(): readonly string[]
  /** Whether topics are created when a client asks for them. */
  readonly makesTopics: boolean
}

/** Undefined: all of it may be done. `answer`: nothing of it. `request`: what may, and what becomes of its answer. */
export type Verdict<A extends Api = any> =
  | undefined
  | { readonly answer: InferInput<A['response']> }
  | { readonly request: Infer<A['request']>; readonly merge: (answer: InferInput<A['response']>) => InferInput<A['response']> }

export interface Rule<A extends Api = any> {
  readonly api: A
  /** For people: the resource and the operation. */
  readonly needs: string
  readonly judge: ((request: Infer<A['request']>, ask: Asking) => Verdict<A>) | undefined
}

export const rule = <A extends Api>(api: A, needs: string, judge?: (request: Infer<A['request']>, ask: Asking) => Verdict<A>): Rule<A> => ({
  api,
  needs,
  judge,
})

/** The whole request needs the operation on the cluster. */
export const clusterAlone = <A extends Api>(
  api: A,
  operation: Operation,
  needs: string,
  answer: (request: Infer<A['request']>) => InferInput<A['response']>,
): Rule<A> => rule(api, `CLUSTER ${needs}`, (request, ask) => (ask.cluster(operation) ? undefined : { answer: answer(request) }))

/** What a list of a message is made of. */
type PartOf<Message, K extends keyof Message> = NonNullable<Message[K]> extends readonly (infer Part)[] ? Part : never
type Request<A extends Api> = Infer<A['request']>
type Answer<A extends Api> = InferInput<A['response']>

/** A request that is a list of parts, each of which is allowed or refused by itself. */
interface Parts<A extends Api, K extends keyof Request<A>, L extends keyof Answer<A>> {
  /** The list in the request. */
  readonly of: K
  /** The list in the answer, to which refusals are added. */
  readonly into: L
  readonly may: (part: PartOf<Request<A>, K>, ask: Asking) => boolean
  readonly refusal: (part: PartOf<Request<A>, K>) => PartOf<Answer<A>, L>
}

/** Cuts the request down to its allowed parts; the refused ones get their answer beside those of the handler. */
export function cutDown<A extends Api, K extends keyof Request<A>, L extends keyof Answer<A>>(
  _api: A,
  request: Request<A>,
  ask: Asking,
  { of, into, may, refusal }: Parts<A, K, L>,
): Verdict<A> {
  const { allowed, refused } = split(request[of] as readonly PartOf<Request<A>, K>[], (part) => may(part, ask))
  if (refused.length === 0) return undefined
  const refusals = refused.map(refusal)
  const merge = (answer: Answer<A>): Answer<A> => ({ ...answer, [into]: [...(answer[into] as readonly unknown[]), ...refusals] })
  return { request: { ...request, [of]: allowed }, merge }
}

export const byPart = <A extends Api, K extends keyof Request<A>, L extends keyof Answer<A>>(
  api: A,
  needs: string,
  parts: Parts<A, K, L>,
): Rule<A> => rule(api, needs, (request, ask) => cutDown(api, request, ask, parts))

export function split<T>(list: readonly T[], may: (it: T) => boolean): { readonly allowed: T[]; readonly refused: T[] } {
  const allowed: T[] = []
  const refused: T[] = []
  for (const it of list) (may(it) ? allowed : refused).push(it)
  return { allowed, refused }
}
