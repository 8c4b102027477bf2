import { limitsOf, type Route } from './route.ts'

export const topics: Route = (app, { data }) => {
  app.get('/api/topics', async (_request, reply) => data.topics(limitsOf(reply)))
}
