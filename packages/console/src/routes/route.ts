/** What a route is given. */
import type { CallLimits } from '@tidemark/client'
import type { Clock } from '@tidemark/platform'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ConsoleData } from '../data.ts'
import type { Sampler } from '../live/sampler.ts'
import type { Viewers } from '../live/viewers.ts'
import type { Applications } from '../moves/applications.ts'
import type { Plans } from '../moves/plans.ts'
import type { ConsoleInfo } from '../shapes.ts'

export interface Services {
  readonly data: ConsoleData
  readonly info: ConsoleInfo
  readonly sampler: Sampler
  readonly viewers: Viewers
  readonly plans: Plans
  readonly applications: Applications
  readonly clock: Clock
  /** What to do with an error that nothing expects. */
  onBug(error: unknown): void
}

export type Route = (app: FastifyInstance, services: Services) => void

/** A call ends when the browser that waits for it has gone. */
export function limitsOf(reply: FastifyReply): CallLimits {
  const gone = new AbortController()
  reply.raw.on('close', () => gone.abort())
  return { signal: gone.signal }
}
