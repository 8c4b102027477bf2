/**
 * A cluster whose answers a test gives one by one: what the parts of a consumer send is seen, and answered when and
 * how the test says. For the parts with the most states; whole consumers are tested against brokers and in the
 * simulation.
 */
import type { Body, Cluster, TopicView } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import type { Api } from '@tidemark/protocol'

export const TOPIC_UUID = '0000000000004000800000000000002a'

/** Lets everything that is ready run. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 50; i++) await null
}

export interface SentRequest {
  readonly api: string
  /** As its codec would get it. */
  readonly body: any
  readonly signal: AbortSignal | undefined
  answer(body: object): Promise<void>
  fail(error: unknown): Promise<void>
}

export function scriptedCluster(version = 9) {
  const clock = new ManualClock()
  const random = { next: () => 0.5, uuid: () => '' }
  /** Requests that were sent and not answered. */
  const open: SentRequest[] = []
  const forgotten: string[] = []
  const released: object[] = []
  const views = new Map<string, Partial<TopicView>>()
  const view = (topic: string): TopicView =>
    ({ name: topic, id: TOPIC_UUID, errorCode: 0, partitions: [{}, {}], ...views.get(topic) }) as unknown as TopicView
  let sendable: Promise<void> | undefined
  let letSend = (): void => {}
  const cluster = {
    options: { platform: { clock, random }, retry: { delayMs: 100, delayMaxMs: 1_000 }, requestTimeoutMs: 30_000 },
    topic: view,
    rackOf: () => null,
    topics: async (names: readonly string[]) => new Map(names.map((name) => [name, view(name)])),
    leader: () => ({ nodeId: 1, epoch: 0 }),
    refresh: async () => {},
    invalidate: () => {},
    forgetCoordinator: (group: string) => void forgotten.push(group),
    release: (owner: object) => void released.push(owner),
    send: async (api: Api, body: Body<Api>, to: { readonly signal?: AbortSignal }) => {
      await sendable
      const written = typeof body === 'function' ? body(version) : body
      const { promise, resolve, reject } = Promise.withResolvers<object>()
      const request: SentRequest = {
        api: api.name,
        body: written,
        signal: to.signal,
        answer: (answer) => (remove(), resolve({ version, bytes: 0, body: answer }), turn()),
        fail: (error) => (remove(), reject(error), turn()),
      }
      const remove = (): void => void open.splice(open.indexOf(request), 1)
      open.push(request)
      return await promise
    },
  }
  return {
    cluster: cluster as unknown as Cluster,
    clock,
    random,
    open,
    forgotten,
    views,
    /** No connection can be had, until `letSend`: requests are not even written. */
    holdSend() {
      const held = Promise.withResolvers<void>()
      sendable = held.promise
      letSend = held.resolve
    },
    async letSend() {
      letSend()
      await turn()
    },
    /** The one request that is open; it must be of this API. */
    sent(api: string): SentRequest {
      const found = open.find((request) => request.api === api)
      if (found === undefined) throw new Error(`no ${api} was sent; open are: ${open.map((r) => r.api).join(', ') || 'none'}`)
      return found
    },
    unreachable: () => new TidemarkError('UNREACHABLE', 'nobody answers'),
  }
}
