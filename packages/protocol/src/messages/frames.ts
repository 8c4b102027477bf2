/**
 * Frames: what travels between a client and a broker. Four bytes of size, a header, a body.
 *
 * The header's version follows from the API and its version: a flexible request has header 2, a flexible response
 * header 1, except that an ApiVersions response always has header 0 (a client reads it before it knows what the
 * broker speaks; KIP-511).
 */
import { codecOf } from '../codec/codecs.ts'
import type { Infer, InferInput } from '../schema/infer.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import type { Api } from './apis.ts'
import { RequestHeader, ResponseHeader } from './headers.ts'

const API_VERSIONS = 18

export const requestHeaderVersion = (api: Api, version: number): number => (version >= api.request.flexibleFrom ? 2 : 1)

export const responseHeaderVersion = (api: Api, version: number): number =>
  api.key !== API_VERSIONS && version >= api.response.flexibleFrom ? 1 : 0

/** One writer for all frames: encoding is synchronous, and `chunks()` copies what it holds. */
const shared = new Writer(64 * 1024)
/** A writer that one huge message has grown beyond this is not kept. */
const SHARED_BYTES_MAX = 4 * 1024 * 1024
let writer = shared

function begin(): Writer {
  if (writer.buf.length > SHARED_BYTES_MAX) writer = new Writer(64 * 1024)
  writer.reset().reserve(4)
  return writer
}

function finish(w: Writer): Uint8Array[] {
  w.view.setInt32(0, w.size - 4)
  return w.chunks()
}

/** A request as a frame, its size in front. Throws `WireError` when a value does not fit its field. */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: InferInput<A['request']>,
): Uint8Array[] {
  const w = begin()
  const header = { requestApiKey: api.key, requestApiVersion: version, correlationId, clientId }
  codecOf(RequestHeader, requestHeaderVersion(api, version)).encode(w, header)
  codecOf(api.request, version).encode(w, body)
  return finish(w)
}

export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  body: InferInput<A['response']>,
): Uint8Array[] {
  const w = begin()
  codecOf(ResponseHeader, responseHeaderVersion(api, version)).encode(w, { correlationId })
  codecOf(api.response, version).encode(w, body)
  return finish(w)
}

export interface RequestStart {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
}

/** The fields that every version of the request header begins with. `frame` comes without its size. */
export function peekRequest(frame: Uint8Array): RequestStart {
  const r = new Reader(frame)
  return { apiKey: r.int16(), apiVersion: r.int16(), correlationId: r.int32() }
}

export interface DecodedRequest<A extends Api = Api> {
  readonly clientId: string | null
  readonly body: Infer<A['request']>
}

/**
 * Throws `WireError` for a frame that is not such a request. Bytes behind the request are ignored, as Kafka does
 * (`AbstractRequest.parseRequest`): librdkafka 2.15.1 sends three with a Metadata request for all topics.
 */
export function decodeRequest<A extends Api>(api: A, version: number, frame: Uint8Array): DecodedRequest<A> {
  const r = new Reader(frame)
  const header = codecOf(RequestHeader, requestHeaderVersion(api, version)).decode(r)
  const body = codecOf(api.request, version).decode(r)
  return { clientId: header.clientId, body: body as Infer<A['request']> }
}

/** The correlation id that every response begins with. */
export const peekResponse = (frame: Uint8Array): number => new Reader(frame).int32()

export function decodeResponse<A extends Api>(api: A, version: number, frame: Uint8Array): Infer<A['response']> {
  const r = new Reader(frame)
  codecOf(ResponseHeader, responseHeaderVersion(api, version)).decode(r)
  return codecOf(api.response, version).decode(r) as Infer<A['response']>
}
