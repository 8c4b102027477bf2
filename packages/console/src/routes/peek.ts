import { TidemarkError } from '@tidemark/platform'
import { limitsOf, type Route } from './route.ts'
import { digits, groupName, object, topicName } from './schemas.ts'

interface Query {
  readonly topic: string
  readonly partition: string
  readonly around?: string
}

const AROUND_MAX = 50

/** The record that a group reads next in a partition, and so many on both sides. */
export const peek: Route = (app, { data }) => {
  const schema = {
    params: object({ group: groupName }, ['group']),
    querystring: object({ topic: topicName, partition: digits, around: digits }, ['topic', 'partition']),
  }
  app.get<{ Params: { group: string }; Querystring: Query }>('/api/groups/:group/peek', { schema }, async ({ params, query }, reply) => {
    const around = Number(query.around ?? '3')
    if (around > AROUND_MAX) throw new TidemarkError('INVALID_ARGUMENT', `around is ${query.around}; it must be from 0 to ${AROUND_MAX}`)
    return data.peek(params.group, { topic: query.topic, partition: Number(query.partition), around }, limitsOf(reply))
  })
}
