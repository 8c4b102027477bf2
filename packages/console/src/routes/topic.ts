import { limitsOf, type Route } from './route.ts'
import { object, topicName } from './schemas.ts'

export const topic: Route = (app, { data }) => {
  const schema = { params: object({ topic: topicName }, ['topic']) }
  app.get<{ Params: { topic: string } }>('/api/topics/:topic', { schema }, async ({ params }, reply) =>
    data.topic(params.topic, limitsOf(reply)),
  )
}
