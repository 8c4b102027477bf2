/**
 * Requests and answers as faults see and change them: what a request is about, the request without what is to fail, and
 * the answer with the error put in.
 *
 * What is to fail has no effect: where a request names partitions or topics, those that fail are left out of what the
 * broker gets; where it comes from a member of a group, it gets there with the name of a member that does not exist.
 */
import type { Api } from '@tidemark/protocol'
import type { Rule, Subject } from './rules.ts'

/** Bodies are plain data whose shape differs from version to version: what is not there is undefined. */
type Body = any

/** Names by topic id: newer versions of some requests have ids alone. */
export type TopicNames = ReadonlyMap<string, string>

/** Where the partitions of a request and of its answer stand. */
interface Layout {
  readonly asked: readonly [topics: string, partitions: string, index: string]
  readonly answered: readonly [topics: string, partitions: string, index: string]
  /** What an entry with an error says besides. */
  readonly entry: object
  /** The request changes something: what fails is taken out of it. */
  readonly changes: boolean
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  Produce: {
    asked: ['topicData', 'partitionData', 'index'],
    answered: ['responses', 'partitionResponses', 'index'],
    entry: { baseOffset: -1 },
    changes: true,
  },
  Fetch: {
    asked: ['topics', 'partitions', 'partition'],
    answered: ['responses', 'partitions', 'partitionIndex'],
    entry: { highWatermark: -1, abortedTransactions: null, records: null },
    changes: false,
  },
  ListOffsets: {
    asked: ['topics', 'partitions', 'partitionIndex'],
    answered: ['topics', 'partitions', 'partitionIndex'],
    entry: {},
    changes: false,
  },
  OffsetCommit: {
    asked: ['topics', 'partitions', 'partitionIndex'],
    answered: ['topics', 'partitions', 'partitionIndex'],
    entry: {},
    changes: true,
  },
}

const OF_MEMBERS: ReadonlySet<string> = new Set(['JoinGroup', 'SyncGroup', 'LeaveGroup', 'Heartbeat'])
const NO_MEMBER = 'no-such-member'

const nameIn = (topic: Body, names: TopicNames): string => {
  if (typeof topic === 'string') return topic
  return topic.name || topic.topic || names.get(topic.topicId) || ''
}

export function subjectOf(api: Api, body: Body, names: TopicNames): Subject {
  const groups = [body.groupId, body.key, ...(body.coordinatorKeys ?? []), ...(body.groupsNames ?? []), ...(body.groups ?? [])]
  const layout = LAYOUTS[api.name]
  const ofGroups = (body.groups ?? []).flatMap((g: Body) => g.topics ?? [])
  const topics = [...(body[layout?.asked[0] ?? 'topics'] ?? []), ...(body.topicNames ?? []), ...ofGroups]
  return {
    groups: groups.map((g) => (typeof g === 'object' ? g?.groupId : g)).filter((g) => typeof g === 'string'),
    partitions: topics.flatMap((topic) => {
      const name = nameIn(topic, names)
      const partitions: Body[] = topic[layout?.asked[1] ?? 'partitions'] ?? topic.partitionIndexes ?? []
      const numbers = partitions.map((p) => (typeof p === 'number' ? p : p[layout?.asked[2] ?? 'partitionIndex']))
      return numbers.length === 0 ? [{ topic: name, partition: undefined }] : numbers.map((partition) => ({ topic: name, partition }))
    }),
  }
}

/** The request as the broker gets it. */
export function withoutEffect(api: Api, body: Body, rule: Rule, names: TopicNames): Body {
  const layout = LAYOUTS[api.name]
  if (layout?.changes) return { ...body, [layout.asked[0]]: leftOver(body, layout, rule, names) }
  if (OF_MEMBERS.has(api.name)) {
    const members = body.members?.map((m: Body) => ({ ...m, memberId: NO_MEMBER, groupInstanceId: null }))
    return { ...body, memberId: NO_MEMBER, groupInstanceId: null, ...(members !== undefined && { members }) }
  }
  if (api.name === 'CreateTopics') return { ...body, topics: body.topics.filter((t: Body) => !rule.hits(nameIn(t, names), undefined)) }
  if (api.name === 'DeleteTopics') {
    const isLeft = (t: Body): boolean => !rule.hits(nameIn(t, names), undefined)
    return { ...body, topics: body.topics?.filter(isLeft), topicNames: body.topicNames?.filter(isLeft) }
  }
  return body
}

function leftOver(body: Body, { asked: [topics, partitions, index] }: Layout, rule: Rule, names: TopicNames): Body[] {
  return body[topics]
    .map((t: Body) => ({ ...t, [partitions]: t[partitions].filter((p: Body) => !rule.hits(nameIn(t, names), p[index])) }))
    .filter((t: Body) => t[partitions].length > 0)
}

/** The answer with the error; `asked` is the request as its client sent it. */
export function withError(api: Api, asked: Body, answer: Body, rule: Rule, code: number, names: TopicNames): Body {
  const layout = LAYOUTS[api.name]
  if (layout !== undefined) return withPartitionErrors(layout, asked, answer, rule, code, names)
  switch (api.name) {
    case 'Metadata':
      return {
        ...answer,
        topics: answer.topics.map((t: Body) => (rule.hits(nameIn(t, names), undefined) ? { ...t, errorCode: code, partitions: [] } : t)),
      }
    case 'CreateTopics':
      return { ...answer, topics: [...answer.topics, ...topicErrors(asked.topics, rule, code, names)] }
    case 'DeleteTopics':
      return {
        ...answer,
        responses: [...answer.responses, ...topicErrors([...(asked.topics ?? []), ...(asked.topicNames ?? [])], rule, code, names)],
      }
    default:
      return withTopError(answer, code)
  }
}

const topicErrors = (topics: readonly Body[], rule: Rule, code: number, names: TopicNames): Body[] =>
  topics.filter((t) => rule.hits(nameIn(t, names), undefined)).map((t) => ({ name: nameIn(t, names), errorCode: code, errorMessage: null }))

function withPartitionErrors(layout: Layout, asked: Body, answer: Body, rule: Rule, code: number, names: TopicNames): Body {
  const [topics, partitions, index] = layout.asked
  const [answeredTopics, answeredPartitions, answeredIndex] = layout.answered
  const out: Body[] = answer[answeredTopics].map((t: Body) => ({
    ...t,
    [answeredPartitions]: t[answeredPartitions].filter((p: Body) => !rule.hits(nameIn(t, names), p[answeredIndex])),
  }))
  for (const { [topics]: _, ...t } of asked[topics] as Body[]) {
    const hit = t[partitions].filter((p: Body) => rule.hits(nameIn(t, names), p[index]))
    if (hit.length === 0) continue
    const { name = '', topic = '', topicId } = t
    const entries = hit.map((p: Body) => ({ ...layout.entry, [answeredIndex]: p[index], errorCode: code }))
    out.push({ name, topic, topicId, [answeredPartitions]: entries })
  }
  return { ...answer, [answeredTopics]: out.filter((t) => t[answeredPartitions].length > 0) }
}

/** At the top, and at each group or coordinator. */
function withTopError(answer: Body, code: number): Body {
  const out = { ...answer }
  if ('errorCode' in out) out.errorCode = code
  for (const list of ['groups', 'coordinators', 'members', 'topics'] as const) {
    if (Array.isArray(out[list]))
      out[list] = out[list].map((entry: Body) => ('errorCode' in Object(entry) ? { ...entry, errorCode: code } : entry))
  }
  return out
}
