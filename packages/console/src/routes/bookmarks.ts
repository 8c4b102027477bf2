import { limitsOf, type Route } from './route.ts'

export const bookmarks: Route = (app, { data }) => {
  app.get('/api/bookmarks', async (_request, reply) => data.bookmarks(limitsOf(reply)))
}
