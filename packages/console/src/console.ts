/** Puts the console together: guard, routes, live samples, page. */
import type { Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { formatAddress, isWildcard, listenError } from '@tidemark/platform'
import fastify, { type FastifyInstance } from 'fastify'
import { engineOf } from './engine/engine.ts'
import { guard } from './guard/guard.ts'
import { answerTo, INTERNAL } from './guard/refusal.ts'
import { Sampler } from './live/sampler.ts'
import { Viewers } from './live/viewers.ts'
import { Applications } from './moves/applications.ts'
import { Plans } from './moves/plans.ts'
import { type ConsoleOptions, resolveConsoleOptions } from './options.ts'
import { pageFiles } from './page/files.ts'
import { servePage } from './page/serve.ts'
import { routes } from './routes/all.ts'

export interface Console {
  /** Where a browser on this machine finds it; the token is not in it. */
  readonly url: string
  readonly port: number
  /**
   * Ends all live connections and stops listening. It may be called twice; it leaves the handle on the cluster open.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Of a request: a plan that names ten thousand partitions fits. */
const BODY_BYTES_MAX = 2 * 1024 * 1024

/**
 * Serves the console, on loopback unless told otherwise. It reads from the cluster while a page is open, and writes
 * when a plan is applied. Rejects with `TidemarkError` INVALID_OPTION, INVALID_ARGUMENT, ADDRESS_IN_USE,
 * ADDRESS_UNAVAILABLE, PAGE_MISSING (the build of the package has not run).
 *
 * ```ts
 * await using console = await startConsole(kafka, { listen: { host: '127.0.0.1', port: 8080 } })
 * ```
 */
export async function startConsole(kafka: Kafka, options: ConsoleOptions = {}): Promise<Console> {
  const { platform, diagnostics, options: cluster } = handleOf(kafka)
  const resolved = resolveConsoleOptions(kafka, options)
  const files = pageFiles()
  const onBug = (error: unknown): void => {
    const text = `the console met an error that it does not expect: ${error instanceof Error ? error.stack : String(error)}`
    diagnostics.report('tidemark:client', { level: 'error', cause: 'console', text, error })
  }
  const data = engineOf(kafka, resolved)
  const sampler = new Sampler(data, platform.clock, resolved.intervalMs, onBug)
  const viewers = new Viewers(platform.clock, resolved.viewersMax)
  const plans = new Plans(platform.clock)
  const applications = new Applications(data, platform.clock, onBug)
  const { readOnly, protected: isProtected, intervalMs, clusterName, commandFlags } = resolved
  const info = { clusterName, brokers: cluster.brokers.map(formatAddress), readOnly, protected: isProtected, intervalMs, commandFlags }

  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4_096 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
  })
  answerErrors(app, onBug)
  guard(app, resolved)
  for (const route of routes) route(app, { data, info, sampler, viewers, plans, applications, clock: platform.clock, onBug })
  servePage(app, files)

  const port = await listen(app, resolved.listen)
  const { host } = resolved.listen
  let closed: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closed ??= (async () => {
      sampler.stop()
      applications.close()
      viewers.closeAll()
      await app.close()
      data.close()
    })())
  return {
    url: `http://${formatAddress({ host: isWildcard(host) ? '127.0.0.1' : host, port })}/`,
    port,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function answerErrors(app: FastifyInstance, onBug: (error: unknown) => void): void {
  app.setErrorHandler((error, _request, reply) => {
    const answer = answerTo(error)
    if (answer === undefined) onBug(error)
    return reply.code(answer?.status ?? 500).send(answer?.body ?? INTERNAL)
  })
}

async function listen(app: FastifyInstance, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw listenError({ host, port }, error as NodeJS.ErrnoException)
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port after it began to listen')
  return address.port
}
