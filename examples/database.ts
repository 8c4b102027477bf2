/** Where the examples keep things: PostgreSQL in this process (PGlite), or the server that DATABASE_URL names. */
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import pg from 'pg'
import { initialized } from './initdb.ts'

export interface ExampleDatabase extends AsyncDisposable {
  readonly url: string
  readonly pool: pg.Pool
}

export async function startDatabase(): Promise<ExampleDatabase> {
  const closing = new AsyncDisposableStack()
  const url = process.env.DATABASE_URL ?? (await startPglite(closing))
  const pool = closing.adopt(new pg.Pool({ connectionString: url, max: 5 }), (p) => p.end())
  return { url, pool, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

async function startPglite(closing: AsyncDisposableStack): Promise<string> {
  const db = closing.adopt(await PGlite.create({ loadDataDir: await initialized() }), (d) => d.close())
  const server = closing.adopt(new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 20 }), (s) => s.stop())
  await server.start()
  return `postgres://postgres@${server.getServerConn()}/postgres`
}
