import type { Route } from './route.ts'

export const info: Route = (app, { info }) => {
  app.get('/api/info', async () => info)
}
