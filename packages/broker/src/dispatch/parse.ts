/**
 * A frame to a request that a handler takes, or what happens instead: a damaged frame, an API or version that is not
 * served ends the connection, because an answer cannot be encoded; ApiVersions alone is answered in any version
 * (KIP-511).
 */
import { apis, decodeRequest, ErrorCode, encodeResponse, peekRequest, WireError } from '@tidemark/protocol'
import type { Handler } from './handler.ts'
import type { HandlerTable } from './table.ts'

export type Parsed =
  | {
      readonly kind: 'request'
      readonly handler: Handler
      readonly version: number
      readonly correlationId: number
      readonly clientId: string | null
      readonly body: unknown
    }
  | { readonly kind: 'answer'; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: 'refuse'; readonly why: string }

export function parse(frame: Buffer, table: HandlerTable): Parsed {
  try {
    const { apiKey, apiVersion: version, correlationId } = peekRequest(frame)
    const handler = table.find(apiKey, version)
    if (handler === undefined) return notServed(apiKey, version, correlationId, table)
    const { clientId, body } = decodeRequest(handler.api, version, frame)
    return { kind: 'request', handler, version, correlationId, clientId, body }
  } catch (error) {
    if (error instanceof WireError) return { kind: 'refuse', why: error.message }
    throw error
  }
}

function notServed(apiKey: number, version: number, correlationId: number, table: HandlerTable): Parsed {
  const own = table.advertised.find((a) => a.apiKey === apis.ApiVersions.key)
  if (apiKey !== apis.ApiVersions.key || own === undefined) return { kind: 'refuse', why: `API ${apiKey} version ${version} is not served` }
  const body = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: [own] }
  return { kind: 'answer', chunks: encodeResponse(apis.ApiVersions, 0, correlationId, body) }
}
