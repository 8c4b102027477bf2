/** The fetch sessions of a broker of the tests (KIP-227), as Kafka's broker keeps them. */
import { ErrorCode } from '@tidemark/protocol'

interface Held {
  readonly topic: string
  readonly topicId: string
  asked: any
  /** What the client was told last. */
  told: string
}

interface Session {
  epoch: number
  readonly usesIds: boolean
  readonly partitions: Map<string, Held>
}

export class FakeFetchSessions {
  readonly #sessions = new Map<number, Session>()
  #ids = 100

  get size(): number {
    return this.#sessions.size
  }

  /** As a broker that was restarted, or has no room. */
  forget(): void {
    this.#sessions.clear()
  }

  /** Answers a Fetch; `read` gives the answers of all that is asked for. */
  async answer(body: any, version: number, read: (topics: any[]) => Promise<any[]>): Promise<object> {
    const { sessionId, sessionEpoch } = body
    if (sessionEpoch <= 0) {
      this.#sessions.delete(sessionId)
      const responses = await read(body.topics)
      return { responses, sessionId: sessionEpoch < 0 ? 0 : this.#begin(body, version, responses) }
    }
    const session = this.#sessions.get(sessionId)
    const errorCode =
      session === undefined
        ? ErrorCode.FETCH_SESSION_ID_NOT_FOUND
        : session.epoch !== sessionEpoch
          ? ErrorCode.INVALID_FETCH_SESSION_EPOCH
          : session.usesIds !== version >= 13
            ? ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
            : ErrorCode.NONE
    if (errorCode !== ErrorCode.NONE) return { errorCode, sessionId: 0, responses: [] }
    update(session!, body)
    session!.epoch++
    return { responses: changed(session!, await read(topicsOf(session!))), sessionId }
  }

  #begin(body: any, version: number, responses: any[]): number {
    const session: Session = { epoch: 1, usesIds: version >= 13, partitions: new Map() }
    update(session, body)
    changed(session, responses)
    this.#sessions.set(++this.#ids, session)
    return this.#ids
  }
}

const keyOf = ({ usesIds }: Session, { topic, topicId }: { topic: string; topicId: string }, partition: number): string =>
  `${usesIds ? topicId : topic} ${partition}`

function update(session: Session, body: any): void {
  for (const topic of body.topics) {
    for (const asked of topic.partitions) {
      const key = keyOf(session, topic, asked.partition)
      const held = session.partitions.get(key)
      if (held === undefined) session.partitions.set(key, { topic: topic.topic, topicId: topic.topicId, asked, told: '' })
      else held.asked = asked
    }
  }
  for (const topic of body.forgottenTopicsData) {
    for (const partition of topic.partitions) session.partitions.delete(keyOf(session, topic, partition))
  }
}

const topicsOf = ({ partitions }: Session): any[] =>
  [...partitions.values()].map(({ topic, topicId, asked }) => ({ topic, topicId, partitions: [asked] }))

function changed(session: Session, responses: any[]): any[] {
  return responses.flatMap((response) => {
    const partitions = response.partitions.filter((p: any) => {
      const held = session.partitions.get(keyOf(session, response, p.partitionIndex))!
      const told = p.errorCode === 0 ? `${p.highWatermark} ${p.logStartOffset}` : ''
      const isChanged = told !== held.told || p.errorCode !== 0 || p.records.length > 0 || (p.preferredReadReplica ?? -1) >= 0
      held.told = told
      return isChanged
    })
    return partitions.length === 0 ? [] : [{ ...response, partitions }]
  })
}
