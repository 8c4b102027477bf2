import { limitsOf, type Route } from './route.ts'

export const cluster: Route = (app, { data }) => {
  app.get('/api/cluster', async (_request, reply) => data.cluster(limitsOf(reply)))
}
