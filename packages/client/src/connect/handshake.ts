/**
 * The first exchange on a connection: which versions of each API the broker speaks (ApiVersions, KIP-35 and KIP-511).
 *
 * A broker that does not know our version of ApiVersions answers with version 0 and error UNSUPPORTED_VERSION, so the
 * error code, which has the same position in all versions, is read before anything is decoded.
 */
import { TidemarkError } from '@tidemark/platform'
import { type Api, apis, decodeResponse, ErrorCode, encodeRequest, errorOf } from '@tidemark/protocol'
import type { BrokerConnection } from './connection.ts'

export type SpokenVersions = ReadonlyMap<number, readonly [min: number, max: number]>

/** What this client calls itself (KIP-511). */
export const SOFTWARE = { clientSoftwareName: 'tidemark', clientSoftwareVersion: '0.1.0' }
/** After the correlation id of a response with header version 0. */
const ERROR_CODE_AT = 4

export async function askVersions(
  connection: BrokerConnection,
  where: string,
  clientId: string,
  timeoutMs: number,
): Promise<SpokenVersions> {
  let version = apis.ApiVersions.request.versions[1]
  for (;;) {
    const id = connection.nextCorrelationId()
    const frame = encodeRequest(apis.ApiVersions, version, id, clientId, SOFTWARE)
    const answer = await connection.exchange(id, frame, 'ApiVersions', timeoutMs)
    const errorCode = answer.length >= ERROR_CODE_AT + 2 ? answer.readInt16BE(ERROR_CODE_AT) : ErrorCode.UNKNOWN_SERVER_ERROR
    if (errorCode === ErrorCode.UNSUPPORTED_VERSION && version > 0) {
      version = 0
      continue
    }
    if (errorCode !== 0) {
      throw new TidemarkError('UNSUPPORTED_VERSION', `${where} answers ApiVersions version ${version} with ${errorOf(errorCode).name}`)
    }
    const body = decodeResponse(apis.ApiVersions, version, answer)
    return new Map(body.apiKeys.map((k) => [k.apiKey, [k.minVersion, k.maxVersion] as const]))
  }
}

/**
 * The highest version that both sides speak, up to `versionMax`. Throws `TidemarkError` UNSUPPORTED_VERSION if there
 * is none.
 */
export function chooseVersion(api: Api, spoken: SpokenVersions, where: string, versionMax = Number.POSITIVE_INFINITY): number {
  const theirs = spoken.get(api.key)
  const ours = api.request.versions
  if (theirs === undefined)
    throw new TidemarkError(
      'UNSUPPORTED_VERSION',
      `${where} does not serve ${api.name}: it is an older broker, or one that leaves this request out`,
    )
  const version = Math.min(ours[1], theirs[1], versionMax)
  if (version >= Math.max(ours[0], theirs[0])) return version
  const range = `${Math.max(ours[0], 0)} to ${Math.min(ours[1], versionMax)}`
  throw new TidemarkError(
    'UNSUPPORTED_VERSION',
    `${api.name}: ${where} speaks versions ${theirs[0]} to ${theirs[1]}, and versions ${range} are wanted here`,
  )
}
