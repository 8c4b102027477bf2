/** Metrics over HTTP: one sample at a time, however many scrape. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GroupLag } from '@tidemark/offsets'
import { type Address, formatAddress, isLoopback, listenError, parseAddress, TidemarkError } from '@tidemark/platform'
import { say } from '../print/print.ts'
import { metricsText } from './metrics.ts'

/** A sample serves all requests within this time. */
const KEPT_MS = 1_000

/** Resolves when it listens. Rejects with `TidemarkError` ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. */
export async function serveMetrics(
  { host, port }: Address,
  sample: () => Promise<readonly GroupLag[]>,
): Promise<{ server: Server; url: string }> {
  let latest: { readonly atMs: number; readonly text: Promise<string> } | undefined
  const text = (): Promise<string> => {
    if (latest === undefined || performance.now() - latest.atMs > KEPT_MS)
      latest = { atMs: performance.now(), text: sample().then(metricsText) }
    return latest.text
  }
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    // A page in a browser reaches loopback under a name of its own (DNS rebinding): it must not read names of groups.
    if (isLoopback(host) && !isLoopback(parseAddress(request.headers.host ?? '', 80)?.host ?? ''))
      return answer(response, 403, 'name this host by its address\n')
    const path = request.url?.split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET is answered here\n')
    if (path !== '/metrics') return answer(response, 404, 'metrics are at /metrics\n')
    text().then(
      (metrics) => answer(response, 200, metrics, 'text/plain; version=0.0.4; charset=utf-8'),
      (error) => {
        latest = undefined
        if (!(error instanceof TidemarkError)) throw error
        say(`the lag cannot be measured: ${error.message}`)
        answer(response, 503, `${error.message}\n`)
      },
    )
  })
  server.maxConnections = 64
  server.listen(port, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw listenError({ host, port }, error)
  })
  const bound = server.address() as AddressInfo
  return { server, url: `http://${formatAddress({ host: bound.address, port: bound.port })}/metrics` }
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
