import { limitsOf, type Route } from './route.ts'
import { object, topicName } from './schemas.ts'

/** Offsets at some times, for rulers whose scale is time. */
export const timeScales: Route = (app, { data }) => {
  const partitions = { type: 'string', pattern: '^\\d{1,10}(,\\d{1,10}){0,999}$' }
  const schema = { params: object({ topic: topicName }, ['topic']), querystring: object({ partitions }, ['partitions']) }
  app.get<{ Params: { topic: string }; Querystring: { partitions: string } }>(
    '/api/topics/:topic/time-scales',
    { schema },
    async ({ params, query }, reply) => data.timeScales(params.topic, query.partitions.split(',').map(Number), limitsOf(reply)),
  )
}
