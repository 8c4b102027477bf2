import { groupsAt } from '../live/groups-at.ts'
import { limitsOf, type Route } from './route.ts'
import { object, topicName } from './schemas.ts'

/** The groups that stand in a topic. */
export const topicGroups: Route = (app, { data }) => {
  const schema = { params: object({ topic: topicName }, ['topic']) }
  app.get<{ Params: { topic: string } }>('/api/topics/:topic/groups', { schema }, async ({ params }, reply) =>
    groupsAt(params.topic, await data.sample(undefined, limitsOf(reply))),
  )
}
