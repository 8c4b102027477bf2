/**
 * SaslHandshake 0 to 1 (KIP-43). v0 the messages of the mechanism follow without a Kafka header · v1 in
 * SaslAuthenticate.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { KAFKA_NAMES } from '../auth/mechanisms.ts'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'mechanismsOf'>>

export const saslHandshake = handler(
  apis.SaslHandshake,
  { versions: [0, 1] },
  (request, { version, session, listener, services }: Context) => {
    const mechanisms = session.mechanisms.map((mechanism) => KAFKA_NAMES[mechanism])
    if (mechanisms.length === 0) return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] }
    const mechanism = session.mechanisms.find((it) => KAFKA_NAMES[it] === request.mechanism)
    const isOther = session.mechanism !== undefined && session.mechanism !== mechanism
    if (mechanism === undefined || isOther) {
      session.isRefused = true
      return { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms }
    }
    session.exchange = services.mechanismsOf(listener.name).begin(mechanism)
    session.isRaw = version === 0
    return { errorCode: ErrorCode.NONE, mechanisms }
  },
)
